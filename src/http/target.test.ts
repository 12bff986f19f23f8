// The one normal form of a path.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { normalPath, normalTarget } from './target.ts'

describe('the normal form of a target', () => {
  test.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/./b/../c/', '/a/c/'],
    ['/..', '/'],
    ['/../../a', '/a'],
    ['/a/..', '/'],
    ['/a/b/.', '/a/b/'],
    ['/a//../b', '/a/b'],
    ['//a', '//a'],
    ['/a/...', '/a/...'],
    ['/.a/..b', '/.a/..b'],
    ['/%2e%2E/%61', '/a'],
    ['/a%2fb/..', '/'],
    ['/a%2F..%2Fb', '/a%2F..%2Fb'],
    ['/%252e%252e/a', '/%252e%252e/a'],
    ['/%e4%7E', '/%E4~'],
    ['/a/..?b/../%2e%7', '/?b/../%2e%7'],
    ['/?', '/?'],
  ])('%s is %s', (raw, normal) => {
    expect(normalTarget(raw)).toBe(normal)
  })

  test.each(['/%', '/%4', '/%zz', '/a%g0', '/%00', '/a%00b', '/%0'])('%s has none', (raw) => {
    expect(normalTarget(raw)).toBeUndefined()
  })

  test('of the query nothing is changed or refused', () => {
    expect(normalTarget('/a?%00%zz&../%7e')).toBe('/a?%00%zz&../%7e')
  })
})

const piece = fc.constantFrom(
  '/',
  '/',
  '.',
  '..',
  '%2e',
  '%2E',
  '%2f',
  '%25',
  '%',
  '2e',
  'a',
  '%41',
  '%7e',
  '?',
  '%00',
)
const target = fc.array(piece, { maxLength: 16 }).map((pieces) => `/${pieces.join('')}`)

/** The path with some of its characters encoded. */
const encode = (text: string, how: readonly boolean[]): string =>
  [...text]
    .map((character, i) =>
      how[i] === true && character !== '/' ? `%${character.charCodeAt(0).toString(16)}` : character,
    )
    .join('')

describe('property', () => {
  test('the normal form is its own normal form', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const normal = normalTarget(raw)
        if (normal !== undefined) expect(normalTarget(normal)).toBe(normal)
      }),
      { numRuns: 2000 },
    )
  })

  test('a normal path begins with a slash and has no dot segments, not even encoded ones', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const path = normalPath(raw.replaceAll('?', ''))
        if (path === undefined) return
        expect(path.startsWith('/')).toBe(true)
        for (const segment of path.split('/'))
          expect(['.', '..']).not.toContain(segment.replaceAll(/%2e/gi, '.'))
      }),
      { numRuns: 2000 },
    )
  })

  test('spellings of the same path have the same normal form', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^\/[A-Za-z0-9._~/-]{0,12}$/),
        fc.array(fc.boolean(), { maxLength: 12 }),
        (path, how) => {
          expect(normalPath(encode(path, how))).toBe(normalPath(path) as string)
        },
      ),
    )
  })
})
