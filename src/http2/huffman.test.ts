// The Huffman code: what RFC 7541 shows, and that nothing is lost.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { decodeHuffman, encodeHuffman } from './huffman.ts'

/** Reads hexadecimal octets; undefined when they are not valid. */
function decoded(hex: string): string | undefined {
  const octets = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const into = Buffer.alloc(2 * octets.length + 1)
  const end = decodeHuffman(octets, 0, octets.length, into, 0)
  return end < 0 ? undefined : into.latin1Slice(0, end)
}

// RFC 7541 Appendix C.4 and C.6.
const examples = [
  ['www.example.com', 'f1e3 c2e5 f23a 6ba0 ab90 f4ff'],
  ['no-cache', 'a8eb 1064 9cbf'],
  ['custom-key', '25a8 49e9 5ba9 7d7f'],
  ['custom-value', '25a8 49e9 5bb8 e8b4 bf'],
  ['302', '6402'],
  ['private', 'aec3 771a 4b'],
  ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff'],
  ['https://www.example.com', '9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3'],
  [
    'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    '94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
  ],
] as const

test('the examples of RFC 7541', () => {
  for (const [text, hex] of examples) {
    expect(decoded(hex)).toBe(text)
    expect(Buffer.from(encodeHuffman(text)!, 'latin1').toString('hex')).toBe(hex.replaceAll(' ', ''))
  }
})

test('the longest codes', () => {
  // RFC 7541 Appendix B: 10, 13 and 22 have thirty bits, 255 has 26.
  expect(decoded('fffffff3')).toBe('\n')
  expect(decoded('fffffff7')).toBe('\r')
  expect(decoded('fffffffb')).toBe('\x16')
  expect(decoded('fffffbbf')).toBe('\xff')
})

test('what is coded is read again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (octets, at) => {
      // Text that is common enough for the code to be shorter, whatever else is in it.
      const common = 'e'.repeat(700)
      const text = common.slice(at) + Buffer.from(octets).latin1Slice() + common.slice(0, at)
      expect(decoded(Buffer.from(encodeHuffman(text)!, 'latin1').toString('hex'))).toBe(text)
    }),
  )
})

test('what does not become shorter is not coded', () => {
  for (const text of ['', '\xff', '<<<', 'x'.repeat(5000)]) expect(encodeHuffman(text)).toBeUndefined()
})

test('what is no code is refused (§5.2)', () => {
  const wrong = {
    'padding of a whole octet': 'a8eb10649cbfff',
    'padding of zeros': '1800',
    'padding that is not ones': 'a8eb10649cbe',
    'the end of the text': 'ffffffff',
    'the end of the text, and more': 'fffffffc1c',
    'the beginning of a long code': 'fffffe',
    'ones alone': 'ff',
  }
  for (const [name, hex] of Object.entries(wrong)) expect([name, decoded(hex)]).toEqual([name, undefined])
})

test('whatever comes, the room of 8/5 is enough', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      const room = Math.ceil((octets.length * 8) / 5)
      const into = Buffer.alloc(room + 1, 7)
      const end = decodeHuffman(octets, 0, octets.length, into, 0)
      expect(end).toBeLessThanOrEqual(room)
      expect(into[room]).toBe(7)
    }),
  )
})
