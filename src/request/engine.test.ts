// The way of a request as clients and origins see it: what is answered from the store, and what becomes of it there.
// Long because each part of the engine is short, and they are tested through the same door.
import { describe, expect, test } from 'bun:test'
import { TestEngine } from '../../testing/engine.ts'

const minute = { 'Cache-Control': 'max-age=60' }
const withTag = { ...minute, ETag: '"v1"' }

/** Sends a QUERY with its content, in pieces. */
const query = (
  engine: TestEngine,
  content: string,
  length = content.length,
): ReturnType<TestEngine['ask']> => {
  const asking = engine.ask({ method: 'QUERY', fields: { 'Content-Length': String(length) } })
  if (asking.call === undefined) return asking
  for (const piece of content.match(/.{1,3000}/g) ?? []) asking.call.data(Buffer.from(piece))
  asking.call.end(undefined)
  return asking
}

const part = (range: string) => ({ ...withTag, 'Content-Range': `bytes ${range}` })

describe('a stored response', () => {
  test('is served without the origin, with its age, until its lifetime is over', () => {
    const engine = new TestEngine()
    const first = engine.exchange({}, minute, 'page')
    expect(first.field('cache-status')).toBe('Myriad; fwd=uri-miss; fwd-status=200; stored; detail=miss')
    engine.clock.advance(7_000)
    const { reply, call } = engine.ask()
    expect(call).toBeUndefined()
    expect(reply).toMatchObject({ status: 200, body: 'page', reason: 'fresh' })
    expect(reply.field('age')).toBe('7')
    expect(reply.field('cache-status')).toBe('Myriad; hit; ttl=53; detail=fresh')
    engine.clock.advance(53_000)
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
    expect(engine.records).toEqual([
      { tier: 'origin', reason: 'miss', status: 200 },
      { tier: 'memory', reason: 'fresh', status: 200 },
    ])
  })

  test('is told apart by host and by target', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute, 'page')
    engine.ask({ target: '/page?a' })
    engine.ask({ fields: { Host: 'b.test' } })
    expect(engine.origin.exchanges).toHaveLength(3)
    expect(engine.ask({ target: 'http://A.test:80/x/../%70age' }).reply.body).toBe('page')
  })

  test('answers HEAD with the fields alone', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute, 'page')
    const { reply } = engine.ask({ method: 'HEAD' })
    expect(reply).toMatchObject({ status: 200, body: '', reason: 'fresh' })
    expect(reply.field('content-length')).toBe('4')
  })

  test('is chosen by Vary; what a request lacks is another variant', () => {
    const engine = new TestEngine()
    const fields = { ...minute, Vary: 'X-Kind' }
    engine.exchange({ fields: { 'X-Kind': 'a' } }, fields, 'for a')
    const none = engine.exchange({}, fields, 'for none')
    expect(none.reason).toBe('vary-miss')
    expect(engine.ask({ fields: { 'X-Kind': 'a' } }).reply.body).toBe('for a')
    expect(engine.ask().reply.body).toBe('for none')
    expect(engine.store.size).toBe(1)
  })

  test('is of at most so many variants', () => {
    const engine = new TestEngine()
    for (let i = 0; i < 100; i++)
      engine.exchange({ fields: { 'X-Kind': String(i) } }, { ...minute, Vary: 'X-Kind' }, String(i))
    expect(engine.ask({ fields: { 'X-Kind': '99' } }).reply.body).toBe('99')
    expect(engine.store.get('http://a.test/page')!.variants.length).toBeLessThanOrEqual(64)
  })

  test('only-if-cached is answered either way', () => {
    const engine = new TestEngine()
    const fields = { 'Cache-Control': 'only-if-cached' }
    expect(engine.ask({ fields }).reply).toMatchObject({ status: 504, reason: 'only-if-cached' })
    engine.exchange({}, minute, 'page')
    expect(engine.ask({ fields }).reply.body).toBe('page')
  })

  test('everything can be dropped', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute)
    engine.engine.clear()
    expect(engine.store.size).toBe(0)
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
  })
})

