// Error pages: in whose place they stand, with which status and fields, and that they are stored for nobody.
import { describe, expect, test } from 'bun:test'
import { TestEngine, type RequestOptions } from '../../testing/engine.ts'
import { fieldsOf } from '../../testing/exchange.ts'
import { FakeReply } from '../../testing/fake-reply.ts'
import { rulesOf } from '../../testing/rules.ts'
import type { Pourable } from '../base/outbox.ts'
import { ErrorPageReply } from './error-page.ts'

const minute = { 'Cache-Control': 'max-age=60' }

/** The file's body is its path. */
const page = '/site/page.html'

const withErrors = (errors: object, more: object = {}): TestEngine =>
  new TestEngine({ rules: rulesOf([{ errors, ...more }]) })

const asked = (engine: TestEngine, options: RequestOptions = {}) => engine.ask(options).reply

describe('a page from a file', () => {
  const errors = { '404': './page.html', '5xx': './page.html' }

  test("stands in for the body of the origin's answer, with its status", () => {
    const engine = withErrors(errors)
    const fields = {
      'Content-Type': 'text/plain',
      'Retry-After': '5',
      'Set-Cookie': 'a=b',
      ETag: '"1"',
      'Content-Language': 'de',
    }
    const reply = engine.exchange({}, fields, 'gone wrong', 503)
    expect(reply).toMatchObject({ status: 503, body: page, outcome: 'complete' })
    expect(reply.field('cache-status')).toContain('fwd-status=503')
    const told = [
      'content-type',
      'content-length',
      'cache-control',
      'retry-after',
      'set-cookie',
      'etag',
      'content-language',
    ]
    expect(told.map((key) => reply.field(key))).toEqual([
      'text/html; charset=utf-8',
      String(page.length),
      'no-store',
      '5',
      'a=b',
      undefined,
      undefined,
    ])
    expect(engine.records).toEqual([{ tier: 'origin', reason: 'set-cookie', status: 503 }])
  })

  test('leaves other statuses alone', () => {
    const engine = withErrors(errors)
    expect(engine.exchange({}, {}, 'no', 403).body).toBe('no')
    expect(engine.exchange({}, minute, 'yes').body).toBe('yes')
    expect(asked(engine)).toMatchObject({ body: 'yes', reason: 'fresh' })
  })

  test("stands in for failures of Myriad's own", () => {
    const engine = withErrors(errors)
    const reply = asked(engine)
    engine.origin.last.fail('connect-refused')
    expect(reply).toMatchObject({ status: 502, body: page, reason: 'origin-refused' })
    const outside = new TestEngine({ under: '/site', rules: rulesOf([{ errors }]) })
    expect(asked(outside)).toMatchObject({ status: 404, body: page, reason: 'no-route' })
    expect(asked(outside, { method: 'HEAD' })).toMatchObject({ status: 404, body: '' })
  })

  test('stands in on hits, while what is stored is what the origin said', () => {
    const engine = withErrors(errors)
    expect(engine.exchange({}, minute, 'own words', 404).body).toBe(page)
    const hit = asked(engine)
    expect(hit).toMatchObject({ status: 404, body: page, reason: 'fresh' })
    expect(hit.field('age')).toBeUndefined()
    const stored = engine.store.get('http://a.test/page')!.only!
    expect(stored.identity.body.toString()).not.toContain('site')
    expect(Buffer.from(stored.identity.body).toString()).toBe('own words')
    expect(engine.origin.exchanges).toHaveLength(1)
  })

  test('is not shown where a stale page may be', () => {
    const engine = withErrors(errors)
    engine.exchange({}, { 'Cache-Control': 'max-age=60, stale-if-error=600' }, 'old')
    engine.clock.advance(61_000)
    const reply = asked(engine)
    engine.origin.last.answer(503, {}, 'no')
    expect(reply).toMatchObject({ status: 200, body: 'old', reason: 'stale-if-error' })
  })

  test('is for all who wait for the same answer', () => {
    const engine = withErrors(errors)
    const replies = [asked(engine), asked(engine), asked(engine)]
    engine.origin.last.answer(404, minute, 'no')
    expect(engine.origin.exchanges).toHaveLength(1)
    for (const reply of replies) expect(reply).toMatchObject({ status: 404, body: page })
  })

  test('has no body for HEAD', () => {
    const engine = withErrors(errors)
    const { reply } = engine.ask({ method: 'HEAD' })
    engine.origin.last.head(404, { 'Content-Length': '7' })
    engine.origin.last.end()
    expect(reply).toMatchObject({ status: 404, body: '' })
    expect(reply.field('content-length')).toBe(String(page.length))
  })

  test('hides an answer that breaks off', () => {
    const engine = withErrors(errors)
    const { reply } = engine.ask()
    engine.origin.last.head(500, {}, 100)
    engine.origin.last.data('half')
    engine.origin.last.fail('origin-closed')
    expect(reply).toMatchObject({ status: 500, body: page, outcome: 'complete' })
  })
})

