// Ranges: parsing, resolving within bounds, merging, and what is written about them.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  coalesced,
  formatContentRange,
  formatUnsatisfied,
  parseContentRange,
  parseRange,
  partHead,
  partsBytes,
  partsEnd,
  resolveRanges,
  type ByteRange,
} from './range.ts'

const resolve = (value: string, total: number): readonly ByteRange[] | undefined => {
  const specs = parseRange(value)
  return specs === undefined ? undefined : resolveRanges(specs, total)
}

describe('Range', () => {
  test.each([
    ['bytes=0-1', [{ first: 0, last: 1 }]],
    ['bytes=1-', [{ first: 1, last: 9 }]],
    ['bytes=-1', [{ first: 9, last: 9 }]],
    ['bytes=-100', [{ first: 0, last: 9 }]],
    ['bytes=5-1000', [{ first: 5, last: 9 }]],
    [
      'BYTES = 0-0 , ,-2',
      [
        { first: 0, last: 0 },
        { first: 8, last: 9 },
      ],
    ],
    ['bytes=10-', []],
    ['bytes=-0', []],
    ['bytes=0-99999999999999999999', [{ first: 0, last: 9 }]],
    ['bytes=99999999999999999999-', []],
  ])('%p of 10 bytes', (value, ranges) => {
    expect(resolve(value, 10)).toEqual(ranges)
  })

  test.each([
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=a-b',
    'bytes=1',
    'bytes=2-1',
    'bytes=--1',
    'bytes=1-2-3',
    'lines=0-1',
    'bytes=0-1;a',
    'bytes=0x1-2',
    'bytes=1-2,a',
  ])('%p is ignored', (value) => {
    expect(parseRange(value)).toBeUndefined()
  })

  test('too many ranges are ignored', () => {
    expect(parseRange(`bytes=${'0-0,'.repeat(63)}0-0`)).toHaveLength(64)
    expect(parseRange(`bytes=${'0-0,'.repeat(64)}0-0`)).toBeUndefined()
    expect(parseRange(`bytes=${','.repeat(30_000)}`)).toBeUndefined()
  })

  test('nothing can be asked of an empty representation', () => {
    expect(resolve('bytes=0-, -5', 0)).toEqual([])
  })

  test('property: ranges lie within the representation', () => {
    const position = fc.nat({ max: 200 }).map(String)
    const spec = fc.tuple(fc.option(position), fc.option(position)).map(([a, b]) => `${a ?? ''}-${b ?? ''}`)
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 20 }), fc.nat({ max: 150 }), (specs, total) => {
        for (const { first, last } of resolve(`bytes=${specs.join(',')}`, total) ?? []) {
          expect(first).toBeGreaterThanOrEqual(0)
          expect(last).toBeGreaterThanOrEqual(first)
          expect(last).toBeLessThan(total)
        }
      }),
    )
  })

  test('property: never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void [parseRange(text), parseRange(`bytes=${text}`)]))
  })
})

const bytesOf = (list: readonly ByteRange[]): number[] =>
  list.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i))

describe('coalesced', () => {
  test('joins what overlaps, touches or is near; the order of first appearance stays', () => {
    const ranges = [
      { first: 50, last: 59 },
      { first: 0, last: 9 },
      { first: 10, last: 19 },
      { first: 22, last: 29 },
    ]
    expect(coalesced(ranges, 0)).toEqual([
      { first: 50, last: 59 },
      { first: 0, last: 19 },
      { first: 22, last: 29 },
    ])
    expect(coalesced(ranges, 2)).toEqual([
      { first: 50, last: 59 },
      { first: 0, last: 29 },
    ])
  })

  test('property: the same bytes (without a gap), each once', () => {
    const range = fc
      .tuple(fc.nat({ max: 60 }), fc.nat({ max: 10 }))
      .map(([first, n]) => ({ first, last: first + n }))
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
        const merged = bytesOf(coalesced(ranges, 0))
        expect(new Set(merged)).toEqual(new Set(bytesOf(ranges)))
        expect(new Set(merged).size).toBe(merged.length)
      }),
    )
  })
})

describe('Content-Range', () => {
  test.each([
    ['bytes 4-9/10', { kind: 'range', first: 4, last: 9, total: 10 }],
    ['bytes 4-9/*', { kind: 'range', first: 4, last: 9, total: undefined }],
    ['Bytes */10', { kind: 'unsatisfied', total: 10 }],
  ])('%p', (value, expected) => {
    expect(parseContentRange(value)).toEqual(expected as never)
  })

  test.each([
    '',
    'bytes',
    'bytes 9-4/10',
    'bytes 4-10/10',
    'bytes */*',
    'bytes=4-9/10',
    'lines 4-9/10',
    'bytes 4-9',
    'bytes -9/10',
    'bytes 0-99999999999999999999/*',
    'bytes 0-1/99999999999999999999',
    'x',
  ])('%p is not valid', (value) => {
    expect(parseContentRange(value)).toBeUndefined()
  })

  test('property: what is written is read', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.option(fc.nat(), { nil: undefined }), (first, bytes, rest) => {
        const last = first + bytes
        const total = rest === undefined ? undefined : last + 1 + rest
        const text = formatContentRange({ first, last }, total)
        expect(parseContentRange(text)).toEqual({ kind: 'range', first, last, total })
      }),
    )
    expect(parseContentRange(formatUnsatisfied(7))).toEqual({ kind: 'unsatisfied', total: 7 })
  })
})

test('multipart/byteranges: parts, end and length agree (RFC 9110 §14.6)', () => {
  const ranges = [
    { first: 0, last: 1 },
    { first: 7, last: 9 },
  ]
  const text = `${partHead('B', 'text/plain', ranges[0]!, 10)}ab${partHead('B', 'text/plain', ranges[1]!, 10)}hij${partsEnd('B')}`
  expect(text).toBe(
    '\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\nab' +
      '\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 7-9/10\r\n\r\nhij\r\n--B--\r\n',
  )
  expect(partsBytes('B', 'text/plain', ranges, 10)).toBe(text.length)
  expect(partHead('B', undefined, ranges[0]!, undefined)).toBe(
    '\r\n--B\r\nContent-Range: bytes 0-1/*\r\n\r\n',
  )
})
