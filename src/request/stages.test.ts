// What the settings of a route make of its requests: cookies, bypasses, lifetimes, validators; and requests that never
// reach the origin.
import { describe, expect, test } from 'bun:test'
import { TestEngine, type RequestOptions } from '../../testing/engine.ts'
import type { Bypass } from '../cube/y/route.ts'

const minute = { 'Cache-Control': 'max-age=60' }
const shared = { 'Cache-Control': 'public, max-age=60' }

describe('cookies', () => {
  test('that are ignored are hidden from the key and from the origin', () => {
    const engine = new TestEngine()
    engine.exchange({ fields: { Cookie: '_ga=1' } }, { ...minute, Vary: 'Cookie' }, 'page')
    expect(engine.origin.last.field('cookie')).toBeUndefined()
    expect(engine.ask({ fields: { Cookie: '_ga=2; _ga=3' } }).reply.body).toBe('page')
    expect(engine.ask().reply.body).toBe('page')
    engine.ask({ fields: { Cookie: 'a=1; _ga=4; b=2' } })
    expect(engine.origin.last.field('cookie')).toBe('a=1; b=2')
  })

  test('that remain share only what is explicitly shareable', () => {
    const own = { fields: { Cookie: 'session=1' } }
    const engine = new TestEngine()
    expect(engine.exchange(own, minute, 'own').reason).toBe('cookies')
    expect(engine.store.size).toBe(0)
    engine.exchange({}, minute, 'page')
    expect(engine.exchange(own, minute, 'own')).toMatchObject({ body: 'own', reason: 'cookies' })
    expect(engine.ask().reply.body).toBe('page')
    const open = new TestEngine()
    open.exchange(own, shared, 'page')
    expect(open.ask({ fields: { Cookie: 'session=2' } }).reply.body).toBe('page')
  })

  test('that a response varies on make their own variants', () => {
    const engine = new TestEngine()
    const fields = { ...shared, Vary: 'Cookie' }
    engine.exchange({ fields: { Cookie: 'lang=de' } }, fields, 'hallo')
    engine.exchange({ fields: { Cookie: 'lang=en; _ga=1' } }, fields, 'hello')
    expect(engine.ask({ fields: { Cookie: '_ga=2; lang=de' } }).reply.body).toBe('hallo')
    expect(engine.ask({ fields: { Cookie: 'lang=en' } }).reply.body).toBe('hello')
    expect(engine.ask().reply.outcome).toBe('waiting')
  })

  test('that are set are never stored, nor what sets them', () => {
    const engine = new TestEngine()
    const reply = engine.exchange({}, { ...shared, 'Set-Cookie': 'a=1' }, 'page')
    expect([reply.reason, reply.field('set-cookie')]).toEqual(['set-cookie', 'a=1'])
    expect(engine.store.size).toBe(0)
  })

  test('that are dropped neither go to the origin nor come from it, and all share', () => {
    const engine = new TestEngine({ policy: { cookies: 'drop' } })
    const reply = engine.exchange(
      { fields: { Cookie: 'session=1' } },
      { ...minute, 'Set-Cookie': 'a=1' },
      'page',
    )
    expect(engine.origin.last.field('cookie')).toBeUndefined()
    expect(reply.field('set-cookie')).toBeUndefined()
    const { reply: other } = engine.ask({ fields: { Cookie: 'session=2' } })
    expect([other.body, other.field('set-cookie')]).toEqual(['page', undefined])
  })
})

