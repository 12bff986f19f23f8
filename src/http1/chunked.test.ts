// The chunked coding both ways, whole and in any pieces.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fieldsOf } from '../../testing/exchange.ts'
import { ChunkedDecoder, encodeChunk, encodeLastChunk } from './chunked.ts'

interface Decoded {
  readonly content: string
  /** How many octets belonged to the body; undefined: it is not complete. */
  readonly used: number | undefined
  readonly trailers: readonly (readonly [string, string])[]
  readonly problem: boolean
}

/** Decodes a body that comes in pieces that end there. */
function decode(octets: Buffer, ends: readonly number[] = [], decoder = new ChunkedDecoder(256, 8)): Decoded {
  const content: Uint8Array[] = []
  let from = 0
  for (const end of [...ends, octets.length]) {
    const piece = Buffer.from(octets.subarray(from, end))
    if (piece.length === 0) continue
    const behind = Buffer.concat([piece, Buffer.from('0\r\n\r\n')])
    const used = decoder.decode(behind, 0, piece.length, {
      part: (lent, at, to) => void content.push(Buffer.from(lent.subarray(at, to))),
    })
    const trailers = [...(decoder.trailers ?? [])]
    const text = (): string => Buffer.concat(content).toString('latin1')
    if (used < 0) return { content: text(), used: undefined, trailers, problem: true }
    if (decoder.done) return { content: text(), used: from + used, trailers, problem: false }
    expect(used).toBe(piece.length)
    from = end
  }
  return { content: Buffer.concat(content).toString('latin1'), used: undefined, trailers: [], problem: false }
}

const text = (body: string): Decoded => decode(Buffer.from(body, 'latin1'))

describe('a chunked body', () => {
  test('is decoded up to its end; what follows is left', () => {
    expect(text('4\r\nWiki\r\n0A;x="y"\r\n0123456789\r\n0\r\n\r\nGET')).toEqual({
      content: 'Wiki0123456789',
      used: 36,
      trailers: [],
      problem: false,
    })
  })

  test('gives its trailers', () => {
    const { trailers, used } = text('0\r\nA: b\r\nX-C:d \r\n\r\n')
    expect(trailers).toEqual([
      ['A', 'b'],
      ['X-C', 'd'],
    ])
    expect(used).toBe(19)
  })

  test.each([
    ['no size', '\r\n'],
    ['a size that is no number', 'x\r\n'],
    ['a sign', '-1\r\n'],
    ['0x', '0x1\r\na\r\n'],
    ['a size too large to count', '10000000000000\r\n'],
    ['white space after the size', '1 \r\na\r\n'],
    ['a bare LF after the size', '1\na\r\n'],
    ['a CR without LF', '1\ra\r\n'],
    ['more than its size', '1\r\nab\r\n'],
    ['a bare LF after the content', '1\r\na\n0\r\n\r\n'],
    ['a CR in an extension', '1;a\rb\r\na\r\n'],
    ['a LF in an extension', '1;a\nb\r\na\r\n'],
    ['a NUL in an extension', '1;a\0\r\na\r\n'],
    ['a trailer that is no field', '0\r\nA b\r\n\r\n'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
    ['too many trailers', `0\r\n${'A: b\r\n'.repeat(9)}\r\n`],
    ['too long trailers', `0\r\nA: ${'b'.repeat(260)}\r\n\r\n`],
    ['endless extensions', `1;${'a'.repeat(20_000)}\r\na\r\n0\r\n\r\n`],
  ])('is refused for %s', (_, body) => {
    expect(text(body).problem).toBe(true)
    expect(
      decode(
        Buffer.from(body, 'latin1'),
        Array.from(body, (__, i) => i),
      ).problem,
    ).toBe(true)
  })

  test('has a limit on the extensions of all its chunks together', () => {
    const chunk = `1;${'a'.repeat(1000)}\r\na\r\n`
    expect(text(`${chunk.repeat(16)}0\r\n\r\n`).problem).toBe(false)
    expect(text(`${chunk.repeat(17)}0\r\n\r\n`).problem).toBe(true)
  })

  test('without trailers, where none are allowed', () => {
    const octets = Buffer.from('1\r\na\r\n0\r\n\r\n')
    expect(decode(octets, [], new ChunkedDecoder(0, 8)).used).toBe(octets.length)
  })
})

const cuts = fc.array(fc.nat(400), { maxLength: 10 })
const endsOf = (octets: Buffer, at: readonly number[]): number[] =>
  at.map((cut) => cut % (octets.length + 1)).toSorted((a, b) => a - b)

describe('property', () => {
  test('what is encoded is decoded as it was, in any pieces', () => {
    const body = fc.record({
      chunks: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
      trailers: fc.array(
        fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,8}$/), fc.stringMatching(/^[!-~]{0,10}$/)),
        { maxLength: 3 },
      ),
      after: fc.uint8Array({ maxLength: 5 }),
    })
    fc.assert(
      fc.property(body, cuts, ({ chunks, trailers, after }, at) => {
        const table = Object.fromEntries(trailers)
        const coded = Buffer.concat([...chunks.map(encodeChunk), encodeLastChunk(fieldsOf(table))])
        const octets = Buffer.concat([coded, after])
        expect(decode(octets, endsOf(octets, at))).toEqual({
          content: Buffer.concat(chunks).toString('latin1'),
          used: coded.length,
          trailers: Object.entries(table),
          problem: false,
        })
      }),
    )
  })

  test('a body, valid or not, comes to the same in any pieces', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      'a',
      'A',
      ';',
      '\r\n',
      '\r\n',
      '\r',
      '\n',
      ' ',
      ':',
      'x',
      '0\r\n\r\n',
      '1\r\na\r\n',
      'A: b\r\n',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), cuts, (pieces, at) => {
        const octets = Buffer.from(pieces.join(''))
        const whole = decode(octets)
        expect(decode(octets, endsOf(octets, at))).toEqual(whole)
        expect(
          decode(
            octets,
            Array.from(octets, (_, i) => i),
          ),
        ).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })
})
