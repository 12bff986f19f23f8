// What is stored, what is not, and why.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  answered,
  asked,
  dateAfter,
  policyWith,
  receivedMs,
  storedFrom,
  targetUri,
  type FieldTable,
} from '../../testing/exchange.ts'
import { openPolicy, type CachePolicy } from './policy.ts'
import { storable } from './storable.ts'

const times = { requestMs: receivedMs, responseMs: receivedMs }
const fresh = { 'Cache-Control': 'max-age=60' }

interface About {
  readonly request?: FieldTable
  readonly status?: number
  readonly method?: string
  readonly policy?: CachePolicy
}

function verdict(response: FieldTable, about: About = {}): string {
  const facts = asked(about.request, about.method)
  const head = answered(response, about.status)
  const decision = storable(facts, head, times, about.policy ?? openPolicy, targetUri)
  return decision.kind === 'pass' ? decision.reason : 'store'
}

describe('methods (RFC 9111 §3)', () => {
  test.each([
    ['GET', 'store'],
    ['QUERY', 'store'],
    ['HEAD', 'method'],
    ['POST', 'method'],
    ['PUT', 'method'],
    ['M-SEARCH', 'method'],
  ])('%s: %s', (method, expected) => {
    expect(verdict(fresh, { method })).toBe(expected)
  })

  test('a POST whose answer is that of its own target is stored for GET (RFC 9110 §9.3.3)', () => {
    const own = { ...fresh, 'Content-Location': '/page' }
    expect(verdict(own, { method: 'POST' })).toBe('store')
    expect(verdict({ ...own, 'Content-Location': targetUri }, { method: 'POST' })).toBe('store')
    expect(verdict({ ...own, 'Content-Location': '/other' }, { method: 'POST' })).toBe('method')
    expect(verdict({ ...own, 'Content-Location': 'http://b.test/page' }, { method: 'POST' })).toBe('method')
    expect(verdict({ 'Content-Location': '/page', ETag: '"a"' }, { method: 'POST' })).toBe('method')
    expect(verdict(own, { method: 'POST', status: 201 })).toBe('method')
    expect(verdict(own, { method: 'PUT' })).toBe('method')
  })
})

describe('statuses', () => {
  test.each([200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599])(
    '%i with a stated lifetime is stored',
    (status) => {
      expect(verdict(fresh, { status })).toBe('store')
    },
  )

  test.each([100, 103, 304, 412, 416, 417])('%i never', (status) => {
    expect(verdict({ 'Cache-Control': 'public, max-age=60' }, { status })).toBe('status')
  })

  test.each([201, 202, 302, 403, 502, 599])('%i needs words about caching', (status) => {
    const validators = { 'Last-Modified': dateAfter(-86_400), ETag: '"a"' }
    expect(verdict(validators, { status })).toBe('status')
    expect(verdict({ ...validators, Expires: dateAfter(5) }, { status })).toBe('store')
    expect(verdict({ ...validators, 'Cache-Control': 'public' }, { status })).toBe('store')
  })

  test('must-understand has no-store ignored for a status that is understood (§5.2.2.3)', () => {
    const fields = { 'Cache-Control': 'max-age=60, no-store, must-understand' }
    expect(verdict(fields)).toBe('store')
    expect(verdict(fields, { status: 599 })).toBe('not-understood')
    expect(verdict({ 'Cache-Control': 'max-age=60, must-understand' }, { status: 599 })).toBe(
      'not-understood',
    )
  })
})

