// Targets of redirects: what is put in, and that no request leads to another host.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { normalTarget } from '../../http/target.ts'
import { pathMatcher } from './pattern.ts'
import { compileRedirect, type Redirect } from './rule-redirect.ts'

const redirect = (to: string, ...patterns: string[]): Redirect => {
  const made = compileRedirect(to, 302, patterns.length === 0 ? ['/*'] : patterns)
  if ('error' in made) throw new Error(made.error)
  return made
}

test.each([
  ['/old/*', '/new/*', '/old/a/b', '/new/a/b'],
  ['/old/*', '/new/*', '/old/', '/new/'],
  ['/old/*', '/new', '/old/a?x=1', '/new?x=1'],
  ['/old/*', '/new?y=2', '/old/a?x=1', '/new?y=2'],
  ['/old/*', '/new?', '/old/a?x=1', '/new?'],
  ['/old/*', '/new#top', '/old/a?x=1', '/new?x=1#top'],
  ['/blog/:year/:name', '/:name/:year', '/blog/2026/a%20b', '/a%20b/2026'],
  ['/blog/:year/*', '/all/:year?from=*', '/blog/2026/a&b=c+d', '/all/2026?from=a%26b%3Dc%2Bd'],
  ['*.html', '*', '/a/b.html', '/a/b'],
  ['*.html', '/x*', '/a.html', '/x/a'],
  ['/*', 'https://example.com$path', '/a?b', 'https://example.com/a?b'],
  ['/*', 'https://example.com/*', '/a', 'https://example.com/a'],
  ['/*', 'https://Example.com:443', '/a?b', 'https://example.com/?b'],
  ['/*', 'http://example.com:8080?x', '/a', 'http://example.com:8080/?x'],
  ['/*', 'https://example.com#x', '/a', 'https://example.com/#x'],
  ['/a', '/ä', '/a', '/%C3%A4'],
  ['/caf%c3%a9/:x', '/:x', '/caf%C3%A9/y', '/y'],
  ['/p/*', '/$path', '/p/a', '/p/a'],
  ['/old/*', '/new/*', '//old/a', '/new/a'],
  ['/web/*', '/see/*', '/web/http://a', '/see/http://a'],
])('%s to %s: %s leads to %s', (pattern, to, from, expected) => {
  const made = compileRedirect(to, 301, [pattern])
  if (to === '*') return expect(made).toHaveProperty('error')
  expect('error' in made ? made.error : made.location(from)).toBe(expected)
})

test('of several patterns the one that matches tells the parts', () => {
  const made = redirect('/new/*', '/a/*', '/b/*')
  expect([made.location('/a/1'), made.location('/b/2')]).toEqual(['/new/1', '/new/2'])
  expect(made.examples).toEqual(['/a/x', '/b/x'])
})

test.each([
  ['', 'must be a path'],
  ['new', 'must be a path'],
  ['*', 'must be a path'],
  ['ftp://a.test/', 'must be a path'],
  ['javascript:alert(1)', 'must be a path'],
  ['https://', 'must name a host'],
  ['https:///x', 'must name a host'],
  ['https://$path', 'must name a host'],
  ['https://*', 'must name a host'],
  ['https://:name/x', 'must name a host'],
  ['https://example.com:name', 'must name a host'],
  ['https://user@example.com/', 'must name a host'],
  ['https://example.com*', 'must be a path'],
  ['https://example.com$pathx', 'must be a path'],
  ['/a b', 'must not hold'],
  ['/a\\b', 'must not hold'],
  ['/a\r\nb', 'must not hold'],
  ['/:other', 'no segment of every path'],
  ['/$host', "no other '$'"],
])('%p is refused: %s', (to, error) => {
  const made = compileRedirect(to, 302, ['/blog/:name'])
  expect('error' in made ? made.error : 'taken').toContain(error)
})

test("a '*' needs one in every path", () => {
  expect(compileRedirect('/new/*', 302, ['/a/*', '/b'])).toHaveProperty('error')
})

describe('property: never an open redirect', () => {
  const part = fc.constantFrom(
    '/',
    '//',
    '\\',
    'evil.test',
    '@',
    ':',
    '.',
    '..',
    '%2F',
    '%5C',
    '%09',
    'a',
    '?',
    '#',
    '*',
  )
  const path = fc
    .array(part, { maxLength: 8 })
    .map((parts) => normalTarget(`/${parts.join('').replaceAll(/[\\#]/g, '')}`))
    .filter((target) => target !== undefined)
  const pattern = fc.constantFrom('/*', '/old/*', '/:a/*', '*.test', '/:a', '/old*')
  const target = fc.constantFrom(
    '/*',
    '/:a',
    '/:a/*',
    '$path',
    '/$path',
    '/x*',
    '/x?*',
    '/.*',
    'https://good.test/*',
    'https://good.test$path',
    'https://good.test/:a',
    'https://good.test?*',
  )

  test('the host is the owner’s', () => {
    let checked = 0
    fc.assert(
      fc.property(path, pattern, target, (asked, from, to) => {
        const matches = pathMatcher(from)
        const made = compileRedirect(to, 302, [from])
        if (typeof matches !== 'function' || 'error' in made || !matches(asked.split('?')[0]!)) return
        checked++
        const location = made.location(asked)
        // Browsers read it like this.
        const url = new URL(location, 'http://here.test/somewhere')
        expect([location, url.host]).toEqual([
          location,
          to.startsWith('/') || to.startsWith('$') ? 'here.test' : 'good.test',
        ])
        expect(location).not.toMatch(/[\s\\\u0000-\u0020]/)
      }),
      { numRuns: 3000 },
    )
    expect(checked).toBeGreaterThan(100)
  })

  test('nothing that an owner may write throws, or leads elsewhere than it says', () => {
    const piece = fc.constantFrom(
      'https://',
      'http://',
      '/',
      '*',
      ':a',
      '$path',
      'good.test',
      '@',
      '?',
      '#',
      ':',
      '.',
      'x',
    )
    const to = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(fc.oneof(to, fc.string()), path, (written, asked) => {
        const made = compileRedirect(written, 302, ['/:a/*', '/*'])
        if ('error' in made) return
        const url = new URL(made.location(asked), 'http://here.test/')
        expect(url.host).toBe(
          made.origin === undefined
            ? 'here.test'
            : new URL(`${made.origin.scheme}://${made.origin.authority}`).host,
        )
      }),
      { numRuns: 2000 },
    )
  })
})
