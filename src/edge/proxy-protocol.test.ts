// The PROXY protocol: what each header tells, in whatever pieces it comes, and what is refused.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { ProxyHeader } from './proxy-protocol.ts'

const signature = '\r\n\r\n\0\r\nQUIT\n'

/** A header of version 2. */
function binary(
  versionAndCommand: number,
  family: number,
  rest: Uint8Array,
  restBytes = rest.length,
): Buffer {
  const fixed = Buffer.from(`${signature}\0\0\0\0`, 'latin1')
  fixed.set([versionAndCommand, family], 12)
  fixed.writeUInt16BE(restBytes, 14)
  return Buffer.concat([fixed, rest])
}

const ipv4 = Buffer.from([192, 0, 2, 1, 198, 51, 100, 7, 0xc3, 0x50, 0, 80])
const ipv6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from([0xc3, 0x50, 0, 80]),
])

interface Understood {
  readonly outcome: string
  readonly address: string | undefined
  /** How much belonged to the header; undefined when it is not complete. */
  readonly bytes: number | undefined
}

function read(pieces: readonly Uint8Array[]): Understood {
  const header = new ProxyHeader()
  let before = 0
  for (const piece of pieces) {
    // It is handed a part of a larger buffer, which belongs to others as soon as it returns.
    const shared = Buffer.concat([Buffer.from('before'), piece, Buffer.from('behind')])
    const outcome = header.read(shared, 6, 6 + piece.length)
    shared.fill(0)
    if (outcome !== 'incomplete')
      return {
        outcome,
        address: header.address,
        bytes: outcome === 'complete' ? before + header.next - 6 : undefined,
      }
    before += piece.length
  }
  return { outcome: 'incomplete', address: undefined, bytes: undefined }
}

const valid: readonly (readonly [Buffer, string | undefined])[] = [
  ['PROXY TCP4 192.0.2.1 198.51.100.7 50000 80\r\n', '192.0.2.1'],
  ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255'],
  ['PROXY TCP6 2001:DB8::1 2001:db8::2 50000 80\r\n', '2001:db8::1'],
  ['PROXY TCP6 ::ffff:192.0.2.1 ::1 0 80\r\n', '192.0.2.1'],
  ['PROXY UNKNOWN\r\n', undefined],
  ['PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n', undefined],
  [binary(0x21, 0x11, ipv4), '192.0.2.1'],
  [binary(0x21, 0x21, ipv6), '2001:db8::1'],
  [binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(1_000, 3)])), '192.0.2.1'],
  [binary(0x21, 0x21, Buffer.concat([ipv6, Buffer.alloc(4_060, 3)])), '2001:db8::1'],
  [binary(0x20, 0x00, Buffer.alloc(0)), undefined],
  [binary(0x20, 0x11, ipv4), undefined],
  [binary(0x21, 0x00, Buffer.alloc(7)), undefined],
  [binary(0x21, 0x31, Buffer.alloc(216)), undefined],
  [binary(0x21, 0x12, ipv4), undefined],
].map(([header, address]) => [
  typeof header === 'string' ? Buffer.from(header, 'latin1') : (header as Buffer),
  address as string | undefined,
])

test('each valid header tells its address and where it ends', () => {
  for (const [header, address] of valid)
    expect(read([Buffer.concat([header, Buffer.from('GET / HTTP/1.1')])])).toEqual({
      outcome: 'complete',
      address,
      bytes: header.length,
    })
})

test.each(
  [
    'GET / HTTP/1.1\r\n',
    'PROXY\r\n',
    'PROXX TCP4',
    'PROXY TCP5 192.0.2.1 198.51.100.7 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.7 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n',
    'PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 1 2\n\r\n',
    'PROXY UNKNOWNS\r\n',
    `PROXY UNKNOWN ${'x'.repeat(93)}`,
    '\r\n\r\n\0\r\nQUIT\r',
    binary(0x11, 0x11, ipv4),
    binary(0x22, 0x11, ipv4),
    binary(0x21, 0x41, ipv4),
    binary(0x21, 0x13, ipv4),
    binary(0x21, 0x11, ipv4, 11),
    binary(0x21, 0x21, ipv6, 35),
    binary(0x21, 0x11, ipv4, 4_097),
  ].map((text) => [typeof text === 'string' ? Buffer.from(text, 'latin1') : text] as const),
)('%j is refused', (octets) => {
  expect(read([octets]).outcome).toBe('refused')
})

const pieces = (octets: Buffer, at: readonly number[]): Buffer[] => {
  const sorted = [0, ...at.filter((cut) => cut < octets.length).toSorted((a, b) => a - b), octets.length]
  return sorted.slice(1).map((cut, i) => octets.subarray(sorted[i]!, cut))
}

describe('in any pieces', () => {
  const cuts = fc.array(fc.nat(4_200), { maxLength: 8 })
  test('the same is understood', () => {
    fc.assert(
      fc.property(fc.constantFrom(...valid), cuts, fc.uint8Array({ maxLength: 50 }), ([header], at, rest) => {
        const octets = Buffer.concat([header, rest])
        expect(read(pieces(octets, at))).toEqual(read([octets]))
        expect(read([...octets].map((octet) => Buffer.from([octet])))).toEqual(read([octets]))
      }),
    )
  })

  test('whatever comes, it ends where it says, and never tells what is no address', () => {
    const change = fc.record({ at: fc.nat(200), to: fc.nat(255) })
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...valid.map(([header]) => header)), fc.uint8Array({ maxLength: 300 })),
        fc.array(change, { maxLength: 3 }),
        cuts,
        (from, changes, at) => {
          const octets = Buffer.from(from)
          for (const each of changes) if (each.at < octets.length) octets[each.at] = each.to
          const whole = read([octets])
          expect(read(pieces(octets, at))).toEqual(whole)
          if (whole.bytes !== undefined) expect(whole.bytes).toBeLessThanOrEqual(octets.length)
          if (whole.address !== undefined) expect(whole.address).toMatch(/^[\da-f.:]+$/)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
