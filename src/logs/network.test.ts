import { expect, test } from 'bun:test'
import { networkOf } from './network.ts'

test('addresses keep their network alone', () => {
  expect(networkOf('192.0.2.77')).toBe('192.0.2.0')
  expect(networkOf('::ffff:192.0.2.77')).toBe('192.0.2.0')
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1::')
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0::')
  expect(networkOf('2001:db8:7:8::')).toBe('2001:db8:7::')
  expect(networkOf('::1')).toBe('0:0:0::')
  expect(networkOf('1::2:3:4:5:6:7')).toBe('1:0:2::')
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0::')
  expect(networkOf('unix')).toBe('')
})