describe('a stale response', () => {
  test('is validated: 304 makes it fresh, with the fields that came', () => {
    const engine = new TestEngine()
    engine.exchange({}, { ...withTag, 'X-Time': 'one' }, 'page')
    engine.clock.advance(61_000)
    const { reply } = engine.ask()
    expect(engine.origin.last.field('if-none-match')).toBe('"v1"')
    engine.origin.last.head(304, { ...withTag, 'X-Time': 'two' })
    engine.origin.last.end()
    expect(reply).toMatchObject({ status: 200, body: 'page', reason: 'validated' })
    expect(reply.field('cache-status')).toBe('Myriad; fwd=stale; fwd-status=304; stored; detail=validated')
    expect(reply.field('x-time')).toBe('two')
    expect(engine.records.at(-1)).toEqual({ tier: 'revalidated', reason: 'validated', status: 200 })
    expect(engine.ask().reply).toMatchObject({ body: 'page', reason: 'fresh' })
    expect(engine.ask().reply.field('x-time')).toBe('two')
  })

  test('is replaced by a new one', () => {
    const engine = new TestEngine()
    engine.exchange({}, withTag, 'one')
    engine.clock.advance(61_000)
    const reply = engine.exchange({}, { ...minute, ETag: '"v2"' }, 'two')
    expect(reply).toMatchObject({ body: 'two', reason: 'stale' })
    expect(engine.ask().reply.body).toBe('two')
  })

  test('one validation answers all who wait', () => {
    const engine = new TestEngine()
    engine.exchange({}, withTag, 'page')
    engine.clock.advance(61_000)
    const askings = [engine.ask(), engine.ask(), engine.ask({ fields: { 'If-None-Match': '"v1"' } })]
    expect(engine.origin.exchanges).toHaveLength(2)
    engine.origin.last.head(304, minute)
    engine.origin.last.end()
    expect(askings.map(({ reply }) => [reply.status, reply.body])).toEqual([
      [200, 'page'],
      [200, 'page'],
      [304, ''],
    ])
  })

  test('a 304 that speaks of another response has the whole asked for', () => {
    const engine = new TestEngine()
    engine.exchange({}, withTag, 'one')
    engine.clock.advance(61_000)
    const { reply } = engine.ask()
    engine.origin.last.head(304, { ETag: '"v2"' })
    expect(engine.origin.exchanges).toHaveLength(3)
    expect(engine.origin.last.field('if-none-match')).toBeUndefined()
    engine.origin.last.answer(200, withTag, 'two')
    expect(reply.body).toBe('two')
  })

  test('a 304 that forbids to store answers this once, and nobody after', () => {
    const engine = new TestEngine()
    engine.exchange({}, withTag, 'page')
    engine.clock.advance(61_000)
    const { reply } = engine.ask()
    engine.origin.last.head(304, { 'Cache-Control': 'no-store' })
    expect(reply).toMatchObject({ status: 200, body: 'page' })
    expect(engine.store.size).toBe(0)
  })

  test('that must be validated each time does not have its readers queue one behind the other', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'no-cache', ETag: '"v1"' }, 'page')
    const askings = [engine.ask(), engine.ask(), engine.ask(), engine.ask()]
    engine.origin.last.head(304, { ETag: '"v1"' })
    expect(engine.origin.exchanges).toHaveLength(5)
    for (const exchange of engine.origin.exchanges.slice(2)) exchange.head(304, { ETag: '"v1"' })
    expect(engine.origin.exchanges).toHaveLength(5)
    expect(askings.map(({ reply }) => reply.body)).toEqual(['page', 'page', 'page', 'page'])
  })

  test('is updated, or dropped, by what a HEAD says', () => {
    const engine = new TestEngine()
    engine.exchange({}, withTag, 'page')
    engine.clock.advance(61_000)
    engine.ask({ method: 'HEAD' })
    engine.origin.last.head(200, { ...withTag, 'Content-Length': '4' }, 0)
    engine.origin.last.end()
    expect(engine.ask().reply).toMatchObject({ body: 'page', reason: 'fresh' })
    engine.clock.advance(61_000)
    engine.ask({ method: 'HEAD' })
    engine.origin.last.head(200, { ...minute, ETag: '"v2"' }, 0)
    engine.origin.last.end()
    expect(engine.store.size).toBe(0)
  })
})