describe('a bypass', () => {
  test.each([
    [
      'bypass-cookie',
      { cookie: (name: string) => name === 'admin' },
      { fields: { Cookie: '_ga=1; admin=1' } },
    ],
    ['bypass-path', { path: (path: string) => path === '/page' }, { target: '/page?a' }],
    ['bypass-method', { method: (method: string) => method === 'HEAD' }, { method: 'HEAD' }],
  ] as [string, Partial<Bypass>, RequestOptions][])(
    '%s goes past the cache, both ways',
    (reason, bypass, options) => {
      const engine = new TestEngine({ bypass })
      engine.exchange({ target: '/stored' }, minute, 'page')
      for (let i = 0; i < 2; i++) {
        const { reply } = engine.ask(options)
        engine.origin.last.answer(200, shared, options.method === 'HEAD' ? '' : 'own')
        expect(reply.reason).toBe(reason)
        expect(reply.field('cache-status')).toBe(`Myriad; fwd=bypass; fwd-status=200; detail=${reason}`)
      }
      expect(engine.store.size).toBe(1)
    },
  )

  test('keeps every cookie, and every cookie that is set, whatever the route says of cookies', () => {
    const engine = new TestEngine({
      bypass: { cookie: (name) => name === 'admin' },
      policy: { cookies: 'drop', browserTtlSeconds: 5 },
    })
    const reply = engine.exchange(
      { fields: { Cookie: '_ga=1; admin=1' } },
      { 'Cache-Control': 'no-cache', 'Set-Cookie': 'a=1' },
    )
    expect(engine.origin.last.field('cookie')).toBe('_ga=1; admin=1')
    expect([reply.field('set-cookie'), reply.field('cache-control')]).toEqual(['a=1', 'no-cache'])
  })

  test('passes conditions and ranges on', () => {
    const engine = new TestEngine({ bypass: { path: () => true } })
    engine.ask({ fields: { 'If-None-Match': '"a"', Range: 'bytes=0-1' } })
    expect(engine.origin.last.field('if-none-match')).toBe('"a"')
    expect(engine.origin.last.field('range')).toBe('bytes=0-1')
  })
})

describe('a lifetime of the route', () => {
  test('fills silence, for requests that nothing tells apart', () => {
    const engine = new TestEngine({ policy: { ttlSeconds: 10 } })
    engine.exchange({}, {}, 'page')
    expect(engine.ask().reply.reason).toBe('fresh')
    engine.clock.advance(10_000)
    expect(engine.ask().reply.outcome).toBe('waiting')
    for (const fields of [{ Cookie: 'a=1' }, { Authorization: 'Basic x' }]) {
      const own = new TestEngine({ policy: { ttlSeconds: 10 } })
      own.exchange({ fields }, { ETag: '"a"' }, 'own')
      expect(own.store.size).toBe(0)
    }
  })

  test('does not win over what the response says', () => {
    for (const control of ['private', 'no-store', 'max-age=0', 'no-cache']) {
      const engine = new TestEngine({ policy: { ttlSeconds: 10 } })
      engine.exchange({}, { 'Cache-Control': control }, 'page')
      expect(engine.ask().reply.outcome).toBe('waiting')
    }
  })

  test('does win when it overrides', () => {
    for (const control of ['private', 'no-store', 'max-age=0', 'no-cache']) {
      const engine = new TestEngine({ policy: { ttlSeconds: 10, override: true, cookies: 'drop' } })
      engine.exchange({}, { 'Cache-Control': control, 'Set-Cookie': 'a=1' }, 'page')
      const { reply } = engine.ask({ fields: { Cookie: 'a=2' } })
      expect([reply.body, reply.field('set-cookie')]).toEqual(['page', undefined])
    }
  })

  test('for browsers is told in place of the response’s own, on the miss and on the hit', () => {
    const engine = new TestEngine({ policy: { browserTtlSeconds: 5 } })
    const first = engine.exchange(
      {},
      { 'Cache-Control': 'public, max-age=60, s-maxage=90', Expires: 'x' },
      'page',
    )
    for (const reply of [first, engine.ask().reply])
      expect([reply.field('cache-control'), reply.field('expires')]).toEqual(['public, max-age=5', undefined])
    engine.clock.advance(89_000)
    expect(engine.ask().reply.reason).toBe('fresh')
  })

  test('when it is over, stale answers while it is revalidated, or because the origin fails', () => {
    const engine = new TestEngine({ policy: { staleSeconds: 60 } })
    engine.exchange({}, minute, 'page')
    engine.clock.advance(61_000)
    expect(engine.ask().reply.reason).toBe('stale-while-revalidate')
  })
})

