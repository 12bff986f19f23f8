// Answers that are not stored, coded while they pass through: for whom, which, and what becomes of slow and broken ones.
import { Transform } from 'node:stream'
import zlib, { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, spyOn, test } from 'bun:test'
import { fieldsOf, type FieldTable } from '../../testing/exchange.ts'
import { TestEngine, type EngineOptions, type RequestOptions } from '../../testing/engine.ts'
import type { FakeReply } from '../../testing/fake-reply.ts'

const page = '<li>a line of a page that is made for one visitor</li>\n'.repeat(60)
const html: FieldTable = { 'Content-Type': 'text/html', 'Cache-Control': 'no-store' }
const gzip = { 'Accept-Encoding': 'gzip' }
const asksGzip: RequestOptions = { fields: gzip }

/** Gives the coder's thread its turns until something has come about. */
async function until(come: () => boolean): Promise<void> {
  while (!come()) await new Promise(setImmediate)
}

const complete = (reply: FakeReply) => until(() => reply.outcome === 'complete')
const inflated = (bytes: Uint8Array) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()

async function answered(
  request: RequestOptions,
  fields: FieldTable = html,
  body = page,
  options: EngineOptions = {},
): Promise<FakeReply> {
  const reply = new TestEngine(options).exchange(request, fields, body)
  await complete(reply)
  return reply
}

/** Incompressible, so that what goes in comes out. */
const noise = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))

describe('an answer that is not stored', () => {
  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
    ['zstd', zstdDecompressSync],
  ] as const)('goes out as %s, and is the same when decoded', async (coding, decode) => {
    const reply = await answered({ fields: { 'Accept-Encoding': coding } })
    expect(reply.field('content-encoding')).toBe(coding)
    expect(reply.bytes.length).toBeLessThan(page.length / 3)
    expect(decode(reply.bytes).toString()).toBe(page)
  })

  test('tells nothing of the octets that it had', async () => {
    const reply = await answered(asksGzip, {
      ...html,
      'Accept-Ranges': 'bytes',
      'Content-Digest': 'sha-256=:AAAA:',
      'Content-MD5': 'AAAA',
      Digest: 'sha-256=AAAA',
      ETag: '"v1"',
      'Repr-Digest': 'sha-256=:AAAA:',
      Vary: 'Accept-Language',
    })
    expect([reply.bodyBytes, reply.field('etag'), reply.field('vary')]).toEqual([
      undefined,
      'W/"v1"',
      'Accept-Language, Accept-Encoding',
    ])
    for (const key of [
      'accept-ranges',
      'content-digest',
      'content-length',
      'content-md5',
      'digest',
      'repr-digest',
    ])
      expect(reply.field(key)).toBeUndefined()
  })

  test('keeps its trailers, but for digests', async () => {
    const engine = new TestEngine()
    const { reply } = engine.ask(asksGzip)
    engine.origin.last.head(200, html)
    engine.origin.last.data(page)
    engine.origin.last.end(fieldsOf({ 'Server-Timing': 'all;dur=7', 'Content-Digest': 'sha-256=:AAAA:' }))
    await complete(reply)
    expect(reply.trailers?.keys).toEqual(['server-timing'])
  })

  test('is told of by HEAD as GET would get it', async () => {
    const reply = await answered({ method: 'HEAD', fields: gzip }, { ...html, ETag: '"v1"' }, '')
    expect(reply.field('content-encoding')).toBeUndefined()
    const engine = new TestEngine()
    const long = engine.ask({ method: 'HEAD', fields: gzip }).reply
    engine.origin.last.head(200, { ...html, ETag: '"v1"', 'Content-Length': '5000' }, 0)
    engine.origin.last.end()
    await complete(long)
    expect(['content-encoding', 'content-length', 'etag', 'vary'].map((key) => long.field(key))).toEqual([
      'gzip',
      undefined,
      'W/"v1"',
      'Accept-Encoding',
    ])
    expect(long.body).toBe('')
  })

  test('says to who takes no coding that others get one', async () => {
    const reply = await answered({ fields: { 'Accept-Encoding': 'identity' } })
    expect([reply.body, reply.field('content-encoding'), reply.field('vary')]).toEqual([
      page,
      undefined,
      'Accept-Encoding',
    ])
  })
})