describe('stale-while-revalidate', () => {
  const fields = { 'Cache-Control': 'max-age=60, stale-while-revalidate=60', ETag: '"v1"' }

  test('serves what is there, and asks once in the background', () => {
    const engine = new TestEngine()
    engine.exchange({}, fields, 'one')
    engine.clock.advance(61_000)
    for (let i = 0; i < 3; i++)
      expect(engine.ask().reply).toMatchObject({ body: 'one', reason: 'stale-while-revalidate' })
    expect(engine.origin.exchanges).toHaveLength(2)
    expect(engine.origin.last.field('if-none-match')).toBe('"v1"')
    engine.origin.last.answer(200, fields, 'two')
    expect(engine.ask().reply).toMatchObject({ body: 'two', reason: 'fresh' })
    expect(engine.origin.exchanges).toHaveLength(2)
  })

  test('a 304 in the background makes it fresh', () => {
    const engine = new TestEngine()
    engine.exchange({}, fields, 'one')
    engine.clock.advance(61_000)
    engine.ask()
    engine.origin.last.head(304, fields)
    engine.origin.last.end()
    expect(engine.ask().reply).toMatchObject({ body: 'one', reason: 'fresh' })
  })

  test('the client whose request began it may leave, and ranges and conditions of it are not passed on', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'max-age=60, stale-while-revalidate=60', 'Cdn-Loop': 'x' }, 'one')
    engine.clock.advance(61_000)
    const { reply } = engine.ask({ fields: { Range: 'bytes=0-0', 'If-Modified-Since': 'x' } })
    expect(reply).toMatchObject({ status: 206, body: 'o' })
    expect(engine.origin.last.field('range')).toBeUndefined()
    expect(engine.origin.last.field('if-modified-since')).toBeUndefined()
    engine.origin.last.answer(200, fields, 'two')
    expect(engine.ask().reply.body).toBe('two')
  })

  test('an origin that fails in the background changes nothing, and is asked again by the next', () => {
    const engine = new TestEngine()
    engine.exchange({}, fields, 'one')
    engine.clock.advance(61_000)
    engine.ask()
    engine.origin.last.fail('connect-refused')
    expect(engine.ask().reply.body).toBe('one')
    engine.origin.last.answer(503, {}, 'down')
    expect(engine.ask().reply.body).toBe('one')
    expect(engine.origin.exchanges).toHaveLength(4)
  })

  test('of a QUERY asks in the background with its content', () => {
    const engine = new TestEngine()
    query(engine, 'what')
    engine.origin.last.answer(200, fields, 'one')
    engine.clock.advance(61_000)
    expect(query(engine, 'what').reply.body).toBe('one')
    expect(engine.origin.exchanges).toHaveLength(2)
    const { body } = engine.origin.last.request
    expect(body.kind === 'whole' && Buffer.from(body.bytes).toString()).toBe('what')
  })

  test('ends with its time', () => {
    const engine = new TestEngine()
    engine.exchange({}, fields, 'one')
    engine.clock.advance(121_000)
    expect(engine.ask().reply.outcome).toBe('waiting')
  })
})

describe('an origin that fails', () => {
  const allows = { 'Cache-Control': 'max-age=60, stale-if-error=60', ETag: '"v1"' }

  test.each([500, 502, 503, 504])('with %d: a stale response that allows it is served', (status) => {
    const engine = new TestEngine()
    engine.exchange({}, allows, 'page')
    engine.clock.advance(61_000)
    const askings = [engine.ask(), engine.ask()]
    engine.origin.last.head(status, {}, 5)
    for (const { reply } of askings)
      expect(reply).toMatchObject({ status: 200, body: 'page', reason: 'stale-if-error' })
    expect(engine.store.size).toBe(1)
  })

  test('with a status that is the application speaking: that is passed on', () => {
    const engine = new TestEngine()
    engine.exchange({}, allows, 'page')
    engine.clock.advance(61_000)
    expect(engine.exchange({}, {}, 'gone', 410)).toMatchObject({ status: 410, body: 'gone' })
  })

  test('by not answering at all', () => {
    const engine = new TestEngine()
    engine.exchange({}, allows, 'page')
    engine.clock.advance(61_000)
    const { reply } = engine.ask()
    engine.origin.last.fail('first-byte-timeout')
    expect(reply).toMatchObject({ status: 200, body: 'page', reason: 'stale-disconnected' })
  })

  test('when nothing allows it: its own answer, and the failure', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'max-age=60, must-revalidate', ETag: '"v1"' }, 'page')
    engine.clock.advance(61_000)
    expect(engine.exchange({}, {}, 'down', 503)).toMatchObject({ status: 503, body: 'down' })
    const { reply } = engine.ask()
    engine.origin.last.fail('connect-refused')
    expect(reply.status).toBe(502)
  })

  test.each([true, false])('and cannot be reached: staleOnDisconnect %p', (staleOnDisconnect) => {
    const engine = new TestEngine({ policy: { staleOnDisconnect } })
    engine.exchange({}, withTag, 'page')
    engine.clock.advance(3_600_000)
    const { reply } = engine.ask()
    engine.origin.last.fail('connect-refused')
    expect(reply.status).toBe(staleOnDisconnect ? 200 : 502)
    expect(reply.reason).toBe(staleOnDisconnect ? 'stale-disconnected' : 'origin-refused')
  })
})

