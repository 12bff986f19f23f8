// Cookies looked at as octets: the same decision as on the string, wherever one is made.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { everyCookie } from './cookie-octets.ts'
import { withoutCookies } from './cookies.ts'

const ignored = (name: string): boolean => name === '_ga' || name.startsWith('_ga_') || name === '_gid'
const every = everyCookie(ignored)
const told = (field: string): boolean => {
  const octets = Buffer.from(`x${field}y`, 'latin1')
  return every(octets, 1, octets.length - 1)
}

test.each([
  ['_ga=1', true],
  ['_ga=1; _gid=2;_ga_AB=3;', true],
  ['_ga=', true],
  ['_ga=1; sid=2', false],
  ['sid=2', false],
  ['_ga', false],
  ['_ga =1', false],
  ['=1', false],
  ['', false],
  [';', false],
  ['_GA=1', false],
  ['_ga="1; sid=2"', false],
] as const)('%p: %p', (field, expected) => {
  expect(told(field)).toBe(expected)
})

test('property: where it says so, nothing remains of the string either; honest fields are told rightly', () => {
  const name = fc.constantFrom('_ga', '_gid', '_ga_X', '_ga_Y', 'sid', 'ag_', '')
  const pair = fc
    .tuple(name, fc.constantFrom('=', '', ' ='), fc.string({ maxLength: 4 }))
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.array(pair), fc.constantFrom('; ', ';', ' ; '), (pairs, separator) => {
      const field = pairs.join(separator)
      if (told(field)) expect(withoutCookies(field, ignored)).toBeUndefined()
    }),
  )
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('_ga', '_gid', '_ga_X', 'sid', 'ag_'), { minLength: 1 }),
      (names) => {
        const field = names.map((each, i) => `${each}=${i}`).join('; ')
        expect(told(field)).toBe(withoutCookies(field, ignored) === undefined)
      },
    ),
  )
})

test('names that fall into one slot do not stand in for each other', () => {
  const names = Array.from({ length: 5000 }, (_, i) => `n${i.toString(36)}`)
  const even = everyCookie((name) => Number.parseInt(name.slice(1), 36) % 2 === 0)
  for (let round = 0; round < 2; round++)
    for (const [i, name] of names.entries()) {
      const octets = Buffer.from(`${name}=1`)
      expect(even(octets, 0, octets.length)).toBe(i % 2 === 0)
    }
})
