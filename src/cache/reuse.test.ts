// When a stored response answers, when it is revalidated, and when it is served stale.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  asked,
  dateAfter,
  policyWith,
  receivedMs,
  storedFrom,
  type FieldTable,
} from '../../testing/exchange.ts'
import { openPolicy, type CachePolicy } from './policy.ts'
import { reuse, reuseNothing, sharedWith, staleOnFailure, type OriginFailure } from './reuse.ts'
import type { Stored } from './stored.ts'

const obeying = policyWith({ obeyRequestDirectives: true })

/** The decision so many seconds after the response came, as 'kind reason'. */
function decision(
  stored: Stored,
  afterSeconds: number,
  request: FieldTable = {},
  policy: CachePolicy = openPolicy,
): string {
  const { kind, reason } = reuse(asked(request), stored, receivedMs + afterSeconds * 1000, policy)
  return `${kind} ${reason}`
}

const stored = (cacheControl: string, more: FieldTable = {}): Stored =>
  storedFrom({ 'Cache-Control': cacheControl, ETag: '"a"', ...more })

describe('freshness (RFC 9111 §4.2)', () => {
  test('fresh until the lifetime has passed, not longer', () => {
    const minute = stored('max-age=60')
    expect(decision(minute, 0)).toBe('serve fresh')
    expect(decision(minute, 59.999)).toBe('serve fresh')
    expect(decision(minute, 60)).toBe('revalidate stale')
  })

  test('Age counts, and no-cache always validates', () => {
    expect(decision(stored('max-age=60', { Age: '59' }), 0.5)).toBe('serve fresh')
    expect(decision(stored('max-age=60', { Age: '59' }), 1)).toBe('revalidate stale')
    expect(decision(stored('max-age=60, no-cache'), 0)).toBe('revalidate must-validate')
    expect(decision(stored('max-age=60, no-cache="a"'), 0)).toBe('serve fresh')
  })

  test('stale-while-revalidate for its window (RFC 5861 §3)', () => {
    const both = stored('max-age=1, stale-while-revalidate=4')
    expect(decision(both, 4.9)).toBe('serve-and-revalidate stale-while-revalidate')
    expect(decision(both, 5)).toBe('revalidate stale')
    expect(decision(stored('max-age=1, stale-while-revalidate=4, must-revalidate'), 2)).toBe(
      'revalidate stale',
    )
  })

  test('a decision for a hit is always the same object', () => {
    const minute = stored('max-age=60')
    expect(reuse(asked(), minute, receivedMs, openPolicy)).toBe(
      reuse(asked(), minute, receivedMs + 1, openPolicy),
    )
  })
})

describe('cookies and Authorization', () => {
  test('only what is explicitly shareable answers requests that carry them', () => {
    const plain = stored('max-age=60')
    expect(decision(plain, 0, { Cookie: 'a=1' })).toBe('miss cookies')
    expect(decision(plain, 0, { Cookie: '_ga=1' })).toBe('serve fresh')
    expect(decision(plain, 0, { Authorization: 'x' })).toBe('miss authorization')
    for (const cacheControl of ['public, max-age=60', 's-maxage=60']) {
      expect(decision(stored(cacheControl), 0, { Cookie: 'a=1' })).toBe('serve fresh')
      expect(decision(stored(cacheControl), 0, { Authorization: 'x' })).toBe('serve fresh')
    }
    expect(decision(stored('max-age=60, must-revalidate'), 0, { Authorization: 'x' })).toBe('serve fresh')
    expect(decision(stored('', { 'CDN-Cache-Control': 'max-age=60' }), 0, { Cookie: 'a=1' })).toBe(
      'serve fresh',
    )
  })

  test('conditions of the origin go to the origin (RFC 9111 §4.3.2)', () => {
    expect(decision(stored('max-age=60'), 0, { 'If-Match': '"a"' })).toBe('miss miss')
    expect(decision(stored('max-age=60'), 0, { 'If-Unmodified-Since': dateAfter(0) })).toBe('miss miss')
  })
})