describe('an unsafe request', () => {
  test('drops what is stored for its target, with QUERY answers, and what its answer points to', () => {
    const engine = new TestEngine()
    for (const target of ['/page', '/other', '/third']) engine.exchange({ target }, minute)
    query(engine, 'q')
    engine.origin.last.answer(200, minute)
    expect(engine.store.size).toBe(4)
    engine.exchange({ method: 'POST' }, { Location: '/other', 'Content-Location': 'http://b.test/third' })
    expect([...engine.store.entries()].map(({ key }) => key)).toEqual(['http://a.test/third'])
  })

  test('that fails drops nothing', () => {
    const engine = new TestEngine()
    engine.exchange({}, minute)
    engine.exchange({ method: 'POST' }, {}, 'no', 400)
    expect(engine.store.size).toBe(1)
  })

  test('has the answer to an earlier fetch not stored', () => {
    const engine = new TestEngine()
    const before = engine.ask()
    const early = engine.origin.last
    engine.exchange({ method: 'POST' }, {})
    early.answer(200, minute, 'from before')
    expect(before.reply.body).toBe('from before')
    expect(engine.store.size).toBe(0)
  })

  test('nor that of one whose body is under way; those who came before get it, later ones do not', () => {
    const engine = new TestEngine()
    const before = engine.ask()
    const early = engine.origin.last
    early.head(200, minute)
    early.data('from ')
    engine.exchange({ method: 'POST' }, {})
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(3)
    early.data('before')
    early.end()
    expect(before.reply).toMatchObject({ body: 'from before', outcome: 'complete' })
    expect(engine.store.size).toBe(0)
  })

  test('nor those of fetches that nobody may join', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'no-store' })
    engine.ask()
    const first = engine.origin.last
    engine.ask()
    const second = engine.origin.last
    engine.ask({ fields: { Range: 'bytes=0-1' } })
    const ranged = engine.origin.last
    query(engine, 'q')
    const queried = engine.origin.last
    engine.exchange({ method: 'DELETE' }, {})
    first.answer(200, minute)
    second.answer(200, minute)
    ranged.answer(206, { ...minute, 'Content-Range': 'bytes 0-3/9' })
    queried.answer(200, minute)
    expect(engine.store.size).toBe(0)
  })

  test('its own answer may be stored for GET, when it says that it is that', () => {
    const engine = new TestEngine()
    engine.exchange({ method: 'POST' }, { ...minute, 'Content-Location': '/page' }, 'made')
    expect(engine.ask().reply.body).toBe('made')
  })
})

