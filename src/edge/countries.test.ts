// Countries by address: as the lists have them, and no list that would be searched in vain.
import { expect, test } from 'bun:test'
import { Countries } from './countries.ts'

const ipv4 = '192.0.2.0,192.0.2.127,DE\n192.0.2.128,192.0.2.128,FR\n198.51.100.0,198.51.100.255,US\n'
const ipv6 = '2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,JP\r\n'

test.each([
  ['192.0.2.0', 'DE'],
  ['192.0.2.127', 'DE'],
  ['192.0.2.128', 'FR'],
  ['192.0.2.129', undefined],
  ['::ffff:198.51.100.7', 'US'],
  ['2001:db8:1::1', 'JP'],
  ['2001:db9::', undefined],
  ['no address', undefined],
])('%s belongs to %p', (address, country) => {
  expect(new Countries(ipv4, ipv6).of(address)).toBe(country)
})

test.each([
  ['192.0.2.0,192.0.2.127\n', 'line 1'],
  ['192.0.2.0,192.0.2.127,DE\n2001:db8::,2001:db8::1,DE\n', 'line 2'],
  ['192.0.2.0,192.0.2.127,DE\n192.0.2.127,192.0.2.128,FR\n', 'ascending'],
  ['192.0.2.127,192.0.2.0,DE\n', 'ascending'],
])('%j is no list', (text, told) => {
  expect(() => new Countries(text, ipv6)).toThrow(told)
})
