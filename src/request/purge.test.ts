// PURGE: what it empties, for whom, and what is on its way when it comes.
import { describe, expect, test } from 'bun:test'
import { TestEngine, type RequestOptions } from '../../testing/engine.ts'

const minute = { 'Cache-Control': 'max-age=60' }

/** From a client that may: the test's engine allows those that it trusts. */
const purge = (engine: TestEngine, options: RequestOptions = {}) =>
  engine.ask({ method: 'PURGE', trusted: true, ...options }).reply

const body = (engine: TestEngine, options: RequestOptions = {}) => purge(engine, options).body

const query = (engine: TestEngine, content: string) => {
  const asking = engine.ask({ method: 'QUERY', fields: { 'Content-Length': String(content.length) } })
  asking.call!.data(Buffer.from(content))
  asking.call!.end(undefined)
  return asking
}

describe('a purge', () => {
  test('empties the URL, and says of how many responses', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute, 'old')
    engine.exchange({ target: '/other' }, minute, 'other')
    const reply = purge(engine)
    expect(reply).toMatchObject({ status: 200, body: 'purged: 1 stored response\n', reason: 'purge' })
    expect(reply.field('cache-control')).toBe('no-store')
    expect(engine.records.at(-1)).toEqual({ tier: 'self', reason: 'purge', status: 200 })
    expect(engine.exchange({}, minute, 'new').body).toBe('new')
    expect(engine.ask({ target: '/other' }).reply.body).toBe('other')
    expect(engine.origin.exchanges.map(({ request }) => request.method)).not.toContain('PURGE')
  })

  test('is answered when there is nothing to empty', () => {
    expect(body(new TestEngine())).toBe('purged: 0 stored responses\n')
  })

  test('is refused to others, and goes to no origin', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute, 'old')
    expect(purge(engine, { trusted: false })).toMatchObject({ status: 403, reason: 'purge-refused' })
    expect(engine.ask().reply.body).toBe('old')
    expect(engine.origin.exchanges).toHaveLength(1)
  })

  test('is refused whatever else the route says of the method', () => {
    const engine = new TestEngine({ bypass: { method: () => true, path: () => true } })
    expect(purge(engine, { trusted: false }).status).toBe(403)
    expect(purge(engine).status).toBe(200)
    expect(engine.origin.exchanges).toHaveLength(0)
  })

  test('of a URL that no route takes is 404', () => {
    const engine = new TestEngine({ under: '/site' })
    expect(purge(engine)).toMatchObject({ status: 404, reason: 'no-route' })
  })

  test('takes all variants with it', () => {
    const engine = new TestEngine()
    for (const kind of ['a', 'b', 'c'])
      engine.exchange({ fields: { 'X-Kind': kind } }, { ...minute, Vary: 'X-Kind' }, kind)
    expect(body(engine)).toBe('purged: 3 stored responses\n')
    expect(engine.store.size).toBe(0)
  })

  test('takes the answers to QUERY with it', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute, 'page')
    for (const content of ['one', 'two']) {
      query(engine, content)
      engine.origin.last.answer(200, minute, `about ${content}`)
    }
    expect(query(engine, 'one').reply.body).toBe('about one')
    expect(body(engine)).toBe('purged: 3 stored responses\n')
    expect([engine.store.size, engine.engine.queryKeys]).toEqual([0, 0])
    query(engine, 'one')
    expect(engine.origin.exchanges).toHaveLength(4)
  })

  test.each([['http://A.test:80/x/../%70age'], ['/./%70age']])(
    'knows the page by another spelling: %p',
    (target) => {
      const engine = new TestEngine()
      engine.exchange({}, minute, 'page')
      expect(body(engine, { target })).toBe('purged: 1 stored response\n')
    },
  )

  test('is of one URL: another query or host is another', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute)
    expect(body(engine, { target: '/page?a' })).toBe('purged: 0 stored responses\n')
    expect(body(engine, { fields: { Host: 'b.test' } })).toBe('purged: 0 stored responses\n')
    expect(engine.store.size).toBe(1)
  })

  test('lets requests be collapsed again that were not shareable before', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'no-store' })
    engine.ask()
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(3)
    purge(engine)
    engine.ask()
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(4)
  })
})

describe('what was fetched before a purge is not stored', () => {
  test('when its head has not come', () => {
    const engine = new TestEngine()
    const before = engine.ask()
    const old = engine.origin.last
    purge(engine)
    const after = engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
    engine.origin.last.answer(200, minute, 'new')
    old.answer(200, minute, 'old')
    expect([before.reply.body, after.reply.body]).toEqual(['old', 'new'])
    expect(engine.ask().reply).toMatchObject({ body: 'new', reason: 'fresh' })
  })

  test('when its body is on the way', () => {
    const engine = new TestEngine()
    const before = engine.ask()
    const old = engine.origin.last
    old.head(200, minute, 6)
    old.data('old')
    purge(engine)
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
    old.data('old')
    old.end()
    expect(before.reply).toMatchObject({ body: 'oldold', outcome: 'complete' })
    expect(engine.store.size).toBe(0)
  })

  test('and those who waited for it ask anew', () => {
    const engine = new TestEngine()
    engine.ask()
    const old = engine.origin.last
    const followers = [engine.ask(), engine.ask()]
    purge(engine)
    old.answer(200, minute, 'old')
    expect(engine.origin.exchanges).toHaveLength(2)
    engine.origin.last.answer(200, minute, 'new')
    for (const { reply } of followers) expect(reply.body).toBe('new')
  })

  test('when it only confirms what was stored', () => {
    const engine = new TestEngine()
    engine.exchange({}, { ...minute, ETag: '"1"' }, 'old')
    engine.clock.advance(61_000)
    const { reply } = engine.ask()
    const confirming = engine.origin.last
    purge(engine)
    confirming.answer(304, { ETag: '"1"' })
    engine.origin.last.answer(200, { ...minute, ETag: '"2"' }, 'new')
    expect(reply.body).toBe('new')
    expect(engine.ask().reply.body).toBe('new')
  })

  test('when it is a revalidation that nobody waits for', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'max-age=60, stale-while-revalidate=60' }, 'old')
    engine.clock.advance(61_000)
    expect(engine.ask().reply.reason).toBe('stale-while-revalidate')
    purge(engine)
    engine.origin.last.answer(200, minute, 'old too')
    expect(engine.store.size).toBe(0)
  })

  test('for other URLs it is', () => {
    const engine = new TestEngine()
    engine.ask({ target: '/other' })
    purge(engine)
    engine.origin.last.answer(200, minute, 'other')
    expect(engine.store.size).toBe(1)
  })
})

test('everything is dropped at once, also what is on its way', () => {
  const engine = new TestEngine()
  for (const target of ['/a', '/b'])
    for (const kind of ['1', '2'])
      engine.exchange({ target, fields: { 'X-Kind': kind } }, { ...minute, Vary: 'X-Kind' })
  engine.ask({ target: '/c' })
  expect(engine.engine.clear()).toBe(4)
  engine.origin.last.answer(200, minute)
  expect(engine.store.size).toBe(0)
})
