// The form of an answer, and parts that become one.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { asked, dateAfter, receivedMs, storedFrom, type FieldTable } from '../../testing/exchange.ts'
import { answer, combine, type Answer } from './partial.ts'
import { reuse } from './reuse.ts'
import { openPolicy } from './policy.ts'
import type { Stored } from './stored.ts'

const minute = {
  'Cache-Control': 'max-age=60',
  ETag: '"a"',
  'Last-Modified': dateAfter(-3000),
  Date: dateAfter(0),
}
const whole = storedFrom(minute)

function form(
  request: FieldTable,
  stored: Stored = whole,
  total: number | undefined = 1000,
  method = 'GET',
): Answer {
  return answer(asked(request, method), stored, { etag: stored.etag, totalBytes: total }, receivedMs)
}

describe('answer (RFC 9110 §13.2.2)', () => {
  test('conditions go before ranges', () => {
    const range = { Range: 'bytes=0-1' }
    expect(form({ ...range, 'If-None-Match': '"a"' }).kind).toBe('not-modified')
    expect(form({ ...range, 'If-None-Match': '"b"' }).kind).toBe('range')
    expect(form({ 'If-None-Match': 'W/"a"' }).kind).toBe('not-modified')
    expect(form({ 'If-Modified-Since': dateAfter(-3000) }).kind).toBe('not-modified')
    expect(form({ 'If-Modified-Since': dateAfter(-3001) }).kind).toBe('whole')
    expect(form({ 'If-None-Match': '"a"', 'If-Modified-Since': dateAfter(-9000) }).kind).toBe('not-modified')
    expect(form({})).toEqual({ kind: 'whole' })
  })

  test.each([
    ['bytes=0-1', { kind: 'range', range: { first: 0, last: 1 }, total: 1000 }],
    ['bytes=990-', { kind: 'range', range: { first: 990, last: 999 }, total: 1000 }],
    ['bytes=-1', { kind: 'range', range: { first: 999, last: 999 }, total: 1000 }],
    ['bytes=1000-', { kind: 'unsatisfiable', total: 1000 }],
    ['bytes=-0', { kind: 'unsatisfiable', total: 1000 }],
    ['lines=1-2', { kind: 'whole' }],
    ['bytes=2-1', { kind: 'whole' }],
    ['bytes=0-9,20-29', { kind: 'range', range: { first: 0, last: 29 }, total: 1000 }],
    [
      'bytes=500-509,0-9',
      {
        kind: 'ranges',
        ranges: [
          { first: 500, last: 509 },
          { first: 0, last: 9 },
        ],
        total: 1000,
      },
    ],
    ['bytes=0-9,5000-', { kind: 'range', range: { first: 0, last: 9 }, total: 1000 }],
  ])('%s', (range, expected) => {
    expect(form({ Range: range })).toEqual(expected as Answer)
  })

  test('If-Range is compared strongly, and with the representation that is sent', () => {
    const range = { Range: 'bytes=0-1' }
    expect(form({ ...range, 'If-Range': '"a"' }).kind).toBe('range')
    expect(form({ ...range, 'If-Range': '"b"' }).kind).toBe('whole')
    expect(form({ ...range, 'If-Range': dateAfter(-3000) }).kind).toBe('range')
    const coded = { etag: 'W/"a"', totalBytes: 1000 }
    expect(answer(asked({ ...range, 'If-Range': 'W/"a"' }), whole, coded, receivedMs).kind).toBe('whole')
  })

  test('ranges are of GET, conditions of GET and HEAD, both of 200 (RFC 9110 §13.2.1, §14.2)', () => {
    expect(form({ Range: 'bytes=0-1' }, whole, 1000, 'HEAD').kind).toBe('whole')
    expect(form({ 'If-None-Match': '"a"' }, whole, 1000, 'HEAD').kind).toBe('not-modified')
    expect(form({ 'If-None-Match': '"a"' }, whole, 1000, 'QUERY').kind).toBe('whole')
    const missing = storedFrom(minute, { status: 404 })
    expect(form({ 'If-None-Match': '"a"', Range: 'bytes=0-1' }, missing).kind).toBe('whole')
  })

  test('without bytes, or without knowing how many, the whole', () => {
    expect(form({ Range: 'bytes=0-' }, whole, 0).kind).toBe('whole')
    const streaming = { etag: '"a"', totalBytes: undefined }
    expect(answer(asked({ Range: 'bytes=0-' }), whole, streaming, receivedMs).kind).toBe('whole')
  })

  test('property: every range of an answer lies within the representation, and ranges are disjoint', () => {
    const spec = fc.tuple(fc.option(fc.nat({ max: 3000 })), fc.option(fc.nat({ max: 3000 })))
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 1, max: 2000 }),
        (specs, total) => {
          const range = `bytes=${specs.map(([a, b]) => `${a ?? ''}-${b ?? ''}`).join(',')}`
          const given = form({ Range: range }, whole, total)
          const ranges = given.kind === 'range' ? [given.range] : given.kind === 'ranges' ? given.ranges : []
          const sorted = ranges.toSorted((a, b) => a.first - b.first)
          for (const [i, { first, last }] of sorted.entries()) {
            expect(first <= last && last < total).toBe(true)
            expect(i === 0 || first > sorted[i - 1]!.last).toBe(true)
          }
        },
      ),
    )
  })
})