describe("a page of the site's own", () => {
  const errors = { '4xx': '/sorry?404', '5xx': '/sorry' }

  test('is asked for, and stands in when it has come', () => {
    const engine = withErrors(errors, { response: { set: { 'X-A': 'b' } } })
    const { reply } = engine.ask({ fields: { Cookie: 'a=b' } })
    engine.origin.last.answer(404, {}, 'no')
    expect(reply.outcome).toBe('waiting')
    const { request } = engine.origin.last
    expect([request.method, request.pathAndQuery, engine.origin.last.field('cookie')]).toEqual([
      'GET',
      '/sorry?404',
      undefined,
    ])
    engine.origin.last.answer(200, { 'Content-Type': 'text/x' }, 'sorry')
    expect(reply).toMatchObject({ status: 404, body: 'sorry' })
    expect([reply.field('content-type'), reply.field('x-a')]).toEqual(['text/x', 'b'])
    expect(engine.records).toHaveLength(1)
  })

  test('comes from the cache, when the origin is away as well', () => {
    const engine = withErrors(errors)
    engine.exchange({ target: '/sorry' }, minute, 'sorry')
    const reply = asked(engine)
    engine.origin.last.fail('connect-refused')
    expect(reply).toMatchObject({ status: 502, body: 'sorry', reason: 'origin-refused' })
    expect(engine.origin.exchanges).toHaveLength(2)
  })

  test.each([
    ['fails itself', (engine: TestEngine) => engine.origin.last.answer(500, {}, 'worse')],
    ['is away', (engine: TestEngine) => engine.origin.last.fail('connect-refused')],
    ['is too long', (engine: TestEngine) => engine.origin.last.answer(200, {}, 'x'.repeat(65_537))],
    ['is coded', (engine: TestEngine) => engine.origin.last.answer(200, { 'Content-Encoding': 'br' }, 'x')],
    [
      'breaks off',
      (engine: TestEngine) => {
        engine.origin.last.head(200, {}, 9)
        engine.origin.last.data('x')
        engine.origin.last.fail('origin-closed')
      },
    ],
  ])('that %s leaves the answer as it was', (_, fail) => {
    const engine = withErrors(errors)
    const reply = asked(engine)
    engine.origin.last.answer(404, { 'Content-Type': 'text/y' }, 'no')
    fail(engine)
    expect(reply).toMatchObject({ status: 404, body: 'no', outcome: 'complete' })
    expect(reply.field('content-type')).toBe('text/y')
    expect(engine.origin.exchanges).toHaveLength(2)
  })

  test('leaves a failure of Myriad’s own as it was, too', () => {
    const engine = withErrors(errors)
    const reply = asked(engine)
    engine.origin.last.fail('connect-refused')
    engine.origin.last.fail('connect-refused')
    expect(reply).toMatchObject({ status: 502, body: '502 connect-refused: no connection to the origin\n' })
  })

  test('of a long answer that is not to be had leaves a few words', () => {
    const engine = withErrors(errors)
    const reply = asked(engine)
    engine.origin.last.answer(500, {}, 'x'.repeat(65_537))
    engine.origin.last.answer(500, {}, 'worse')
    expect(reply).toMatchObject({ status: 500, body: '500\n' })
  })

  test('that is stored stays where it is when the answer leaves the store meanwhile', () => {
    const engine = withErrors(errors)
    engine.exchange({}, minute, 'kept', 404)
    engine.origin.last.answer(200, {}, 'sorry')
    const reply = asked(engine)
    engine.engine.clear()
    engine.origin.last.fail('connect-refused')
    expect(reply).toMatchObject({ status: 404, body: 'kept' })
  })
})

test('a file is poured past the rule, one that a page stands in for is closed', () => {
  const poured: unknown[] = []
  class Pouring extends FakeReply {
    pour(body: Pourable): void {
      poured.push(body)
    }
  }
  const errors = rulesOf([{ errors: { '404': './page.html' } }])[0]!.action
  const pages = errors.kind === 'change' ? errors.actions.errors! : undefined
  const body = {
    leftBytes: 4,
    closed: false,
    announce: () => 0,
    pour: () => 'done' as const,
    close: () => void (body.closed = true),
  }
  const begin = (inner: FakeReply, status: number): void => {
    const reply = new ErrorPageReply(inner, pages!, () => undefined)
    reply.start({ status, reason: '', fields: fieldsOf({ 'Cache-Status': 'Myriad; detail=file' }) }, 4, true)
    reply.pour?.(body)
    reply.finish(undefined)
  }
  begin(new Pouring(), 200)
  expect([poured, body.closed]).toEqual([[body], false])
  const replaced = new Pouring()
  begin(replaced, 404)
  expect([poured.length, body.closed, replaced.body]).toEqual([1, true, page])
  expect(new ErrorPageReply(new FakeReply(), pages!, () => undefined).pour).toBeUndefined()
})
