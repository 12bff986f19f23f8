// Targets without some of their parameters, and the list of those that campaigns add.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { cookieMatcher } from '../http/cookies.ts'
import { withoutParameters } from './ignored-query.ts'
import { trackingParameters } from './tracking-parameters.ts'

const tracking = cookieMatcher(trackingParameters)
const without = (target: string): string => withoutParameters(target, tracking)

test('what campaigns add goes, what the application asked for stays', () => {
  expect(without('/?utm_source=a')).toBe('/')
  expect(without('/a?p=1&utm_source=a&utm_medium=b')).toBe('/a?p=1')
  expect(without('/a?fbclid=x&p=1&gclid')).toBe('/a?p=1')
  expect(without('/a?b=1&_gl=2&c=utm_source')).toBe('/a?b=1&c=utm_source')
})

test('what is not ignored is left as it is spelled', () => {
  for (const target of [
    '/',
    '/?',
    '/a?',
    '/a?&&b==&',
    '/a?b?c=1&b',
    '/utm_source=a',
    '/a?autm_source=1',
    '*',
  ])
    expect(without(target)).toBe(target)
})

test('an encoded spelling is another parameter', () => {
  expect(without('/?utm%5Fsource=a')).toBe('/?utm%5Fsource=a')
})

test('empty parts that remain do not keep a question mark', () => {
  expect(without('/?utm_source=a&')).toBe('/')
  expect(without('/?&utm_source=a')).toBe('/')
})

const read = (text: string): readonly (readonly [string, string])[] => [
  ...new URLSearchParams(text.slice(text.indexOf('?') + 1 || text.length)),
]

const name = fc.oneof(fc.constantFrom('utm_x', 'fbclid', 'p', 's', ''), fc.string({ maxLength: 6 }))
const part = fc.oneof(
  name,
  fc.tuple(name, fc.string({ maxLength: 6 })).map(([key, value]) => `${key}=${value}`),
)
const target = fc.array(part, { maxLength: 6 }).map((parts) => `/a?${parts.join('&')}`)

test('once is enough, and nothing is added', () => {
  fc.assert(
    fc.property(target, (text) => {
      const once = without(text)
      expect(without(once)).toBe(once)
      expect(once.length).toBeLessThanOrEqual(text.length)
    }),
  )
})

test('the application reads the same parameters as before, except for the ignored ones', () => {
  // An encoded or spaced spelling reads as the same name, and stays: such names are left out here.
  const plain = fc.stringMatching(/^[a-z_]{1,6}$/)
  const parts = fc.array(fc.tuple(fc.oneof(fc.constantFrom('utm_x', 'gclid'), plain), plain), {
    maxLength: 6,
  })
  fc.assert(
    fc.property(parts, (pairs) => {
      const text = `/?${pairs.map((pair) => pair.join('=')).join('&')}`
      expect(read(without(text))).toEqual(read(text).filter(([key]) => !tracking(key)))
    }),
  )
})

test.each(['ref', 'source', 'id', 'p', 's', 'page', 'lang', 'q', 'tag', 'pk', 'ga'])(
  '%s is not tracking',
  (word) => {
    expect(tracking(word)).toBe(false)
  },
)

test('each name stands in the list once', () => {
  expect(new Set(trackingParameters).size).toBe(trackingParameters.length)
})