describe('as it came goes out', () => {
  test.each<[string, RequestOptions, EngineOptions?]>([
    ['what was made for cookies', { fields: { ...gzip, Cookie: 'session=1' } }],
    ['what was made for cookies beside ignored ones', { fields: { ...gzip, Cookie: '_ga=1; session=1' } }],
    ['what was made for Authorization', { fields: { ...gzip, Authorization: 'Basic YTpi' } }],
    [
      'what a route passes on with all its cookies',
      { fields: { ...gzip, Cookie: '_ga=1' } },
      { bypass: { path: () => true } },
    ],
    ['what was asked for a range of', { fields: { ...gzip, Range: 'bytes=0-9' } }],
    ['what was asked for without a word of codings', {}],
  ])('%s', async (_, request, options) => {
    const reply = await answered(request, html, page, options)
    expect([reply.body === page, reply.field('content-encoding')]).toEqual([true, undefined])
    expect(reply.field('vary')).toBeUndefined()
  })

  test.each<[string, FieldTable, string?, number?]>([
    ['what sets a cookie', { ...html, 'Set-Cookie': 'a=1' }],
    ['what says no-transform', { ...html, 'Cache-Control': 'no-store, no-transform' }],
    ['what is coded', { ...html, 'Content-Encoding': 'x' }],
    ['what is short', html, 'a'.repeat(255)],
    ['what gains nothing', { ...html, 'Content-Type': 'image/png' }],
    ['events', { ...html, 'Content-Type': 'text/event-stream' }],
    ['a part', { ...html, 'Content-Range': 'bytes 0-3299/9999' }, page, 206],
    ['an error', html, page, 500],
  ])('%s', async (_, fields, body = page, status = 200) => {
    const reply = new TestEngine().exchange(asksGzip, fields, body, status)
    await complete(reply)
    expect([reply.status, reply.body === body]).toEqual([status, true])
    expect(reply.field('content-encoding')).toBe(
      (fields as { 'Content-Encoding'?: string })['Content-Encoding']!,
    )
  })

  test('what is being stored, to its leader and its followers', async () => {
    const engine = new TestEngine()
    const askings = [engine.ask(asksGzip), engine.ask(asksGzip)]
    engine.origin.last.answer(200, { ...html, 'Cache-Control': 'max-age=60' }, page)
    for (const { reply } of askings)
      expect([reply.body === page, reply.field('content-encoding'), reply.field('vary')]).toEqual([
        true,
        undefined,
        'Accept-Encoding',
      ])
  })

  test('what comes when too many are being coded', async () => {
    const engine = new TestEngine()
    const begun = Array.from({ length: 129 }, (_, i) => {
      const asking = engine.ask({ ...asksGzip, target: `/${i}` })
      engine.origin.last.head(200, html)
      return asking
    })
    const codings = begun.map(({ reply }) => reply.field('content-encoding'))
    expect(codings).toEqual([...Array.from({ length: 128 }, () => 'gzip'), undefined as never])
    for (const { call } of begun) call?.gone()
    expect((await answered(asksGzip)).field('content-encoding')).toBe('gzip')
  })
})

test('an ignored cookie makes no secret: the origin has not seen it', async () => {
  const reply = await answered({ fields: { ...gzip, Cookie: '_ga=1' } })
  expect(inflated(reply.bytes)).toBe(page)
})

test.each(['gzip', 'br', 'zstd'])('a slow origin’s bytes are not held back: %s', async (coding) => {
  const engine = new TestEngine()
  const { reply } = engine.ask({ fields: { 'Accept-Encoding': coding } })
  engine.origin.last.head(200, html)
  const bytes = Buffer.from('first')
  engine.origin.last.data(bytes)
  // The codec overwrites or frees what the engine is done with.
  bytes.fill(0)
  await until(() => reply.bytes.length >= 'first'.length)
  const before = reply.bytes.length
  if (coding === 'gzip') expect(inflated(reply.bytes)).toBe('first')
  engine.origin.last.data('second')
  await until(() => reply.bytes.length > before)
  engine.origin.last.end()
  await complete(reply)
  const decode = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }[coding]!
  expect(decode(reply.bytes).toString()).toBe('firstsecond')
})

test('a client that takes nothing stops the origin, and gets all when it goes on', async () => {
  const engine = new TestEngine()
  const { reply, call } = engine.ask({ ...asksGzip, slow: true })
  const { last } = engine.origin
  last.head(200, html)
  const sent: Uint8Array[] = []
  const send = () => {
    sent.push(noise(32_768))
    last.data(sent.at(-1)!.slice())
  }
  send()
  await until(() => reply.bytes.length > 0)
  // The client has said to wait: what the coder keeps from here is bounded.
  const taken = reply.bytes.length
  for (let i = 0; i < 32 && !last.paused; i++) {
    send()
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }
  expect(last.paused).toBe(true)
  expect(sent.length).toBeLessThan(16)
  expect(reply.bytes.length).toBe(taken)
  reply.slow = false
  call!.writable()
  await until(() => !last.paused)
  last.end()
  await complete(reply)
  expect(Buffer.compare(gunzipSync(reply.bytes), Buffer.concat(sent))).toBe(0)
})

test('a client that goes on only after the origin has ended gets the rest', async () => {
  const engine = new TestEngine()
  const { reply, call } = engine.ask({ ...asksGzip, slow: true })
  const bytes = noise(200_000)
  engine.origin.last.head(200, html)
  for (let at = 0; at < bytes.length; at += 50_000) engine.origin.last.data(bytes.slice(at, at + 50_000))
  engine.origin.last.end()
  while (reply.outcome !== 'complete') {
    call!.writable()
    await new Promise(setImmediate)
  }
  expect(Buffer.compare(gunzipSync(reply.bytes), bytes)).toBe(0)
})

test('an origin that fails midway breaks the transfer', async () => {
  const engine = new TestEngine()
  const { reply } = engine.ask(asksGzip)
  engine.origin.last.head(200, html)
  engine.origin.last.data(page)
  engine.origin.last.fail('origin-closed')
  expect(reply.outcome).toBe('failed')
  const { length } = reply.bytes
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  expect([reply.outcome, reply.bytes.length]).toEqual(['failed', length])
})

test('a client that goes gives the origin up, and is sent nothing more', async () => {
  const engine = new TestEngine()
  const { reply, call } = engine.ask(asksGzip)
  engine.origin.last.head(200, html)
  engine.origin.last.data(page)
  call!.gone()
  expect(engine.origin.last.aborted).toBe(true)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  expect([reply.outcome, reply.body]).toEqual(['started', ''])
})

test('a coder that fails breaks the transfer, and gives the origin up', async () => {
  const broken = new Transform({
    transform: (_bytes, _encoding, done) => done(new Error('as the test says')),
  })
  const create = spyOn(zlib, 'createGzip').mockReturnValueOnce(broken as unknown as zlib.Gzip)
  const engine = new TestEngine()
  const { reply } = engine.ask(asksGzip)
  engine.origin.last.head(200, html)
  create.mockRestore()
  engine.origin.last.data(page)
  await until(() => reply.outcome === 'failed')
  expect(engine.origin.last.aborted).toBe(true)
})
