// Page rules on the way of a request: what clients and origins see of them, and what is stored.
import { describe, expect, test } from 'bun:test'
import { TestEngine } from '../../testing/engine.ts'
import { rulesOf } from '../../testing/rules.ts'

const minute = { 'Cache-Control': 'max-age=60' }

const withRules = (...rules: object[]): TestEngine => new TestEngine({ rules: rulesOf(rules) })

describe('a redirect', () => {
  test('is answered without the origin', () => {
    const engine = withRules({ path: '/old/*', redirect: { to: '/new/*', status: 308 } })
    const { reply, call } = engine.ask({ target: '/old/a?b' })
    expect(call).toBeUndefined()
    expect(reply).toMatchObject({ status: 308, body: '308: /new/a?b\n', reason: 'redirect' })
    expect(reply.field('location')).toBe('/new/a?b')
    expect(engine.ask({ target: '/old/', method: 'HEAD' }).reply.body).toBe('')
    expect(engine.origin.exchanges).toHaveLength(0)
    expect(engine.records[0]).toEqual({ tier: 'self', reason: 'redirect', status: 308 })
  })

  test('is for a host that no route takes, too', () => {
    const engine = new TestEngine({ under: '/site', rules: rulesOf([{ path: '/x', redirect: '/site' }]) })
    expect([engine.ask({ target: '/x' }).reply.status, engine.ask({ target: '/y' }).reply.status]).toEqual([
      302, 404,
    ])
  })

  test('does not redirect a purge', () => {
    const engine = withRules({ path: '/page', redirect: '/other' })
    expect(engine.ask({ method: 'PURGE', trusted: true }).reply.status).toBe(200)
  })
})

describe('a rule', () => {
  test('is the first that matches, and no other', () => {
    const engine = withRules(
      { path: '/page', response: { set: { 'X-One': '1' } } },
      { path: '/*', response: { set: { 'X-Two': '2' } } },
    )
    const reply = engine.exchange({}, minute)
    expect([reply.field('x-one'), reply.field('x-two')]).toEqual(['1', undefined])
    expect(engine.exchange({ target: '/other' }, minute).field('x-two')).toBe('2')
  })

  test('with bypass passes the cache, with the fields that it changes', () => {
    const engine = withRules({
      cookie: 'beta',
      bypass: true,
      request: { set: { 'X-Beta': '1' } },
      response: { set: { 'X-Seen': '1' } },
    })
    engine.exchange({}, minute, 'for all')
    const beta = { fields: { Cookie: 'beta=1; _ga=2' } }
    const reply = engine.exchange(beta, minute, 'for beta')
    expect(reply).toMatchObject({ body: 'for beta', reason: 'bypass-rule' })
    expect(reply.field('cache-status')).toContain('fwd=bypass')
    expect(reply.field('x-seen')).toBe('1')
    expect(engine.origin.last.field('x-beta')).toBe('1')
    expect(engine.origin.last.field('cookie')).toBe('beta=1; _ga=2')
    const other = engine.ask().reply
    expect([other.body, other.field('x-seen')]).toEqual(['for all', undefined])
  })

  test('with a cookie takes no field away from visitors who have another rule', () => {
    for (const first of [{ ttl: '10s' }, { errors: { '404': '/missing' } }]) {
      const engine = withRules(
        { path: '/page', cookie: 'beta', ...first },
        {
          path: '/page',
          request: { set: { 'X-Tenant': 'a' } },
          response: { set: { 'X-Frame-Options': 'DENY' } },
        },
      )
      const reply = engine.exchange(
        { fields: { Cookie: 'beta=1' } },
        { 'Cache-Control': 'public, max-age=60' },
      )
      expect([reply.field('x-frame-options'), engine.origin.last.field('x-tenant')]).toEqual(['DENY', 'a'])
      expect(engine.ask().reply.field('x-frame-options')).toBe('DENY')
      expect(engine.origin.exchanges).toHaveLength(1)
    }
  })

  test('with a ttl gives silent answers a lifetime', () => {
    const engine = withRules({ path: '/page', ttl: '30s' })
    engine.exchange({}, {})
    engine.exchange({ target: '/other' }, {})
    expect(engine.ask().reply.field('cache-status')).toBe('Myriad; hit; ttl=30; detail=fresh')
    engine.ask({ target: '/other' })
    expect(engine.origin.exchanges).toHaveLength(3)
  })

  test('changes fields on the way to the origin, whatever the client sent', () => {
    const engine = withRules({ request: { set: { 'X-Tenant': 'a' }, remove: ['Accept-Language'] } })
    engine.ask({ fields: { 'X-Tenant': 'evil', 'Accept-Language': 'de' } })
    expect(engine.origin.last.field('x-tenant')).toBe('a')
    expect(engine.origin.last.field('accept-language')).toBeUndefined()
  })

  test('changes fields on the way to clients: at first, on hits, and in 304', () => {
    const changes = { set: { 'Cache-Control': 'public, max-age=5' }, remove: ['Server', 'Set-Cookie'] }
    const engine = withRules({ response: changes })
    const fields = { 'Cache-Control': 'max-age=60', Server: 'x', ETag: '"1"' }
    const replies = [
      engine.exchange({}, fields),
      engine.ask().reply,
      engine.ask({ fields: { 'If-None-Match': '"1"' } }).reply,
    ]
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 304])
    for (const reply of replies)
      expect([reply.field('cache-control'), reply.field('server')]).toEqual(['public, max-age=5', undefined])
    // What is stored, and for how long, the origin has said.
    engine.clock.advance(50_000)
    expect(engine.ask().reply.reason).toBe('fresh')
    const cookie = engine.exchange({ target: '/c' }, { ...fields, 'Set-Cookie': 'a=b' })
    expect([cookie.field('set-cookie'), cookie.reason]).toEqual([undefined, 'set-cookie'])
  })
})