describe('Cache-Control of requests (§5.2.1)', () => {
  const cases = [
    ['max-age=60', 3, 'no-cache', 'revalidate request-no-cache'],
    ['max-age=60', 0, 'max-age=0', 'revalidate request-no-cache'],
    ['max-age=60', 3, 'max-age=2', 'revalidate request-no-cache'],
    ['max-age=60', 3, 'max-age=3', 'serve fresh'],
    ['max-age=60', 3, 'min-fresh=58', 'revalidate request-no-cache'],
    ['max-age=60', 3, 'min-fresh=57', 'serve fresh'],
    ['max-age=60', 0, 'no-store', 'miss request-no-store'],
    ['max-age=1', 3, 'max-stale', 'serve stale-allowed'],
    ['max-age=1', 3, 'max-stale=2', 'serve stale-allowed'],
    ['max-age=1', 3, 'max-stale=1', 'revalidate stale'],
    ['max-age=1', 3, 'max-stale=9, max-age=2', 'serve stale-allowed'],
    ['max-age=1, must-revalidate', 3, 'max-stale', 'revalidate stale'],
    ['s-maxage=1', 3, 'max-stale', 'revalidate stale'],
    ['max-age=60, no-cache', 0, 'max-stale', 'revalidate must-validate'],
  ] as const

  test.each(cases)(
    '%s, after %p s, asked with %s: %s where it is obeyed',
    (cacheControl, after, asks, expected) => {
      expect(decision(stored(cacheControl), after, { 'Cache-Control': asks }, obeying)).toBe(expected)
    },
  )

  test.each(cases)(
    '%s, after %p s, asked with %s: as if it were not there, where it is not',
    (cacheControl, after, asks) => {
      const response = stored(cacheControl)
      expect(decision(response, after, { 'Cache-Control': asks })).toBe(decision(response, after))
    },
  )

  test('only-if-cached is always answered (§5.2.1.7)', () => {
    const only = { 'Cache-Control': 'only-if-cached' }
    expect(decision(stored('max-age=60'), 0, only)).toBe('serve fresh')
    expect(decision(stored('max-age=1, stale-while-revalidate=9'), 2, only)).toMatch(/^serve-and-revalidate/)
    expect(decision(stored('max-age=1'), 2, only)).toBe('unavailable only-if-cached')
    expect(decision(stored('max-age=60'), 0, { ...only, Cookie: 'a=1' })).toBe('unavailable only-if-cached')
    expect(reuseNothing(asked(only), true).kind).toBe('unavailable')
    expect(reuseNothing(asked(), true)).toEqual({ kind: 'miss', reason: 'vary-miss' })
    expect(reuseNothing(asked(), false)).toEqual({ kind: 'miss', reason: 'miss' })
  })

  test('Pragma is as no-cache where Cache-Control is absent (§5.4)', () => {
    expect(decision(stored('max-age=60'), 0, { Pragma: 'no-cache' })).toBe('serve fresh')
    expect(decision(stored('max-age=60'), 0, { Pragma: 'no-cache' }, obeying)).toBe(
      'revalidate request-no-cache',
    )
    expect(decision(stored('max-age=60'), 0, { Pragma: 'no-cache', 'Cache-Control': 'x' }, obeying)).toBe(
      'serve fresh',
    )
  })
})

const part = (range: string, more: FieldTable = {}): Stored =>
  storedFrom(
    { 'Cache-Control': 'max-age=60', 'Content-Range': range, ...more },
    { status: 206, request: { Range: 'bytes=0-' } },
  )

const complete = (response: Stored, request: FieldTable = {}, after = 0) =>
  reuse(asked(request), response, receivedMs + after * 1000, openPolicy)