describe('directives', () => {
  test.each([
    [{ 'Cache-Control': 'no-store' }, 'no-store'],
    [{ 'Cache-Control': 'max-age=60, No-Store', Expires: dateAfter(60) }, 'no-store'],
    [{ 'Cache-Control': 'private, max-age=60' }, 'private'],
    [{ 'CDN-Cache-Control': 'private', 'Cache-Control': 'max-age=60' }, 'private'],
    [{ 'CDN-Cache-Control': 'max-age=60', 'Cache-Control': 'no-store' }, 'store'],
    [{ 'Cache-Control': 'private="x", max-age=60' }, 'store'],
    [{ 'Cache-Control': 'no-cache', ETag: '"a"' }, 'store'],
    [{ 'Cache-Control': 'no-cache, max-age=60' }, 'no-lifetime'],
    [{}, 'no-lifetime'],
    [{ ETag: '"a"' }, 'store'],
    [{ 'Last-Modified': dateAfter(-10) }, 'store'],
    [{ 'Last-Modified': 'x' }, 'no-lifetime'],
    [{ 'Cache-Control': 'max-age=0' }, 'no-lifetime'],
    [{ 'Cache-Control': 'max-age=0, stale-if-error=60' }, 'store'],
    [{ 'Cache-Control': 'max-age=60', Age: '7200' }, 'store'],
    [{ ...fresh, Vary: '*' }, 'vary-any'],
    [{ ...fresh, Vary: ['', '*'] }, 'vary-any'],
    [{ ...fresh, Vary: 'Foo, *' }, 'vary-any'],
    [{ ...fresh, Pragma: 'no-cache' }, 'store'],
  ])('%j: %s', (fields, expected) => {
    expect(verdict(fields as FieldTable)).toBe(expected)
  })

  test('no-store of a request counts only where the owner says so', () => {
    const request = { 'Cache-Control': 'no-store' }
    expect(verdict(fresh, { request })).toBe('store')
    expect(verdict(fresh, { request, policy: policyWith({ obeyRequestDirectives: true }) })).toBe(
      'request-no-store',
    )
  })
})

describe('Authorization (§3.5)', () => {
  const request = { Authorization: 'Basic eA==' }
  test.each([
    ['max-age=60', 'authorization'],
    ['max-age=60, public', 'store'],
    ['max-age=60, must-revalidate', 'store'],
    ['s-maxage=60', 'store'],
    ['max-age=60, proxy-revalidate', 'authorization'],
  ])('%s: %s', (cacheControl, expected) => {
    expect(verdict({ 'Cache-Control': cacheControl }, { request })).toBe(expected)
  })

  test("the owner's lifetime is no word about it, overriding or not", () => {
    expect(verdict({ ETag: '"a"' }, { request, policy: policyWith({ ttlSeconds: 60 }) })).toBe(
      'authorization',
    )
    const override = policyWith({ ttlSeconds: 60, override: true, cookies: 'drop' })
    expect(verdict({}, { request, policy: override })).toBe('authorization')
  })
})

describe('cookies', () => {
  const request = { Cookie: 'session=1; _ga=2' }
  test.each([
    [{ 'Cache-Control': 'max-age=60' }, 'cookies'],
    [{ 'Cache-Control': 'max-age=60, must-revalidate' }, 'cookies'],
    [{ 'Last-Modified': dateAfter(-1000) }, 'cookies'],
    [{ 'Cache-Control': 'max-age=60, public' }, 'store'],
    [{ 'Cache-Control': 's-maxage=60' }, 'store'],
    [{ 'CDN-Cache-Control': 'max-age=60' }, 'store'],
    [{ 'CDN-Cache-Control': 'stale-if-error=60', ETag: '"a"' }, 'cookies'],
  ])('a request with cookies and %j: %s', (fields, expected) => {
    expect(verdict(fields as FieldTable, { request })).toBe(expected)
  })

  test('ignored cookies are none', () => {
    expect(verdict(fresh, { request: { Cookie: '_ga=2' } })).toBe('store')
  })

  test("the owner's ttl fills silence only without cookies", () => {
    const policy = policyWith({ ttlSeconds: 60 })
    expect(verdict({}, { policy })).toBe('store')
    expect(verdict({}, { policy, request })).toBe('cookies')
  })

  test('Set-Cookie is never stored', () => {
    for (const cacheControl of ['max-age=60', 'public, max-age=60', 's-maxage=60'])
      expect(verdict({ 'Cache-Control': cacheControl, 'Set-Cookie': 'a=b' })).toBe('set-cookie')
    expect(verdict({ 'Set-Cookie': 'a=b', ETag: '"a"' }, { policy: policyWith({ ttlSeconds: 60 }) })).toBe(
      'set-cookie',
    )
  })

  test('but where the owner says so, and the response is explicitly shareable', () => {
    const policy = policyWith({ storeSetCookie: true })
    expect(verdict({ ...fresh, 'Set-Cookie': 'a=b' }, { policy })).toBe('store')
    expect(verdict({ 'Last-Modified': dateAfter(-1000), 'Set-Cookie': 'a=b' }, { policy })).toBe('set-cookie')
  })

  test('and where the response itself takes it out', () => {
    const fields = { 'Cache-Control': 'max-age=60, private="Set-Cookie"', 'Set-Cookie': 'a=b' }
    expect(storedFrom(fields).fields.has('set-cookie')).toBe(false)
  })

  test('dropping cookies drops Set-Cookie', () => {
    const policy = policyWith({ cookies: 'drop' })
    expect(storedFrom({ ...fresh, 'Set-Cookie': ['a=b', 'c=d'] }, { policy }).fields.has('set-cookie')).toBe(
      false,
    )
  })
})

