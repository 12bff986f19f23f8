// Which rule a request takes: the first that matches, as if each were asked in order.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { resolvedRules } from '../../../testing/rules.ts'
import { Fields } from '../../http/fields.ts'
import { PlainRequest } from '../../http/plain-request.ts'
import { patternPath } from './pattern.ts'

const request = (pathAndQuery: string, { method = 'GET', host = 'a.test', cookie = '' } = {}): PlainRequest =>
  new PlainRequest({
    method,
    scheme: 'http',
    authority: host,
    target: { raw: pathAndQuery, pathAndQuery },
    fields: cookie === '' ? new Fields() : Fields.of([['Cookie', cookie]]),
  })

/** The place of the rule that a request takes. */
const taken = (rules: readonly object[], ...asked: Parameters<typeof request>): number => {
  const table = resolvedRules(rules)
  return table.rules.findIndex((rule) => rule === table.match(request(...asked)))
}

describe('a request takes', () => {
  const rules = [
    { path: '/a/*', bypass: true },
    { path: '/a/b', ttl: '1m' },
    { path: ['/x', '*.jpg'], host: '*.b.test', ttl: '1m' },
    { path: '/', ttl: '1m' },
    { cookie: 'beta*', bypass: true },
    { method: ['GET', 'POST'], path: '/m', ttl: '1m' },
    { path: '/:seg/end', ttl: '1m' },
  ]
  test.each([
    ['/a/b', {}, 0],
    ['/a', {}, -1],
    ['/x', { host: 'c.b.test' }, 2],
    ['/x', { host: 'b.test' }, -1],
    ['/y/z.jpg?q', { host: 'c.b.test:81' }, 2],
    ['/', {}, 3],
    ['/?a', {}, 3],
    ['/q', { cookie: 'x=1; beta_1=2' }, 4],
    ['/q', { cookie: 'x=beta' }, -1],
    ['/m', {}, 5],
    ['/m', { method: 'HEAD' }, 5],
    ['/m', { method: 'POST' }, 5],
    ['/m', { method: 'PUT' }, -1],
    ['/%C3%A4/end', {}, 6],
    ['//a//b', {}, 0],
    ['//', {}, 3],
    ['//?a', {}, 3],
    ['*', { method: 'OPTIONS', cookie: 'beta=1' }, -1],
  ] as [string, object, number][])('%p %j: %p', (path, about, expected) => {
    expect(taken(rules, path, about)).toBe(expected)
  })
})

test('property: the look at one character never hides a rule', () => {
  const pattern = fc
    .array(fc.constantFrom('/', 'a', 'b', '*', ':s', '?'), { maxLength: 4 })
    .map((pieces) => `/${pieces.join('').replaceAll('?', '')}`)
  const path = fc
    .array(fc.constantFrom('/', 'a', 'b', '?', '%20'), { maxLength: 5 })
    .map((pieces) => `/${pieces.join('')}`)
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), path, (patterns, asked) => {
      const rules = patterns.map((written) => ({ path: written, ttl: '1m' }))
      const table = resolvedRules(rules)
      const plain = table.rules.find(({ match }) => match.path(patternPath(asked)))
      expect(table.match(request(asked))).toBe(plain!)
    }),
    { numRuns: 500 },
  )
})

test('by country: of the first rule for it, and of none where it is not known', () => {
  const table = resolvedRules([
    { path: '/a', country: ['DE', 'FR'], bypass: true },
    { country: 'FR', bypass: true },
  ])
  const place = (path: string, country?: string): number =>
    table.rules.findIndex((rule) => rule === table.match(request(path), () => country))
  expect([place('/a', 'DE'), place('/a', 'FR'), place('/b', 'FR')]).toEqual([0, 0, 1])
  expect([place('/b', 'DE'), place('/a', 'IT'), place('/a')]).toEqual([-1, -1, -1])
  expect([table.asksCountry, resolvedRules([{ bypass: true }]).asksCountry]).toEqual([true, false])
})