const part = (first: number, last: number, total: number | string, more: FieldTable = {}): Stored =>
  storedFrom({ ...minute, 'Content-Range': `bytes ${first}-${last}/${total}`, ...more }, { status: 206 })

describe('parts', () => {
  test('property: what reuse lets a part answer is answered within the part', () => {
    const n = fc.nat({ max: 40 })
    fc.assert(
      fc.property(
        n,
        n,
        n,
        fc.array(fc.tuple(fc.option(n), fc.option(n)), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (first, more, rest, specs, known) => {
          const last = first + more
          const stored = part(first, last, known ? last + 1 + rest : '*')
          const request = { Range: `bytes=${specs.map(([a, b]) => `${a ?? ''}-${b ?? ''}`).join(',')}` }
          if (reuse(asked(request), stored, receivedMs, openPolicy).kind !== 'serve') return
          const given = form(request, stored, known ? last + 1 + rest : undefined)
          const ranges =
            given.kind === 'range' ? [given.range] : given.kind === 'ranges' ? given.ranges : undefined
          expect(ranges).toBeDefined()
          for (const range of ranges!) expect(range.first >= first && range.last <= last).toBe(true)
        },
      ),
    )
  })

  test('a client that has it gets 304', () => {
    expect(form({ Range: 'bytes=4-5', 'If-None-Match': '"a"' }, part(4, 9, 10)).kind).toBe('not-modified')
  })
})

describe('combine (RFC 9111 §3.4)', () => {
  test('a part and the rest become the whole, with the fields of what came last', () => {
    const combined = combine(part(0, 4, 10, { A: '1', B: '1' }), part(5, 9, 10, { A: '2' }))!
    expect(combined.pieces).toEqual([
      { from: 'stored', offset: 0, bytes: 5 },
      { from: 'arrived', offset: 0, bytes: 5 },
    ])
    expect(combined.stored.content).toEqual({ kind: 'whole' })
    expect(combined.stored.status).toBe(200)
    expect(combined.stored.fields.get('a')).toBe('2')
    expect(combined.stored.fields.get('b')).toBe('1')
    expect(combined.stored.fields.has('content-range')).toBe(false)
  })

  test('a part within another takes its place there', () => {
    expect(combine(part(0, 9, 20), part(3, 5, 20))!.pieces).toEqual([
      { from: 'stored', offset: 0, bytes: 3 },
      { from: 'arrived', offset: 0, bytes: 3 },
      { from: 'stored', offset: 6, bytes: 4 },
    ])
    expect(combine(part(5, 9, '*'), part(0, 5, 20))!.stored.content).toEqual({
      kind: 'part',
      first: 0,
      last: 9,
      total: 20,
    })
  })

  test('a strong Last-Modified is as good as a strong tag', () => {
    const none = { ETag: [] as string[] }
    expect(combine(part(0, 4, 10, none), part(5, 9, 10, none))).toBeDefined()
  })

  test.each([
    ['another tag', part(0, 4, 10), part(5, 9, 10, { ETag: '"b"' })],
    ['a weak tag', part(0, 4, 10, { ETag: 'W/"a"' }), part(5, 9, 10, { ETag: 'W/"a"' })],
    [
      'no validator',
      part(0, 4, 10, { ETag: [], 'Last-Modified': [] }),
      part(5, 9, 10, { ETag: [], 'Last-Modified': [] }),
    ],
    ['another length', part(0, 4, 10), part(5, 9, 11)],
    ['a gap', part(0, 4, 20), part(6, 9, 20)],
    ['a gap before', part(6, 9, 20), part(0, 4, 20)],
    ['another coding', part(0, 4, 10), part(5, 9, 10, { 'Content-Encoding': 'x' })],
    ['a whole', part(0, 4, 10), whole],
  ])('not with %s', (_, stored, arrived) => {
    expect(combine(stored, arrived)).toBeUndefined()
  })

  test('property: the pieces of a combined body are the bytes that they claim to be', () => {
    const text = '0123456789abcdefghijklmnopqrstuv'
    const range = fc
      .tuple(fc.nat({ max: 31 }), fc.nat({ max: 31 }))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(range, range, ([a, b], [c, d]) => {
        const combined = combine(part(a, b, 32), part(c, d, 32))
        if (c > b + 1 || a > d + 1) {
          expect(combined).toBeUndefined()
          return
        }
        const bodies = { stored: text.slice(a, b + 1), arrived: text.slice(c, d + 1) }
        const body = combined!.pieces
          .map(({ from, offset, bytes }) => bodies[from].slice(offset, offset + bytes))
          .join('')
        expect(body).toBe(text.slice(Math.min(a, c), Math.max(b, d) + 1))
        expect(combined!.stored.content.kind).toBe(body === text ? 'whole' : 'part')
      }),
    )
  })
})