describe('parts (§3.3)', () => {
  const part = (range: string, more: FieldTable = {}): FieldTable => ({
    ...fresh,
    'Content-Range': range,
    ...more,
  })

  test('are stored as an incomplete 200, without what only fits this part', () => {
    const stored = storedFrom(part('bytes 4-9/10', { 'Content-Length': '6' }), { status: 206 })
    expect(stored).toMatchObject({
      status: 200,
      reason: 'OK',
      content: { kind: 'part', first: 4, last: 9, total: 10 },
    })
    expect(stored.fields.has('content-range') || stored.fields.has('content-length')).toBe(false)
    expect(storedFrom(part('bytes 4-9/*'), { status: 206 }).content).toMatchObject({ total: undefined })
  })

  test('one that is shorter than it says ends the representation, if it says that it does', () => {
    const shorter = storedFrom(part('bytes 4-9/10', { 'Content-Length': '5' }), { status: 206 })
    expect(shorter.content).toEqual({ kind: 'part', first: 4, last: 8, total: 9 })
  })

  test.each([
    [part('bytes 4-8/10', { 'Content-Length': '4' })],
    [part('bytes 4-9/10', { 'Content-Length': '7' })],
    [part('bytes 4-9/10', { 'Content-Length': '0' })],
    [part('bytes 4-9/*', { 'Content-Length': '5' })],
    [part('bytes 9-4/10')],
    [part('items 4-9/10')],
    [part('bytes */10')],
    [{ ...fresh, 'Content-Type': 'multipart/byteranges; boundary=x' }],
  ])('%j cannot be stored', (fields) => {
    expect(verdict(fields, { status: 206 })).toBe('partial')
  })

  test('a Content-Range on anything but 206 means nothing', () => {
    const stored = storedFrom(part('bytes 4-9/10'))
    expect(stored.content.kind).toBe('whole')
    expect(stored.fields.get('content-range')).toBe('bytes 4-9/10')
  })
})

describe('stored fields (§3.1)', () => {
  test('all but hop-by-hop fields, those of proxies, Age, and those that may not be stored', () => {
    const stored = storedFrom({
      'Cache-Control': ['max-age=60', 'no-cache="a", private="B"'],
      Date: dateAfter(0),
      Connection: 'c',
      'Keep-Alive': 'x',
      'Proxy-Authenticate': 'x',
      'Proxy-Authentication-Info': 'x',
      'Proxy-Authorization': 'x',
      'Proxy-Connection': 'x',
      TE: 'x',
      'Transfer-Encoding': 'x',
      Upgrade: 'x',
      Age: '1',
      A: '1',
      B: '2',
      C: '3',
      D: '4',
      'Content-Encoding': 'x',
      'X-Content-Foo': 'x',
    })
    expect(stored.fields.names).toEqual([
      'Cache-Control',
      'Cache-Control',
      'Date',
      'D',
      'Content-Encoding',
      'X-Content-Foo',
    ])
    expect(stored.noCache).toBe(false)
  })

  test('without a valid Date it gets the time of receipt (RFC 9110 §6.6.1)', () => {
    expect(storedFrom(fresh).fields.get('date')).toBe(dateAfter(0))
    expect(storedFrom({ ...fresh, Date: 'foo' }).fields.get('date')).toBe(dateAfter(0))
    expect(storedFrom({ ...fresh, Date: [dateAfter(-9), dateAfter(-9)] }).fields.all('date')).toEqual([
      dateAfter(0),
    ])
    expect(storedFrom({ ...fresh, Date: dateAfter(-9) }).fields.get('date')).toBe(dateAfter(-9))
  })
})