describe('parts (§3.3)', () => {
  test('answer a range that they hold', () => {
    const middle = part('bytes 4-9/20')
    expect(decision(middle, 0, { Range: 'bytes=4-9' })).toBe('serve fresh')
    expect(decision(middle, 0, { Range: 'bytes=5-6, 8-8' })).toBe('serve fresh')
    for (const range of [
      'bytes=3-9',
      'bytes=4-10',
      'bytes=4-',
      'bytes=-5',
      'bytes=4-5, 0-1',
      'bytes=30-',
      'x=1-2',
    ])
      expect(decision(middle, 0, { Range: range })).toBe('miss range-miss')
    expect(decision(middle, 0)).toBe('miss range-miss')
  })

  test('the end of a representation answers ranges from the end', () => {
    const end = part('bytes 4-9/10')
    for (const range of ['bytes=-6', 'bytes=-1', 'bytes=6-', 'bytes=6-1000'])
      expect(decision(end, 0, { Range: range })).toBe('serve fresh')
    expect(decision(end, 0, { Range: 'bytes=-7' })).toBe('miss range-miss')
    expect(decision(part('bytes 4-9/*'), 0, { Range: 'bytes=-1' })).toBe('miss range-miss')
    expect(decision(part('bytes 4-9/*'), 0, { Range: 'bytes=4-5' })).toBe('serve fresh')
  })

  test('are not used when If-Range does not hold', () => {
    const tagged = part('bytes 4-9/10', { ETag: '"a"' })
    expect(decision(tagged, 0, { Range: 'bytes=4-5', 'If-Range': '"a"' })).toBe('serve fresh')
    expect(decision(tagged, 0, { Range: 'bytes=4-5', 'If-Range': '"b"' })).toBe('miss range-miss')
  })

  test('the beginning of a representation is completed', () => {
    expect(complete(part('bytes 0-4/10'))).toEqual({
      kind: 'complete',
      reason: 'range-miss',
      range: 'bytes=5-',
      ifRange: undefined,
    })
    expect(complete(part('bytes 0-4/10', { ETag: '"a"' }))).toMatchObject({ ifRange: '"a"' })
    expect(complete(part('bytes 0-4/10', { ETag: 'W/"a"' }))).toMatchObject({ ifRange: undefined })
    const changed = dateAfter(-60)
    expect(complete(part('bytes 0-4/10', { 'Last-Modified': changed }))).toMatchObject({ ifRange: changed })
    expect(complete(part('bytes 1-4/10')).kind).toBe('miss')
    expect(complete(part('bytes 0-4/*')).kind).toBe('miss')
    expect(complete(part('bytes 0-4/10'), {}, 61).kind).toBe('miss')
    expect(complete(part('bytes 0-4/10'), { Range: 'bytes=5-6' }).kind).toBe('miss')
    expect(complete(part('bytes 0-4/10'), { 'If-None-Match': '"a"' }).kind).toBe('miss')
    expect(complete(part('bytes 0-4/10'), { 'Cache-Control': 'only-if-cached' }).kind).toBe('unavailable')
    const all = storedFrom(
      { 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 0-9/10' },
      { status: 206 },
    )
    expect(complete(all).kind).toBe('miss')
  })

  test('stale, are validated by entity tag alone (§4.3.1)', () => {
    const range = { Range: 'bytes=4-5' }
    expect(decision(part('bytes 4-9/10', { ETag: '"a"' }), 61, range)).toBe('revalidate stale')
    expect(decision(part('bytes 4-9/10', { 'Last-Modified': dateAfter(-60) }), 61, range)).toBe(
      'miss range-miss',
    )
  })
})

describe('sharedWith', () => {
  test('asks what reuse would ask of a response that has just come', () => {
    expect(sharedWith(asked(), stored('max-age=60'))).toBe(true)
    expect(sharedWith(asked({ Cookie: 'a=1' }), stored('max-age=60'))).toBe(false)
    expect(sharedWith(asked({ Cookie: 'a=1' }), stored('public, max-age=60'))).toBe(true)
    expect(sharedWith(asked({ Authorization: 'x' }), stored('max-age=60'))).toBe(false)
    expect(sharedWith(asked({ 'If-Match': '"a"' }), stored('max-age=60'))).toBe(false)
    expect(sharedWith(asked(), stored('max-age=60, no-cache'))).toBe(false)
    expect(sharedWith(asked(), stored('max-age=0'))).toBe(false)
    expect(sharedWith(asked(), stored('max-age=60', { Age: '60' }))).toBe(false)
    const varying = storedFrom({ 'Cache-Control': 'max-age=60', Vary: 'Foo' }, { request: { Foo: '1' } })
    expect(sharedWith(asked({ Foo: '1' }), varying)).toBe(true)
    expect(sharedWith(asked({ Foo: '2' }), varying)).toBe(false)
  })
})

const status = (code: number): OriginFailure => ({ kind: 'status', status: code })

const outcome = (
  response: Stored,
  failure: OriginFailure,
  after: number,
  policy = openPolicy,
  request: FieldTable = {},
) => staleOnFailure(asked(request), response, failure, receivedMs + after * 1000, policy)

describe('staleOnFailure (RFC 5861 §4, RFC 9111 §4.2.4)', () => {
  const gone: OriginFailure = { kind: 'disconnected' }
  const disconnecting = policyWith({ staleOnDisconnect: true })

  test('an error within stale-if-error', () => {
    const response = stored('max-age=1, stale-if-error=60')
    for (const code of [500, 502, 503, 504])
      expect(outcome(response, status(code), 60)).toBe('stale-if-error')
    for (const code of [200, 404, 501, 505]) expect(outcome(response, status(code), 60)).toBeUndefined()
    expect(outcome(response, status(503), 61)).toBeUndefined()
    expect(outcome(response, gone, 60)).toBe('stale-disconnected')
    expect(outcome(stored('max-age=1'), status(503), 2)).toBeUndefined()
  })

  test("the owner's stale stands in where the response says nothing", () => {
    expect(outcome(stored('max-age=1'), status(503), 2, policyWith({ staleSeconds: 60 }))).toBeUndefined()
    const response = storedFrom(
      { 'Cache-Control': 'max-age=1' },
      { policy: policyWith({ staleSeconds: 60 }) },
    )
    expect(outcome(response, status(503), 60)).toBe('stale-if-error')
  })

  test('when disconnected, only where the owner says so', () => {
    const response = stored('max-age=1')
    expect(outcome(response, gone, 1000)).toBeUndefined()
    expect(outcome(response, gone, 1000, disconnecting)).toBe('stale-disconnected')
    expect(outcome(response, status(503), 1000, disconnecting)).toBeUndefined()
  })

  test.each([
    'max-age=1, must-revalidate',
    'max-age=1, proxy-revalidate',
    'max-age=1, no-cache',
    's-maxage=1, max-age=9',
  ])('never against %s', (cacheControl) => {
    const everything = policyWith({
      staleOnDisconnect: true,
      obeyRequestDirectives: true,
      staleSeconds: 1000,
    })
    const response = storedFrom(
      { 'Cache-Control': `${cacheControl}, x`, ETag: '"a"' },
      { policy: everything },
    )
    expect(outcome(response, gone, 20, everything, { 'Cache-Control': 'stale-if-error=100' })).toBeUndefined()
  })

  test('a request may allow it, where requests are obeyed', () => {
    const request = { 'Cache-Control': 'stale-if-error=100' }
    expect(outcome(stored('max-age=1'), status(503), 50, obeying, request)).toBe('stale-if-error')
    expect(outcome(stored('max-age=1'), status(503), 102, obeying, request)).toBeUndefined()
    expect(outcome(stored('max-age=1'), status(503), 50, openPolicy, request)).toBeUndefined()
  })

  test('what could not be shared with the request while fresh is not when stale', () => {
    const response = stored('max-age=1, stale-if-error=60')
    expect(outcome(response, gone, 2, disconnecting, { Cookie: 'a=1' })).toBeUndefined()
    expect(outcome(response, gone, 2, disconnecting, { Authorization: 'x' })).toBeUndefined()
  })
})

test('property: what must be revalidated is never served stale, whatever requests and owners say', () => {
  const word = fc.constantFrom('must-revalidate', 'proxy-revalidate', 'no-cache')
  const other = fc.constantFrom('public', 'stale-while-revalidate=99', 'stale-if-error=99', 'immutable')
  const wish = fc.constantFrom(
    'max-stale',
    'max-stale=99',
    'stale-if-error=99',
    'only-if-cached',
    'max-age=99',
  )
  fc.assert(
    fc.property(
      word,
      fc.array(other),
      fc.array(wish),
      fc.boolean(),
      fc.nat({ max: 200 }),
      (must, more, wishes, obeys, after) => {
        const policy = policyWith({
          obeyRequestDirectives: obeys,
          staleOnDisconnect: true,
          staleSeconds: 500,
        })
        const response = storedFrom(
          { 'Cache-Control': ['max-age=5', must, ...more], ETag: '"a"' },
          { policy },
        )
        const nowMs = response.freshUntilMs + after * 1000
        const request = asked({ 'Cache-Control': wishes })
        expect(reuse(request, response, nowMs, policy).kind).not.toMatch(/^serve/)
        expect(staleOnFailure(request, response, { kind: 'disconnected' }, nowMs, policy)).toBeUndefined()
      },
    ),
  )
})
