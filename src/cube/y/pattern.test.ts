// Patterns of hosts and paths: what they stand for, and that no text makes them slow.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { hostMatcher, pathMatcher, type Matcher, type PatternError } from './pattern.ts'

const compiled = (matcher: Matcher | PatternError): Matcher => {
  if (typeof matcher !== 'function') throw new Error(matcher.error)
  return matcher
}

const paths: readonly (readonly [pattern: string, matches: readonly string[], others: readonly string[]])[] =
  [
    ['/events', ['/events'], ['/events/', '/events/1', '/Events', '/', '/eventsx']],
    ['/events/*', ['/events/', '/events/1', '/events/1/2'], ['/events', '/event/1']],
    ['/*', ['/', '/a', '/a/b.jpg'], []],
    ['*.jpg', ['/a.jpg', '/a/b.jpg'], ['/a.jpeg', '/a.jpg/b']],
    ['/img/*.jpg', ['/img/a.jpg', '/img/a/b.jpg', '/img/.jpg'], ['/img/a.png', '/imgs/a.jpg', '/img.jpg']],
    ['/accounts/:surname/*', ['/accounts/smith/', '/accounts/smith/1'], ['/accounts/smith', '/accounts//1']],
    ['/:a/:b', ['/x/y'], ['/x', '/x/', '/x/y/z', '//y']],
    ['/:a.b', [], ['/x.b']],
    ['/caf%c3%a9', ['/caf%C3%A9'], ['/caf%c3%a9']],
    ['/café', ['/caf%C3%A9'], ['/cafe']],
    ['/%7Euser', ['/~user'], []],
    ['/a+b(c)/:x', ['/a+b(c)/1'], ['/aab(c)/1']],
  ]

for (const [pattern, matches, others] of paths) {
  test(`the path pattern ${pattern}`, () => {
    const matcher = pathMatcher(pattern)
    if (typeof matcher !== 'function') return expect(matches).toEqual([])
    for (const path of matches) expect([path, matcher(path)]).toEqual([path, true])
    for (const path of others) expect([path, matcher(path)]).toEqual([path, false])
  })
}

for (const pattern of [
  'events',
  '/a?b',
  '/a b',
  '/a/../b',
  '/./b',
  '/*/a/*',
  '/:/a',
  '/:a-b',
  '/%',
  '/%zz',
  '/%00',
  '/a#b',
  '',
])
  test(`the path pattern '${pattern}' is refused`, () => {
    expect(pathMatcher(pattern)).toHaveProperty('error')
  })

const hosts: readonly (readonly [pattern: string, matches: readonly string[], others: readonly string[]])[] =
  [
    ['example.com', ['example.com', 'example.com:8080'], ['www.example.com', 'example.org', '']],
    ['Example.com', ['example.com'], []],
    ['example.com:8080', ['example.com:8080'], ['example.com', 'example.com:8081']],
    ['*.example.com', ['www.example.com', 'a.b.example.com:81'], ['example.com', 'badexample.com']],
    ['[::1]', ['[::1]', '[::1]:8080'], ['[::2]']],
    ['[::1]:81', ['[::1]:81'], ['[::1]']],
  ]

for (const [pattern, matches, others] of hosts) {
  test(`the host pattern ${pattern}`, () => {
    const matcher = compiled(hostMatcher(pattern))
    for (const authority of matches) expect([authority, matcher(authority)]).toEqual([authority, true])
    for (const authority of others) expect([authority, matcher(authority)]).toEqual([authority, false])
  })
}

for (const pattern of ['http://a', 'a/b', 'a b', '*', 'a.*', '*.*.com', 'a:x', ''])
  test(`the host pattern '${pattern}' is refused`, () => {
    expect(hostMatcher(pattern)).toHaveProperty('error')
  })

test('any text is a pattern or is refused with a reason', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (pattern, text) => {
      for (const compile of [pathMatcher, hostMatcher]) {
        const matcher = compile(pattern)
        if (typeof matcher === 'function') expect(typeof matcher(text)).toBe('boolean')
        else expect(matcher.error).not.toBe('')
      }
    }),
  )
})

test('a prefix pattern takes exactly what starts so', () => {
  const segment = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  fc.assert(
    fc.property(segment, segment, segment, (a, b, c) => {
      const matches = compiled(pathMatcher(`/${a}/*`))
      expect(matches(`/${a}/${c}`)).toBe(true)
      expect(matches(`/${b}/${c}`)).toBe(a === b)
    }),
  )
})
