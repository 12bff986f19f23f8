// Requests beyond the limits of their route: which count, by what, and what the client is told.
import { describe, expect, test } from 'bun:test'
import { TestEngine, type EngineOptions, type RequestOptions } from '../../testing/engine.ts'
import type { RateKey, RateLimit } from '../cube/y/rate.ts'

const minute = { 'Cache-Control': 'max-age=60' }
const open = { 'Cache-Control': 'no-store' }

const limit = (burst: number, by: RateKey = { kind: 'address' }, index = 0): RateLimit => ({
  index,
  requests: burst,
  perMs: 60_000,
  burst,
  by,
})

const misses = (...limits: RateLimit[]): EngineOptions => ({ rates: { every: [], misses: limits } })
const every = (...limits: RateLimit[]): EngineOptions => ({ rates: { every: limits, misses: [] } })

/** A request that a trusted proxy passes on. */
const from = (address: string): RequestOptions => ({ trusted: true, fields: { 'X-Forwarded-For': address } })

const key = (value: string): RequestOptions => ({ fields: { 'X-Api-Key': value } })

/** The status of a request; 200 where the origin answers it. */
function status(engine: TestEngine, options: RequestOptions = {}): number {
  const asked = engine.origin.exchanges.length
  const { reply } = engine.ask(options)
  if (engine.origin.exchanges.length > asked) engine.origin.last.answer(200, open, 'body')
  return reply.status!
}

test('a request over the limit is 429, and does not reach the origin', () => {
  const engine = new TestEngine(misses(limit(2)))
  expect([status(engine), status(engine)]).toEqual([200, 200])
  const { reply, call } = engine.ask()
  expect([reply.status, call]).toEqual([429, undefined])
  expect(engine.origin.exchanges).toHaveLength(2)
  expect(reply.field('retry-after')).toBe('30')
  expect(reply.field('ratelimit-policy')).toBe('"address";q=2;w=60')
  expect(reply.field('ratelimit')).toBe('"address";r=0;t=30')
  expect(reply.field('cache-control')).toBe('no-store')
  expect(engine.records.at(-1)).toEqual({ tier: 'self', reason: 'rate-limit', status: 429 })
  engine.clock.advance(30_000)
  expect([status(engine), status(engine)]).toEqual([200, 429])
})

test('what the cache answers does not count, unless it is to', () => {
  for (const [options, expected] of [
    [misses(limit(1)), 200],
    [every(limit(1)), 429],
  ] as const) {
    const engine = new TestEngine(options)
    engine.exchange({}, minute)
    expect(engine.ask().reply.status).toBe(expected)
  }
})

test('a stored response that has to be validated, or is passed by, is asked for', () => {
  const engine = new TestEngine(misses(limit(2)))
  engine.exchange({}, { ...minute, ETag: '"1"' })
  expect(status(engine, { method: 'POST', fields: { 'Content-Length': '0' } })).toBe(200)
  engine.clock.advance(1_000)
  expect(engine.ask({ fields: { Range: 'bytes=0-0' } }).reply.status).toBe(429)
})

test('one who waits for the fetch of another is counted once, whatever comes of it', () => {
  const engine = new TestEngine(misses(limit(2)))
  engine.ask()
  const { reply } = engine.ask()
  // It may not be shared: the follower asks for itself.
  engine.origin.last.answer(200, open, 'one')
  expect(engine.origin.exchanges).toHaveLength(2)
  engine.origin.last.answer(200, open, 'two')
  expect(reply.status).toBe(200)
  expect(status(engine)).toBe(429)
})

test('a QUERY is counted when its body is there, and its call ends', () => {
  const engine = new TestEngine(misses(limit(1)))
  const ask = () => {
    const { reply, call } = engine.ask({ method: 'QUERY', fields: { 'Content-Length': '1' } })
    call!.data(Buffer.from('q'))
    call!.end(undefined)
    return reply
  }
  ask()
  engine.origin.last.answer(200, open, 'one')
  expect(ask().status).toBe(429)
})

describe('by', () => {
  test('address: that of the client of a trusted proxy; a network of IPv6 is one', () => {
    const engine = new TestEngine(misses(limit(1)))
    expect(status(engine, from('198.51.100.1'))).toBe(200)
    expect(status(engine, from('198.51.100.1'))).toBe(429)
    expect(status(engine, from('198.51.100.2'))).toBe(200)
    expect(status(engine, from('2001:db8::1'))).toBe(200)
    expect(status(engine, from('2001:db8::2'))).toBe(429)
    expect(status(engine, { fields: { 'X-Forwarded-For': '198.51.100.3' } })).toBe(200)
    expect(status(engine, { fields: { 'X-Forwarded-For': '198.51.100.4' } })).toBe(429)
  })

  test('header or cookie: by its value; without it by address', () => {
    for (const [by, fields] of [
      [{ kind: 'header', name: 'x-api-key' }, (value: string) => ({ 'X-Api-Key': value })],
      [{ kind: 'cookie', name: 'session' }, (value: string) => ({ Cookie: `_ga=1; session=${value}` })],
    ] as const) {
      const engine = new TestEngine(misses(limit(1, by)))
      expect(status(engine, { fields: fields('a') })).toBe(200)
      expect(status(engine, { fields: fields('a') })).toBe(429)
      expect(status(engine, { fields: fields('b') })).toBe(200)
      expect(status(engine)).toBe(200)
      expect(status(engine)).toBe(429)
      // A value that reads like the address is another key than the address.
      expect(status(engine, { fields: fields('192.0.2.7') })).toBe(200)
    }
  })
})

test('several limits all hold', () => {
  const engine = new TestEngine(misses(limit(3), limit(1, { kind: 'header', name: 'x-api-key' }, 1)))
  expect(status(engine, key('a'))).toBe(200)
  const { reply } = engine.ask(key('a'))
  expect(reply.field('ratelimit-policy')).toBe('"x-api-key";q=1;w=60')
  expect([status(engine, key('b')), status(engine, key('c'))]).toEqual([200, 429])
})

test('a banned client of a trusted proxy is 403', () => {
  const engine = new TestEngine({ isBanned: (address) => address === '198.51.100.1' })
  expect(engine.ask(from('198.51.100.1')).reply.status).toBe(403)
  expect(engine.records.at(-1)).toEqual({ tier: 'self', reason: 'banned', status: 403 })
  expect(status(engine, from('198.51.100.2'))).toBe(200)
})

test('a body that is longer than the route takes is 413, before the origin is asked', () => {
  const engine = new TestEngine({ bodyBytesMax: 10 })
  const post = (length: string) => status(engine, { method: 'POST', fields: { 'Content-Length': length } })
  expect([post('10'), post('11')]).toEqual([200, 413])
  expect(engine.origin.exchanges).toHaveLength(1)
})
