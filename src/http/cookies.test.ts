// The Cookie field without some cookies.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { cookieMatcher, cookieValue, hasCookie, withoutCookies } from './cookies.ts'

const ignored = cookieMatcher(['_ga', '_ga_*', '_gid', 'mp_*_mixpanel'])

describe('withoutCookies', () => {
  test.each([
    ['_ga=1', undefined],
    ['_ga=1; _gid=2; _ga_AB12=3', undefined],
    ['', undefined],
    [' ; ;', undefined],
    ['session=x', 'session=x'],
    ['_ga=1; session=x', 'session=x'],
    ['session=x; _ga=1', 'session=x'],
    ['a=1;_gid=2;b=3', 'a=1; b=3'],
    ['a=1;b=3', 'a=1;b=3'],
    ['a="q u"; _ga=1; b=%20=', 'a="q u"; b=%20='],
    ['_ga', undefined],
    ['flag; _ga=1', 'flag'],
    ['=nameless; _ga=1', '=nameless'],
    [' _ga =1', undefined],
    ['_GA=1', '_GA=1'],
    ['mp_12_mixpanel=1; mp__mixpanel=2', undefined],
  ])('%p leaves %p', (value, remaining) => {
    expect(withoutCookies(value, ignored)).toBe(remaining as string)
  })

  test.each([
    ['patterns that overlap', ['_ga', '_ga*', '*a'], `${'_ga=1; '.repeat(4000)}x`],
    ['several stars', ['*a*b*c*'], 'ab'.repeat(16_000)],
    ['a star', ['*_x', '_x*'], `${'_x'.repeat(16_000)}`],
    ['no names', ['a'], 'b;'.repeat(500_000)],
  ])("takes a stranger's word as fast as it is long: %s", (_, patterns, value) => {
    const matcher = cookieMatcher(patterns)
    const startMs = performance.now()
    withoutCookies(value, matcher)
    hasCookie(value, matcher)
    // Trying every way to match takes seconds, or for ever.
    expect(performance.now() - startMs).toBeLessThan(400)
  })

  test('several stars in a name, beside names with none', () => {
    const matcher = cookieMatcher(['a*b*c', 'x'])
    expect(withoutCookies('a1b2c=3; x=1; axbc=1', matcher)).toBeUndefined()
    expect(withoutCookies('a1b2=3; x=1', matcher)).toBe('a1b2=3')
  })

  test('property: nothing ignored gives the value itself, all ignored gives nothing', () => {
    const pair = fc.stringMatching(/^[a-z_]{1,6}=[ -:<-~]{0,6}$/)
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), (pairs) => {
        const value = pairs.join('; ')
        expect(withoutCookies(value, () => false)).toBe(value)
        expect(withoutCookies(value, () => true)).toBeUndefined()
      }),
    )
  })

  test('property: what remains is what was not ignored, in order and as spelled; a second pass changes nothing', () => {
    const name = fc.constantFrom('_ga', '_gid', '_ga_X', 'sid', 'lang', 'x')
    const value = fc.stringMatching(/^[!-:<-~]{0,8}$/)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value)),
        fc.constantFrom('; ', ';', ' ; '),
        (cookies, separator) => {
          const field = cookies.map(([n, v]) => `${n}=${v}`).join(separator)
          const remaining = withoutCookies(field, ignored)
          const expected = cookies.filter(([n]) => !ignored(n)).map(([n, v]) => `${n}=${v}`)
          expect(remaining === undefined ? [] : remaining.split(';').map((each) => each.trim())).toEqual(
            expected,
          )
          if (remaining !== undefined) expect(withoutCookies(remaining, ignored)).toBe(remaining)
        },
      ),
    )
  })

  test('property: never throws on anything', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void [withoutCookies(text, ignored), hasCookie(text, ignored)]),
    )
  })
})

describe('cookieMatcher', () => {
  test.each([
    ['a', ['a'], ['A', 'ab', '']],
    ['a*', ['a', 'ab'], ['b', '']],
    ['*a', ['a', 'ba'], ['ab']],
    ['a*b*c', ['abc', 'a1b2c', 'abbc'], ['acb', 'ab', 'ac']],
    ['a*a', ['aa', 'aba'], ['a']],
    ['*', ['', 'x'], []],
    ['a.b', ['a.b'], ['axb']],
  ])('%p', (pattern, matching, others) => {
    const matches = cookieMatcher([pattern])
    // Twice: the second answer comes from memory.
    for (let i = 0; i < 2; i++) {
      for (const name of matching) expect(matches(name)).toBe(true)
      for (const name of others) expect(matches(name)).toBe(false)
    }
  })
})

test('hasCookie tells whether any cookie matches', () => {
  expect(hasCookie('a=1; _ga=2', ignored)).toBe(true)
  expect(hasCookie('a=_ga; b=_ga', ignored)).toBe(false)
  expect(hasCookie('', () => true)).toBe(false)
})

test.each([
  ['a=1; b=2', 'b', '2'],
  ['b=1; b=2', 'b', '1'],
  [' b = 1 ;c', 'b', '1'],
  ['ab=1; c', 'b', undefined],
  ['c', 'c', undefined],
  ['a=b=c', 'a', 'b=c'],
  ['', 'a', undefined],
])('in %j the cookie %s is %p', (field, name, value) => {
  expect(cookieValue(field, name)).toBe(value)
})