describe('a validator of the route', () => {
  test('is told, and judged here; the origin is asked with its own', () => {
    const engine = new TestEngine({ policy: { etag: 'v42' } })
    engine.exchange({}, { ...minute, ETag: '"own"' }, 'page')
    expect(engine.ask().reply.field('etag')).toBe('"v42"')
    expect(engine.ask({ fields: { 'If-None-Match': '"v42"' } }).reply.status).toBe(304)
    engine.clock.advance(61_000)
    engine.ask()
    expect(engine.origin.last.field('if-none-match')).toBe('"own"')
  })

  test('is told on the miss, too, and a copy that has it is good', () => {
    const engine = new TestEngine({ policy: { etag: 'v42' } })
    expect(engine.exchange({}, minute, 'page').field('etag')).toBe('"v42"')
    const { reply } = new TestEngine({ policy: { etag: 'v42' } }).ask()
    expect(reply.outcome).toBe('waiting')
    const other = new TestEngine({ policy: { etag: 'v42' } })
    expect(other.exchange({ fields: { 'If-None-Match': '"v42"' } }, minute, 'page').status).toBe(304)
  })
})

describe('what clients ask of the cache', () => {
  test.each(['no-cache', 'max-age=0', 'no-store'])('%s is advice from strangers', (control) => {
    const fields = { 'Cache-Control': control }
    const engine = new TestEngine()
    engine.exchange({}, { ...minute, ETag: '"a"' }, 'page')
    expect(engine.ask({ fields }).reply.body).toBe('page')
    const obeying = new TestEngine({ policy: { obeyRequestDirectives: true } })
    obeying.exchange({}, { ...minute, ETag: '"a"' }, 'page')
    expect(obeying.ask({ fields }).reply.outcome).toBe('waiting')
    expect(obeying.origin.last.field('if-none-match')).toBe(control === 'no-store' ? undefined : '"a"')
  })

  test('Pragma: no-cache is obeyed where Cache-Control says nothing', () => {
    const engine = new TestEngine({ policy: { obeyRequestDirectives: true } })
    engine.exchange({}, minute, 'page')
    expect(engine.ask({ fields: { Pragma: 'no-cache', 'Cache-Control': 'max-age=50' } }).reply.body).toBe(
      'page',
    )
    expect(engine.ask({ fields: { Pragma: 'no-cache' } }).reply.outcome).toBe('waiting')
  })

  test('If-Match is the origin’s to judge', () => {
    const engine = new TestEngine()
    engine.exchange({}, { ...minute, ETag: '"a"' }, 'page')
    expect(engine.exchange({ fields: { 'If-Match': '"b"' } }, {}, 'no', 412)).toMatchObject({
      status: 412,
      reason: 'if-match',
    })
    expect(engine.origin.last.field('if-match')).toBe('"b"')
    expect(engine.ask().reply.body).toBe('page')
  })
})

describe('never sent to the origin', () => {
  test('a request that has been here before', () => {
    const engine = new TestEngine()
    for (const value of [
      'myriad; id=here',
      'other, myriad;id=here',
      'myriad;a=b;id=here',
      'a b c, myriad; id=here',
    ]) {
      const { reply } = engine.ask({ fields: { 'CDN-Loop': value } })
      expect([value, reply.status, reply.reason]).toEqual([value, 508, 'loop'])
    }
    expect(engine.origin.exchanges).toHaveLength(0)
  })

  test('but one that has been at another is', () => {
    const engine = new TestEngine()
    for (const value of [
      'myriad; id=there',
      'other; id=here',
      'myriad; id=here2',
      'other; note="myriad; id=here"',
      'x',
    ])
      engine.ask({ fields: { 'CDN-Loop': value } })
    expect(engine.origin.exchanges.length).toBeGreaterThan(0)
    expect(engine.records.filter(({ reason }) => reason === 'loop')).toEqual([])
  })

  test('a request that no route takes', () => {
    const engine = new TestEngine({ under: '/page' })
    expect(engine.ask({ target: '/other' }).reply).toMatchObject({ status: 404, reason: 'no-route' })
    expect(engine.ask({ target: '/page?a' }).reply.outcome).toBe('waiting')
  })

  test('OPTIONS for this hop', () => {
    const engine = new TestEngine()
    const { reply } = engine.ask({ method: 'OPTIONS', target: '*', fields: { 'Max-Forwards': '0' } })
    expect(reply).toMatchObject({ status: 204, reason: 'max-forwards' })
    engine.ask({ method: 'OPTIONS', target: '*', fields: { 'Max-Forwards': '7' } })
    expect(engine.origin.last.field('max-forwards')).toBe('6')
    expect(engine.origin.last.request.pathAndQuery).toBe('*')
  })
})
