// What an explanation says: the decisions of production, in words.
import { expect, test } from 'bun:test'
import { resolveSite } from '../config/resolve.ts'
import type { Site } from '../config/site.ts'
import { Fields } from '../http/fields.ts'
import { explain, type Asked } from './explain.ts'

const nowMs = Date.UTC(2026, 0, 1)

function siteOf(cache: unknown, rules: unknown, rate: unknown): Site {
  const config = {
    rules,
    services: { shop: { origin: 'http://127.0.0.1:9000' } },
    routes: [{ path: '/*', host: ['localhost', 'a.example'], cache, rate }],
  }
  const resolved = resolveSite(config, {
    folder: '/',
    fileExists: () => true,
    readFile: () => undefined,
    nowMs: () => 0,
  })
  if (resolved.kind === 'wrong') throw new Error('the configuration is wrong')
  return resolved.site
}

function said(cache: unknown, asked: Partial<Asked>, rules?: unknown, rate?: unknown): string {
  const request: Asked = {
    method: 'GET',
    scheme: 'http',
    authority: 'localhost',
    rawTarget: '/',
    fields: new Fields(),
    ...asked,
  }
  return explain(siteOf(cache, rules, rate), request, nowMs)
    .map((line) => line.join(': '))
    .join('\n')
}

const cookie = (value: string): Fields => Fields.of([['Cookie', value]])

test('host, target in its normal form, route, service and key', () => {
  const text = said({}, { authority: 'A.Example:80', rawTarget: '/x/../%7ea?b' })
  expect(text).toContain('host: a.example\n')
  expect(text).toContain('target: /~a?b, the normal form of /x/../%7ea?b')
  expect(text).toContain('route: localhost,a.example/*, answered by shop at http://127.0.0.1:9000')
  expect(text).toContain('key: http://a.example/~a?b')
})

test('requests that are refused', () => {
  expect(said({}, { rawTarget: '/%00' })).toContain('answer: 400')
  expect(said({}, { authority: 'a b' })).toContain('answer: 400')
  expect(said({}, { authority: 'b.example' })).toContain('answer: 404: no route')
})

test('cookies: hidden, remaining or dropped, by name and never by value', () => {
  const fields = cookie('_ga=SECRET; session=SECRET; theme=SECRET')
  const text = said({ cookies: { ignore: 'theme' } }, { fields })
  expect(text).toContain('hidden from the key and from the application: _ga, theme')
  expect(text).toContain('remain, so that only explicitly shareable answers are shared: session')
  expect(text).not.toContain('SECRET')
  expect(said({ cookies: 'drop' }, { fields })).toContain(
    'dropped, here and in responses: _ga, session, theme',
  )
  expect(said({ cookies: 'keep' }, { fields })).not.toContain('hidden')
})

test('why the cache is not used', () => {
  expect(said({}, { method: 'POST' })).toContain('cache: not used: the method is not cacheable (method)')
  expect(said({ bypass: { path: '/a' } }, { rawTarget: '/a?b' })).toContain('(bypass-path)')
  expect(said({ bypass: { cookie: 's*' } }, { fields: cookie('session=1') })).toContain('(bypass-cookie)')
})

test('a bypass by cookie looks at cookies that the cache drops', () => {
  const cache = { cookies: 'drop', bypass: { cookie: 'login_*' } }
  expect(said(cache, { fields: cookie('login_1=1') })).toContain('(bypass-cookie)')
})

test('what would be stored follows the settings of the route and the request', () => {
  expect(said({}, {})).toContain(': an answer without cache fields: not stored')
  expect(said({ ttl: '1h' }, {})).toContain(': an answer without cache fields: stored, fresh for 1h')
  expect(said({ ttl: '1h' }, { fields: cookie('session=1') })).toContain('without cache fields: not stored')
  expect(said({}, {})).toContain('Cache-Control: private: not stored: the response says private (private)')
  expect(said({}, {})).toContain('Cache-Control: max-age=60: stored, fresh for 1m')
})

test('a rule is named with what it does', () => {
  const rules = [
    { path: '/old/*', redirect: { to: '/new/*', status: 301 } },
    { path: '/slow', ttl: '2h' },
    { cookie: 'beta', bypass: true },
  ]
  const redirect = said({}, { rawTarget: '/old/a?b' }, rules)
  expect(redirect).toContain('rule: rules[0] (path /old/*): redirects to /new/* (301)')
  expect(redirect).toContain('answer: 301 to /new/a?b: a page rule redirects (redirect)')
  const slow = said({}, { rawTarget: '/slow' }, rules)
  expect(slow).toContain('rule: rules[1] (path /slow): ttl 2h')
  expect(slow).toContain('an answer without cache fields: stored, fresh for 2h')
  expect(said({}, { fields: cookie('beta=1') }, rules)).toContain(
    'cache: not used: a page rule bypasses the cache',
  )
  expect(said({}, { rawTarget: '/other' }, rules)).not.toContain('rule:')
})

test('a request is judged as one on its way', () => {
  const withIfMatch = Fields.of([['If-Match', '"a"']])
  expect(said({}, { fields: withIfMatch })).toContain('cache: not used: the request has a precondition')
  expect(said({}, { method: 'PURGE' })).toContain('(purge)')
})

test('how many requests the route takes', () => {
  const text = said({}, {}, undefined, { requests: 10, per: '1m' })
  expect(text).toContain('rate: 10 requests that the cache does not answer in 1m, 10 at once, by address')
  expect(text).toContain('(rate-limit)')
})
