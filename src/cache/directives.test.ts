// Cache-Control as it is found in the wild.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { parseSeconds, requestDirectives, responseDirectives } from './directives.ts'

describe('responseDirectives', () => {
  test('reads all that it knows, in any case, and ignores the rest (RFC 9111 §5.2)', () => {
    const read = responseDirectives(
      'PUBLIC, Max-Age=60, s-maxage=120, must-Revalidate, proxy-revalidate, no-transform, must-understand, immutable, foo, bar=1, stale-while-revalidate=5, stale-if-error=6',
    )
    expect(read).toEqual({
      maxAge: 60,
      sMaxage: 120,
      noCache: false,
      noCacheFields: [],
      noStore: false,
      noTransform: true,
      private: false,
      privateFields: [],
      public: true,
      mustRevalidate: true,
      proxyRevalidate: true,
      mustUnderstand: true,
      immutable: true,
      staleWhileRevalidate: 5,
      staleIfError: 6,
    })
  })

  test.each([
    ['max-age=3600', 3600],
    ['max-age=003600', 3600],
    ['max-age="3600"', 3600],
    ['max-age=2147483647', 2_147_483_647],
    ['max-age=2147483649', 2_147_483_648],
    ['max-age=99999999999', 2_147_483_648],
    ['max-age=1, max-age=1800', 1],
    ['max-age=1800, max-age=1', 1800],
    ['extension="max-age=3600", max-age=1', 1],
    ['max-age=1, extension="max-age=3600"', 1],
    [String.raw`extension="\", max-age=3600", max-age=1`, 1],
    [',, max-age=5 ,', 5],
    ['foobar', undefined],
    ['x-max-age=5', undefined],
  ])('%p: a lifetime of %p', (text, seconds) => {
    expect(responseDirectives(text).maxAge).toBe(seconds as number)
  })

  test.each([
    'max-age',
    'max-age=',
    'max-age=-3600',
    "max-age='3600'",
    'max-age=3600.0',
    'max-age=3600.5',
    'max-age=a3600',
    'max-age=3600a',
    'max-age =3600',
    'max-age= 3600',
    'max-age="36 00"',
    'max-age="3600"0',
    'max-age="3600',
    'max-age=+1',
  ])('%p is stale: a lifetime that is no number (§4.2.1)', (text) => {
    expect(responseDirectives(text).maxAge).toBe(0)
  })

  test('names of fields limit no-cache and private to them (§5.2.2.4, §5.2.2.7)', () => {
    const read = responseDirectives('no-cache="Set-Cookie, b", private=a, no-cache="C"')
    expect(read).toMatchObject({
      noCache: false,
      noCacheFields: ['set-cookie', 'b', 'c'],
      private: false,
      privateFields: ['a'],
    })
  })

  test.each([
    'no-cache',
    'no-cache=""',
    'no-cache="a b"',
    'no-cache="a',
    'no-cache= "a"',
    'no-cache ="a"',
    'no-cache=", ,"',
    'NO-cache, no-cache="a"',
  ])('%p is all of the response', (text) => {
    expect(responseDirectives(text).noCache).toBe(true)
  })

  test('what restricts holds with an argument it should not have, what permits does not', () => {
    const read = responseDirectives(
      'no-store=1, must-revalidate=x, proxy-revalidate="", public=1, must-understand=1',
    )
    expect(read).toMatchObject({
      noStore: true,
      mustRevalidate: true,
      proxyRevalidate: true,
      public: false,
      mustUnderstand: false,
    })
  })

  test('a quote without an end does not hide what follows', () => {
    expect(responseDirectives('foo="bar, private, no-store')).toMatchObject({ private: true, noStore: true })
  })
})

describe('requestDirectives', () => {
  test('reads all that it knows (§5.2.1)', () => {
    expect(
      requestDirectives(
        'max-age=0, max-stale, min-fresh=3, no-cache, no-store, no-transform, only-if-cached, stale-if-error=9',
      ),
    ).toEqual({
      maxAge: 0,
      maxStale: Infinity,
      minFresh: 3,
      noCache: true,
      noStore: true,
      noTransform: true,
      onlyIfCached: true,
      staleIfError: 9,
    })
  })

  test('advice that cannot be read is none', () => {
    expect(requestDirectives('max-age=x, max-stale=, min-fresh')).toEqual(requestDirectives(undefined))
  })
})

describe('properties', () => {
  const near = fc.string({
    unit: fc.constantFrom(
      'max-age',
      'no-cache',
      'private',
      'no-store',
      '=',
      ',',
      '"',
      '\\',
      ' ',
      '1',
      'a',
      '\t',
      ';',
    ),
  })

  test('never throws, and numbers are within bounds', () => {
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        requestDirectives(text)
        const { maxAge } = responseDirectives(text)
        expect(maxAge === undefined || (maxAge >= 0 && maxAge <= 2 ** 31)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('no-store is never missed among well-formed directives', () => {
    const directive = fc.constantFrom(
      'a',
      'max-age=1',
      'b="x, y"',
      'private="set-cookie"',
      'no-cache',
      String.raw`c="\""`,
    )
    fc.assert(
      fc.property(fc.array(directive), fc.array(directive), (before, after) => {
        expect(responseDirectives([...before, 'No-Store', ...after].join(' , ')).noStore).toBe(true)
      }),
    )
  })

  test('seconds are digits alone', () => {
    fc.assert(fc.property(fc.nat(), (seconds) => expect(parseSeconds(String(seconds))).toBe(seconds)))
    for (const text of ['', ' 1', '1 ', '-1', '+1', '1.0', '1e3', '0x1'])
      expect(parseSeconds(text)).toBeUndefined()
  })
})
