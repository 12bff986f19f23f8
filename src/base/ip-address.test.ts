// Addresses and ranges are read as the system reads them, and grouped as limits count them.
import { isIP } from 'node:net'
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { addressGroup, formatIp, parseIp, parseIpRange } from './ip-address.ts'

const hex = (words: readonly number[] | undefined) =>
  words?.map((word) => word.toString(16).padStart(8, '0')).join('')

test.each([
  ['0.0.0.0', '00000000'],
  ['192.0.2.1', 'c0000201'],
  ['255.255.255.255', 'ffffffff'],
  ['::', '0'.repeat(32)],
  ['::1', `${'0'.repeat(31)}1`],
  ['1::', `0001${'0'.repeat(28)}`],
  ['2001:DB8::a:1', '20010db80000000000000000000a0001'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ['::ffff:192.0.2.1', 'c0000201'],
  ['::FFFF:c000:201', 'c0000201'],
  ['fe80::1%eth0', `fe80${'0'.repeat(27)}1`],
])('%s is %s', (text, expected) => {
  expect(hex(parseIp(text))).toBe(expected)
})

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4 ',
  '1..3.4',
  ':',
  ':::',
  '1:2',
  '::1::',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  '::g',
  '1:2:3:4:5:6:7:1.2.3.4',
  'localhost',
])('%j is no address', (text) => {
  expect(parseIp(text)).toBeUndefined()
})

test('what is an address is what the system takes for one', () => {
  const part = fc.oneof(
    fc.integer({ min: 0, max: 0x1ffff }).map((n) => n.toString(16)),
    fc.constantFrom('', ':', '.', '0', '1.2.3.4', 'ffff', '255', '256', '00', 'x'),
  )
  const text = fc
    .array(part, { maxLength: 10 })
    .chain((parts) => fc.constantFrom(parts.join(':'), parts.join('.')))
  fc.assert(
    fc.property(fc.oneof(text, fc.ipV4(), fc.ipV6()), (each) => {
      expect(parseIp(each) !== undefined).toBe(isIP(each) !== 0)
    }),
    { numRuns: 2_000 },
  )
})

describe('ranges', () => {
  test.each([
    ['192.0.2.7', 'c0000207', 'c0000207'],
    ['192.0.2.7/24', 'c0000200', 'c00002ff'],
    ['0.0.0.0/0', '00000000', 'ffffffff'],
    ['192.0.2.7/32', 'c0000207', 'c0000207'],
    ['2001:db8::/33', `20010db8${'0'.repeat(24)}`, `20010db87fffffff${'f'.repeat(16)}`],
    ['::/0', '0'.repeat(32), 'f'.repeat(32)],
    ['::ffff:192.0.2.0/120', 'c0000200', 'c00002ff'],
    ['::ffff:0.0.0.0/95', `${'0'.repeat(20)}fffe00000000`, `${'0'.repeat(20)}ffffffffffff`],
  ])('%s', (text, first, last) => {
    const range = parseIpRange(text)!
    expect([hex(range.first), hex(range.last)]).toEqual([first, last])
  })

  test.each(['192.0.2.0/33', '::/129', '192.0.2.0/', '192.0.2.0/08', '/8', '192.0.2.0/8/8', '192.0.2.0/x'])(
    '%j is none',
    (text) => expect(parseIpRange(text)).toBeUndefined(),
  )
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::', '2001:db8:1:3::/64'],
  ['no address', 'no address'],
])('%s is counted as %s', (address, group) => {
  expect(addressGroup(address)).toBe(group)
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
])('%s is written as %s', (text, expected) => {
  expect(formatIp(parseIp(text)!)).toBe(expected)
})

test('what is written is read as the same address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const words = parseIp(text)!
      expect(parseIp(formatIp(words))).toEqual(words)
    }),
  )
})
