// Stored responses in the codings that clients take: each made once, each a representation of its own.
import { describe, expect, test } from 'bun:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { TestEngine } from '../../testing/engine.ts'
import type { FieldTable } from '../../testing/exchange.ts'

const page = 'a page of text '.repeat(200)
const long = 'a page of text, and more of it '.repeat(3000)
const html = { 'Cache-Control': 'max-age=60', 'Content-Type': 'text/html; charset=utf-8', ETag: '"v"' }
const gzip = { fields: { 'Accept-Encoding': 'gzip' } }

function stored(fields: FieldTable = html, body = page): TestEngine {
  const engine = new TestEngine()
  engine.exchange({}, fields, body)
  return engine
}

/** Asks until the coded form is there, which another thread makes. */
async function coded(engine: TestEngine): Promise<ReturnType<TestEngine['ask']>['reply']> {
  for (;;) {
    const { reply } = engine.ask(gzip)
    if (reply.field('content-encoding') !== undefined) return reply
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('a client that takes a coding', () => {
  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
    ['zstd', zstdDecompressSync],
  ])('%s gets it, with fields of its own', (coding, decode) => {
    const engine = stored({ ...html, 'Content-Digest': 'sha-256=:x:', 'Accept-Ranges': 'bytes' })
    const { reply } = engine.ask({ fields: { 'Accept-Encoding': coding } })
    expect(decode(reply.bytes).toString()).toBe(page)
    expect(reply.field('content-encoding')).toBe(coding)
    expect(reply.field('content-length')).toBe(String(reply.bytes.length))
    expect(reply.field('etag')).toBe('W/"v"')
    expect(reply.field('vary')).toBe('Accept-Encoding')
    expect([reply.field('content-digest'), reply.field('accept-ranges')]).toEqual([undefined, undefined])
  })

  test('gets the best of those that it takes equally', () => {
    const { reply } = stored().ask({ fields: { 'Accept-Encoding': 'gzip, deflate, br, zstd' } })
    expect(reply.field('content-encoding')).toBe('zstd')
  })

  test('each is made once and counted in the store', () => {
    const engine = stored()
    const before = engine.store.bytes
    engine.ask(gzip)
    const after = engine.store.bytes
    expect(after).toBeGreaterThan(before)
    for (let i = 0; i < 3; i++) engine.ask(gzip)
    expect(engine.store.bytes).toBe(after)
  })

  test('one that takes none gets it as it came, told that others get another', () => {
    const { reply } = stored().ask()
    expect([reply.body, reply.field('etag'), reply.field('vary')]).toEqual([page, '"v"', 'Accept-Encoding'])
    expect(reply.field('content-encoding')).toBeUndefined()
  })

  test('with a copy of the coded form is told that it is still good', () => {
    const engine = stored()
    engine.ask(gzip)
    const fields = { ...gzip.fields, 'If-None-Match': 'W/"v"' }
    const { reply } = engine.ask({ fields })
    expect([reply.status, reply.field('etag'), reply.field('vary')]).toEqual([
      304,
      'W/"v"',
      'Accept-Encoding',
    ])
  })

  test('gets ranges of what it is without coding', () => {
    const engine = stored()
    engine.ask(gzip)
    const { reply } = engine.ask({ fields: { ...gzip.fields, Range: 'bytes=2-5' } })
    expect([reply.status, reply.body, reply.field('etag')]).toEqual([206, 'page', '"v"'])
    expect(reply.field('content-encoding')).toBeUndefined()
  })

  test('is answered HEAD with the fields of the coded form', () => {
    const engine = stored()
    const { reply } = engine.ask(gzip)
    const head = engine.ask({ ...gzip, method: 'HEAD' }).reply
    expect([head.body, head.field('content-length')]).toEqual(['', String(reply.bytes.length)])
  })
})

describe('never coded is', () => {
  test.each([
    ['what says no-transform', { ...html, 'Cache-Control': 'max-age=60, no-transform' }, page],
    ['what is coded', { ...html, 'Content-Encoding': 'x' }, page],
    ['what gains nothing', { ...html, 'Content-Type': 'image/png' }, page],
    ['what says no type', { 'Cache-Control': 'max-age=60' }, page],
    ['what is short', html, 'a'.repeat(255)],
  ])('%s', (_, fields, body) => {
    const { reply } = stored(fields, body).ask(gzip)
    expect([reply.body, reply.field('content-encoding')]).toEqual([
      body,
      (fields as FieldTable)['Content-Encoding'] as never,
    ])
    expect(reply.field('vary')).toBeUndefined()
  })

  test('what does not become smaller', () => {
    const body = Buffer.from(crypto.getRandomValues(new Uint8Array(400)))
      .toString('base64')
      .slice(0, 300)
    const engine = stored(html, body)
    for (let i = 0; i < 2; i++) {
      const { reply } = engine.ask({ fields: { 'Accept-Encoding': 'gzip;q=0.5, identity;q=0.1' } })
      if (reply.field('content-encoding') === undefined) expect(reply.body).toBe(body)
      else expect(reply.bytes.length).toBeLessThan(body.length)
    }
  })

  // What a visitor can put into a page could be compared with what is secret in it (BREACH).
  test.each([{ Cookie: 'a=1' }, { Authorization: 'Basic x' }])('what is not stored, for %j', (own) => {
    const engine = new TestEngine()
    const fields = { ...gzip.fields, ...own }
    const reply = engine.exchange({ fields }, { ...html, 'Cache-Control': 'no-store' }, page)
    expect([reply.body, reply.field('content-encoding')]).toEqual([page, undefined])
  })
})

describe('a long body', () => {
  test('goes out as it is until its coded form is there', async () => {
    const engine = stored(html, long)
    expect(engine.ask(gzip).reply.body === long).toBe(true)
    const reply = await coded(engine)
    expect(gunzipSync(reply.bytes).toString() === long).toBe(true)
  })

  test('that leaves while it is being coded is read to its end, and then freed', async () => {
    const engine = stored(html, long)
    const { bytes } = engine.store.get('http://a.test/page')!.variants[0]!.identity.source!
    engine.ask(gzip)
    engine.engine.clear()
    expect(bytes.length).toBeGreaterThan(0)
    while (bytes.length > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(engine.store.bytes).toBe(0)
  })

  test('that is validated while it is being coded does not get the fields of before', async () => {
    const engine = stored({ ...html, 'X-Time': 'one' }, long)
    engine.ask(gzip)
    engine.clock.advance(61_000)
    engine.ask()
    engine.origin.last.head(304, { ...html, 'X-Time': 'two' })
    engine.origin.last.end()
    const reply = await coded(engine)
    expect(reply.field('x-time')).toBe('two')
    expect(gunzipSync(reply.bytes).toString() === long).toBe(true)
  })
})

test('validation keeps the body, and makes the coded forms anew with the new fields', () => {
  const engine = stored({ ...html, 'X-Time': 'one' })
  const source = engine.store
    .get('http://a.test/page')!
    .variants[0]!.representation('gzip', () => true).source!
  engine.clock.advance(61_000)
  engine.ask()
  engine.origin.last.head(304, { ...html, 'X-Time': 'two' })
  engine.origin.last.end()
  const { reply } = engine.ask(gzip)
  expect([gunzipSync(reply.bytes).toString(), reply.field('x-time')]).toEqual([page, 'two'])
  expect(source.bytes.length).toBe(0)
})
