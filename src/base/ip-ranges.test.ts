// A set of ranges holds exactly the addresses that its ranges hold.
import { isIP } from 'node:net'
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { IpSet } from './ip-ranges.ts'

/** Few enough networks for ranges to overlap and touch. */
const ipv4 = fc
  .tuple(fc.constantFrom(0, 10, 255), fc.constantFrom(0, 1, 255), fc.nat(3), fc.nat(255))
  .map((parts) => parts.join('.'))
const ipv6 = fc
  .tuple(fc.constantFrom('::', '2001:db8::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:'), fc.nat(0xffff))
  .map(([head, last]) => head + last.toString(16))
const range = fc.oneof(
  ipv4,
  ipv6,
  fc.tuple(ipv4, fc.nat(32)).map((parts) => parts.join('/')),
  fc.tuple(ipv6, fc.nat(128)).map((parts) => parts.join('/')),
)

const parts = (text: string) => (text === '' ? [] : text.split(':'))

/** The bits of an address of this test's making, IPv6 by the URL class's normal form; IPv4 has 32 of them. */
function bits(address: string): string {
  if (isIP(address) === 4)
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
  const [head, tail = ''] = address.split('::') as [string, string?]
  const missing = 8 - parts(head).length - parts(tail).length
  return [...parts(head), ...Array<string>(address.includes('::') ? missing : 0).fill('0'), ...parts(tail)]
    .map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0'))
    .join('')
}

function holds(each: string, address: string): boolean {
  const [base, length] = each.split('/') as [string, string?]
  const prefix = bits(base).slice(0, length === undefined ? 128 : Number(length))
  return isIP(base) === isIP(address) && bits(address).startsWith(prefix)
}

test('holds the addresses that begin with the bits of one of its ranges', () => {
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 12 }),
      fc.array(fc.oneof(ipv4, ipv6), { minLength: 1 }),
      (ranges, asked) => {
        const set = IpSet.of(ranges)
        for (const address of asked)
          expect(set.has(address)).toBe(ranges.some((each) => holds(each, address)))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('an IPv6 range does not reach into IPv4, nor the other way', () => {
  expect(IpSet.of(['::/0']).has('192.0.2.1')).toBe(false)
  expect(IpSet.of(['::/0']).has('::ffff:192.0.2.1')).toBe(false)
  expect(IpSet.of(['0.0.0.0/0']).has('2001:db8::1')).toBe(false)
  expect(IpSet.of(['0.0.0.0/0']).has('::ffff:192.0.2.1')).toBe(true)
})

test('ranges that touch become one', () => {
  expect(IpSet.of(['10.0.0.0/9', '10.128.0.0/9', '11.0.0.0']).size).toBe(1)
  expect(IpSet.of(['10.0.0.0/9', '10.128.0.1']).size).toBe(2)
  expect(IpSet.of(['0.0.0.0/0', '255.255.255.255']).size).toBe(1)
})

test('a list of 100,000 ranges is asked in a few comparisons', () => {
  const ranges = Array.from(
    { length: 100_000 },
    (_, i) => `${20 + (i >> 15)}.${(i >> 7) & 255}.${(i & 127) * 2}.0/24`,
  )
  const set = IpSet.of(ranges)
  expect(set.size).toBe(100_000)
  expect(set.has('20.0.0.77')).toBe(true)
  expect(set.has('20.0.1.77')).toBe(false)
  expect(set.has('23.13.62.0')).toBe(true)
  const begunMs = performance.now()
  let found = 0
  for (let i = 0; i < 100_000; i++) if (set.has(`20.${i & 255}.${(i >> 8) & 255}.1`)) found++
  expect(found).toBeGreaterThan(40_000)
  // Each asks 17 of them; all of them each time would take a minute.
  expect(performance.now() - begunMs).toBeLessThan(2_000)
})