describe("the owner's validator", () => {
  const policy = policyWith({ etag: 'v42' })

  test('is what clients get; the origin is asked with its own', () => {
    const stored = storedFrom({ ...fresh, ETag: 'W/"x"' }, { policy })
    expect(stored).toMatchObject({ etag: '"v42"', originEtag: 'W/"x"' })
    expect(stored.fields.all('etag')).toEqual(['"v42"'])
    expect(storedFrom(fresh, { policy })).toMatchObject({ etag: '"v42"', originEtag: undefined })
  })

  test('is for whole 200s, and differs between variants', () => {
    expect(storedFrom(fresh, { policy, status: 404 }).etag).toBeUndefined()
    expect(
      storedFrom({ ...fresh, 'Content-Range': 'bytes 0-1/4' }, { policy, status: 206 }).etag,
    ).toBeUndefined()
    const varying = { ...fresh, Vary: 'Foo' }
    const one = storedFrom(varying, { policy, request: { Foo: '1' } }).etag
    const two = storedFrom(varying, { policy, request: { Foo: '2' } }).etag
    expect(one).toMatch(/^"v42-[\w-]{12}"$/)
    expect(one).not.toBe(two)
  })

  test('alone makes nothing storable', () => {
    expect(verdict({}, { policy })).toBe('no-lifetime')
  })
})

const window = (
  cacheControl: string,
  policy: CachePolicy = openPolicy,
): readonly [number, number, boolean] => {
  const stored = storedFrom({ 'Cache-Control': cacheControl, ETag: '"a"' }, { policy })
  const seconds = (ms: number): number => (ms - stored.freshUntilMs) / 1000
  return [seconds(stored.staleWhileRevalidateUntilMs), seconds(stored.staleIfErrorUntilMs), stored.neverStale]
}

describe('windows of stale', () => {
  const owner = policyWith({ staleSeconds: 100 })

  test.each([
    ['max-age=1', openPolicy, [0, 0, false]],
    ['max-age=1, stale-while-revalidate=5, stale-if-error=6', openPolicy, [5, 6, false]],
    ['max-age=1, stale-while-revalidate=5', owner, [5, 100, false]],
    ['max-age=1', owner, [100, 100, false]],
    ['max-age=1, must-revalidate, stale-if-error=6', owner, [0, 0, true]],
    ['max-age=1, proxy-revalidate, stale-while-revalidate=6', owner, [0, 0, true]],
    ['max-age=1, no-cache, stale-while-revalidate=6', owner, [0, 0, true]],
    ['s-maxage=1', owner, [0, 0, true]],
    ['max-age=0', owner, [0, 0, false]],
    ['foo', owner, [0, 0, false]],
    ['s-maxage=1, stale-while-revalidate=5', owner, [5, 0, true]],
  ] as const)('%s', (cacheControl, policy, expected) => {
    expect(window(cacheControl, policy)).toEqual([...expected])
  })
})

test('property: no response that says no-store or private is stored, whatever else it and the request say', () => {
  const forbidding = fc.constantFrom('no-store', 'private', 'No-Store', 'PRIVATE')
  const other = fc.constantFrom(
    'public',
    'max-age=60',
    's-maxage=60',
    'must-revalidate',
    'no-cache="a"',
    'immutable',
    'x="y,z"',
  )
  const fields = fc.dictionary(
    fc.constantFrom('ETag', 'Last-Modified', 'Expires', 'Date', 'Vary', 'Set-Cookie', 'Age', 'Content-Range'),
    fc.oneof(fc.constantFrom('"a"', dateAfter(60), 'Foo', '5'), fc.string()),
  )
  const request = fc.dictionary(
    fc.constantFrom('Cookie', 'Authorization', 'Range', 'Cache-Control', 'Foo'),
    fc.string(),
  )
  const policy = fc.record({
    ttlSeconds: fc.constantFrom(undefined, 60),
    staleSeconds: fc.constantFrom(undefined, 60),
    storeSetCookie: fc.boolean(),
    obeyRequestDirectives: fc.boolean(),
    staleOnDisconnect: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(other),
      forbidding,
      fc.array(other),
      fields,
      request,
      fc.integer({ min: 100, max: 599 }),
      policy,
      (before, word, after, more, requested, status, changes) => {
        const response = { ...more, 'Cache-Control': [...before, word, ...after].join(', ') }
        expect(verdict(response, { request: requested, status, policy: policyWith(changes) })).not.toBe(
          'store',
        )
      },
    ),
  )
})