describe('QUERY', () => {
  test('is keyed with its content', () => {
    const engine = new TestEngine()
    query(engine, 'one')
    expect(engine.origin.last.request).toMatchObject({ method: 'QUERY', body: { kind: 'whole' } })
    engine.origin.last.answer(200, minute, 'first')
    query(engine, 'two')
    engine.origin.last.answer(200, minute, 'second')
    expect(query(engine, 'one').reply.body).toBe('first')
    expect(query(engine, 'two').reply.body).toBe('second')
    expect(engine.origin.exchanges).toHaveLength(2)
    expect(engine.ask().reply.outcome).toBe('waiting')
  })

  test('without content is keyed too, and is no GET', () => {
    const engine = new TestEngine()
    engine.exchange({ method: 'QUERY' }, minute, 'nothing')
    expect(engine.ask({ method: 'QUERY' }).reply.body).toBe('nothing')
    expect(engine.ask().reply.outcome).toBe('waiting')
  })

  test('several for the same question share one fetch', () => {
    const engine = new TestEngine()
    const askings = [query(engine, 'one'), query(engine, 'one')]
    expect(engine.origin.exchanges).toHaveLength(1)
    engine.origin.last.answer(200, minute, 'first')
    expect(askings.map(({ reply }) => reply.body)).toEqual(['first', 'first'])
  })

  test('with content over the limit passes, whether it announces it or not', () => {
    const engine = new TestEngine()
    const content = 'x'.repeat(70_000)
    const told = query(engine, content)
    expect(engine.origin.last.received.length).toBe(70_000)
    engine.origin.last.answer(200, minute, 'long')
    expect(told.reply.reason).toBe('body-too-large')
    const untold = engine.ask({ method: 'QUERY', fields: { 'Transfer-Encoding': 'chunked' } })
    for (let i = 0; i < 7; i++) untold.call!.data(Buffer.alloc(10_000, 'x'))
    untold.call!.end(undefined)
    expect(engine.origin.last.received.length).toBe(70_000)
    expect(engine.origin.last.finished).toBe(true)
    engine.origin.last.answer(200, minute, 'long')
    expect(untold.reply).toMatchObject({ body: 'long', reason: 'body-too-large' })
    expect(engine.store.size).toBe(0)
  })

  test('that waits for 100 (Continue) is told so, and its client may leave before it goes on', () => {
    const engine = new TestEngine()
    const { reply, call } = engine.ask({
      method: 'QUERY',
      fields: { 'Content-Length': '4', Expect: '100-continue' },
    })
    expect(reply.bodyWanted).toBe(true)
    call!.data(Buffer.from('wh'))
    call!.gone()
    expect(engine.origin.exchanges).toHaveLength(0)
  })
})

describe('parts', () => {
  test('a part is stored, and answers what lies within it', () => {
    const engine = new TestEngine()
    const first = engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
    expect(first).toMatchObject({ status: 206, body: '01234' })
    expect(engine.ask({ fields: { Range: 'bytes=1-2' } }).reply).toMatchObject({ status: 206, body: '12' })
    engine.ask({ fields: { Range: 'bytes=4-5' } })
    expect(engine.origin.exchanges).toHaveLength(2)
  })

  test('parts of the same representation are joined, and then answer the whole', () => {
    const engine = new TestEngine()
    engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
    engine.exchange({ fields: { Range: 'bytes=4-9' } }, part('4-9/10'), '456789', 206)
    expect(engine.ask().reply).toMatchObject({ status: 200, body: '0123456789', reason: 'fresh' })
  })

  test('a request for the whole is answered with the whole, though only the rest is asked for', () => {
    const engine = new TestEngine()
    engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
    const { reply } = engine.ask()
    expect(engine.origin.last.field('range')).toBe('bytes=5-')
    expect(engine.origin.last.field('if-range')).toBe('"v1"')
    engine.origin.last.answer(206, part('5-9/10'), '56789')
    expect(reply).toMatchObject({ status: 200, body: '0123456789' })
    expect(engine.ask().reply.body).toBe('0123456789')
  })

  test.each([
    ['a part that does not fit', 206, { ...minute, ETag: '"v2"', 'Content-Range': 'bytes 5-9/10' }],
    ['a part of other bytes', 206, part('6-9/10')],
    ['no such range', 416, { 'Content-Range': 'bytes */3' }],
  ])('to the rest, %s: the whole is asked for', (_, status, fields) => {
    const engine = new TestEngine()
    engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
    const { reply } = engine.ask()
    engine.origin.last.answer(status, fields, '56789')
    expect(reply.outcome).toBe('waiting')
    expect(engine.origin.last.field('range')).toBeUndefined()
    engine.origin.last.answer(200, withTag, 'abcdefghij')
    expect(reply).toMatchObject({ status: 200, body: 'abcdefghij' })
  })

  test('the whole instead of the rest is taken as it is', () => {
    const engine = new TestEngine()
    engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
    expect(engine.exchange({}, withTag, 'abcdefghij')).toMatchObject({ status: 200, body: 'abcdefghij' })
    expect(engine.ask().reply.body).toBe('abcdefghij')
  })

  test('a rest that breaks off is a failure; one that may not be stored has the whole asked for', () => {
    const engine = new TestEngine()
    engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
    const broken = engine.ask()
    engine.origin.last.head(206, part('5-9/10'), 5)
    engine.origin.last.data('56')
    engine.origin.last.fail('origin-closed')
    expect(broken.reply.status).toBe(502)
    const overtaken = engine.ask()
    const early = engine.origin.last
    early.head(206, part('5-9/10'), 5)
    engine.exchange({ method: 'POST' }, {})
    early.data('56789')
    early.end()
    engine.origin.last.answer(200, withTag, 'abcdefghij')
    expect(overtaken.reply).toMatchObject({ status: 200, body: 'abcdefghij' })
  })

  test('a client that leaves while the rest comes gives the origin up', () => {
    const engine = new TestEngine()
    engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
    const { call } = engine.ask()
    engine.origin.last.head(206, part('5-9/10'), 5)
    call!.gone()
    expect(engine.origin.last.aborted).toBe(true)
  })

  test('a part of another representation does not drive out a whole one', () => {
    const engine = new TestEngine()
    engine.exchange({}, withTag, '0123456789')
    engine.exchange(
      { fields: { Range: 'bytes=0-4', 'If-Match': '"v2"' } },
      { ...minute, ETag: '"v2"', 'Content-Range': 'bytes 0-4/10' },
      'abcde',
      206,
    )
    expect(engine.ask().reply.body).toBe('0123456789')
  })
})

test('a QUERY that comes in single bytes is read as it was sent', () => {
  const engine = new TestEngine()
  const content = Array.from({ length: 1000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
  const { call } = engine.ask({ method: 'QUERY', fields: { 'Content-Length': '1000' } })
  for (const byte of Buffer.from(content)) call!.data(Buffer.of(byte))
  call!.end(undefined)
  const { body } = engine.origin.last.request
  expect(body.kind === 'whole' && Buffer.from(body.bytes).toString()).toBe(content)
})

describe('a 304 that forbids what it confirms to be kept', () => {
  test.each([
    ['sets a cookie', { 'Set-Cookie': 'visitor=1' }],
    ['is private', { 'Cache-Control': 'private' }],
    ['is not to be stored', { 'Cache-Control': 'no-store' }],
  ])('because it %s, is for the one who asked; others ask for themselves', (_, fields) => {
    const engine = new TestEngine()
    engine.exchange({}, withTag, 'page')
    engine.clock.advance(61_000)
    const leader = engine.ask()
    const followers = [engine.ask(), engine.ask()]
    expect(engine.origin.exchanges).toHaveLength(2)
    engine.origin.last.answer(304, { ...minute, ...fields })
    expect(leader.reply).toMatchObject({ status: 200, body: 'page' })
    expect(leader.reply.field('cache-status')).not.toContain('stored')
    expect(engine.store.size).toBe(0)
    expect(engine.origin.exchanges).toHaveLength(4)
    for (const { reply } of followers) expect(reply.outcome).toBe('waiting')
    for (const exchange of engine.origin.exchanges.slice(2)) exchange.answer(200, minute, 'own')
    for (const { reply } of followers) expect(reply).toMatchObject({ body: 'own' })
    for (const { reply } of followers) expect(reply.field('set-cookie')).toBeUndefined()
  })
})

test('a coded form for which there is no room is not kept, and not made again', () => {
  // Coding makes it little smaller, and three variants nearly fill what one key may take.
  let state = 1
  const text = Array.from({ length: 31_000 }, () => {
    state = (state * 48_271) % 2_147_483_647
    return String.fromCharCode(33 + (state % 90))
  }).join('')
  const engine = new TestEngine({ budgetBytes: 1 << 20 })
  const fields = { ...minute, 'Content-Type': 'text/plain', Vary: 'X-Kind' }
  for (const kind of 'abc') engine.exchange({ fields: { 'X-Kind': kind } }, fields, text)
  const before = engine.store.bytes
  for (let i = 0; i < 2; i++) {
    const { reply } = engine.ask({ fields: { 'X-Kind': 'a', 'Accept-Encoding': 'gzip' } })
    expect(reply.field('content-encoding')).toBeUndefined()
    expect(reply.body).toBe(text)
  }
  const entry = engine.store.get('http://a.test/page')!
  expect(entry.variants).toHaveLength(3)
  expect(entry.cost.bufferBytes).toBeLessThan(before)
  expect(engine.store.bytes).toBe(before)
})

test('a QUERY answer that the store refuses leaves nothing behind', () => {
  const engine = new TestEngine({ budgetBytes: 1 << 20, objectBytesMax: 1 << 20 })
  const refused = query(engine, 'select')
  engine.origin.last.answer(200, minute, 'x'.repeat(200_000))
  expect(refused.reply.outcome).toBe('complete')
  expect(engine.store.size).toBe(0)
  expect(engine.engine.queryKeys).toBe(0)
  query(engine, 'select')
  engine.origin.last.answer(200, minute, 'x')
  expect(engine.engine.queryKeys).toBe(1)
  engine.exchange({ method: 'DELETE' }, {})
  expect(engine.engine.queryKeys).toBe(0)
})

test.each([
  ['connect-refused', 502, 'no connection to the origin'],
  ['connect-timeout', 504, 'no connection to the origin in time'],
  ['origin-busy', 503, 'the origin takes no more requests at this moment'],
  ['origin-closed', 502, 'the origin gave no whole answer'],
  ['first-byte-timeout', 504, 'the origin did not answer in time'],
  ['between-bytes-timeout', 504, 'the origin did not answer in time'],
  ['total-timeout', 504, 'the origin did not answer in time'],
] as const)('what a client is told of %s does not name the address of the origin', (code, status, text) => {
  const engine = new TestEngine()
  const { reply } = engine.ask()
  engine.origin.last.fail(code)
  expect(reply).toMatchObject({ status, body: `${status} ${code}: ${text}\n` })
})

test('early hints carry no cookie where cookies are dropped', () => {
  for (const cookies of ['drop', 'keep'] as const) {
    const engine = new TestEngine({ policy: { cookies } })
    const { reply } = engine.ask()
    engine.origin.last.interim(103, { Link: '</a.css>; rel=preload', 'Set-Cookie': 'a=1' })
    expect(reply.interims[0]!.fields.has('link')).toBe(true)
    expect(reply.interims[0]!.fields.has('set-cookie')).toBe(cookies !== 'drop')
  }
})

const ignoredParameter = (name: string): boolean => name === 'utm_x'

describe('query parameters that the route ignores', () => {
  test('are hidden from the key and from the origin alike', () => {
    const asked = new TestEngine({ ignoredParameter })
    asked.exchange({ target: '/page?p=1&utm_x=mail' }, { 'Cache-Control': 'max-age=60' })
    expect(asked.origin.last.request.pathAndQuery).toBe('/page?p=1')
    asked.ask({ target: '/page?utm_x=other&p=1' })
    asked.ask({ target: '/page?p=1' })
    expect(asked.records.map(({ reason }) => reason)).toEqual(['miss', 'fresh', 'fresh'])
  })

  test('are seen by the application where the request goes past the cache', () => {
    const asked = new TestEngine({ ignoredParameter, bypass: { path: () => true } })
    asked.exchange({ target: '/page?utm_x=mail' }, {})
    expect(asked.origin.last.request.pathAndQuery).toBe('/page?utm_x=mail')
  })

  test('a write empties the page that it was made on', () => {
    const asked = new TestEngine({ ignoredParameter })
    asked.exchange({ target: '/page' }, { 'Cache-Control': 'max-age=60' })
    asked.exchange({ target: '/page?utm_x=mail', method: 'POST' }, {})
    asked.exchange({ target: '/page' }, { 'Cache-Control': 'max-age=60' })
    expect(asked.records.map(({ reason }) => reason)).toEqual(['miss', 'method', 'miss'])
  })
})
