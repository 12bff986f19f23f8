// Fetches that several requests share, and what becomes of one that goes wrong.
// Long because the ways to share, to leave and to fail multiply.
import { describe, expect, test } from 'bun:test'
import { TestEngine, type Asking } from '../../testing/engine.ts'

const shareable = { 'Cache-Control': 'max-age=60' }

/** Asks several times before the origin has answered. */
function crowd(engine: TestEngine, requests: readonly Readonly<Record<string, string>>[]): Asking[] {
  return requests.map((fields) => engine.ask({ fields }))
}

const bodies = (askings: readonly Asking[]) => askings.map(({ reply }) => reply.body)

describe('requests for one cold target', () => {
  test('share one fetch, and are sent its body while it comes', () => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{}, {}, {}])
    expect(engine.origin.exchanges).toHaveLength(1)
    const { last } = engine.origin
    last.head(200, shareable)
    last.data('one ')
    expect(bodies(askings)).toEqual(['one ', 'one ', 'one '])
    const late = engine.ask()
    expect(late.reply.body).toBe('one ')
    last.data('two')
    last.end()
    expect(bodies([...askings, late])).toEqual(Array.from({ length: 4 }, () => 'one two'))
    expect(engine.records.map(({ tier }) => tier)).toEqual(['origin', 'collapsed', 'collapsed', 'collapsed'])
    expect(engine.origin.exchanges).toHaveLength(1)
    expect(engine.ask().reply.reason).toBe('fresh')
  })

  test.each([
    ['sets a cookie', { 'Cache-Control': 'max-age=60', 'Set-Cookie': 'a=1' }],
    ['is private', { 'Cache-Control': 'private, max-age=60' }],
    ['is not to be stored', { 'Cache-Control': 'no-store' }],
    ['varies on everything', { 'Cache-Control': 'max-age=60', Vary: '*' }],
    ['has no lifetime at all', {}],
  ])('each ask for themselves, at once, when the answer %s', (_, fields) => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{}, {}, {}])
    engine.origin.last.answer(200, fields, 'first')
    expect(engine.origin.exchanges).toHaveLength(3)
    engine.origin.exchanges[2]!.answer(200, fields, 'third')
    engine.origin.exchanges[1]!.answer(200, fields, 'second')
    expect(bodies(askings)).toEqual(['first', 'second', 'third'])
  })

  test('share only with those whose fields the answer was chosen by', () => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{ 'X-Kind': 'a' }, { 'X-Kind': 'b' }, { 'X-Kind': 'a' }])
    engine.origin.last.answer(200, { ...shareable, Vary: 'X-Kind' }, 'for a')
    expect(bodies(askings)).toEqual(['for a', '', 'for a'])
    expect(engine.origin.exchanges).toHaveLength(2)
    expect(engine.origin.last.field('x-kind')).toBe('b')
    engine.origin.last.answer(200, { ...shareable, Vary: 'X-Kind' }, 'for b')
    expect(bodies(askings)).toEqual(['for a', 'for b', 'for a'])
  })

  test.each([
    ['cookies', { Cookie: 'session=1' }],
    ['Authorization', { Authorization: 'Basic x' }],
  ])('with %s share only what is explicitly shareable', (_, own) => {
    for (const [control, exchanges] of [
      ['max-age=60', 2],
      ['public, max-age=60', 1],
    ] as const) {
      const engine = new TestEngine()
      const askings = crowd(engine, [{}, own])
      engine.origin.last.answer(200, { 'Cache-Control': control }, 'one')
      expect(engine.origin.exchanges).toHaveLength(exchanges)
      if (exchanges === 2) engine.origin.last.answer(200, { 'Cache-Control': control }, 'own')
      expect(bodies(askings)).toEqual(['one', exchanges === 2 ? 'own' : 'one'])
    }
  })

  test.each([
    ['HEAD', { method: 'HEAD' }],
    ['a range', { fields: { Range: 'bytes=0-1' } }],
    ['If-Match', { fields: { 'If-Match': '"a"' } }],
  ])('wait for none that leads with %s', (_, leader) => {
    const engine = new TestEngine()
    engine.ask(leader)
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
    engine.ask(leader)
    expect(engine.origin.exchanges).toHaveLength(3)
  })

  test('share with one whose own copy is still good', () => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{ 'If-None-Match': '"v"' }, {}])
    expect(engine.origin.last.field('if-none-match')).toBeUndefined()
    engine.origin.last.answer(200, { ...shareable, ETag: '"v"' }, 'page')
    expect(askings.map(({ reply }) => reply.status)).toEqual([304, 200])
    expect(bodies(askings)).toEqual(['', 'page'])
  })

  test('an answer whose lifetime is over is for its leader alone, and the others do not queue behind it', () => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{}, {}, {}])
    engine.origin.last.answer(200, { 'Cache-Control': 'max-age=0', ETag: '"v"' }, 'one')
    expect(engine.origin.exchanges).toHaveLength(3)
    for (const exchange of engine.origin.exchanges.slice(1)) exchange.answer(200, { ETag: '"v"' }, 'own')
    expect(bodies(askings)).toEqual(['one', 'own', 'own'])
  })
})

describe('clients that leave', () => {
  test('a leader that leaves before the head does not take the others with it', () => {
    const engine = new TestEngine()
    const [leader, follower] = crowd(engine, [{}, {}])
    leader!.call!.gone()
    expect(engine.origin.last.aborted).toBe(false)
    engine.origin.last.answer(200, shareable, 'page')
    expect(leader!.reply.outcome).toBe('waiting')
    expect(follower!.reply.body).toBe('page')
    expect(engine.ask().reply.reason).toBe('fresh')
  })

  test('a leader that leaves within the body does not take the others with it', () => {
    const engine = new TestEngine()
    const [leader, follower] = crowd(engine, [{}, {}])
    engine.origin.last.head(200, shareable)
    engine.origin.last.data('one ')
    leader!.call!.gone()
    engine.origin.last.data('two')
    engine.origin.last.end()
    expect(leader!.reply.body).toBe('one ')
    expect(follower!.reply).toMatchObject({ body: 'one two', outcome: 'complete' })
  })

  test('with nobody left, the origin is given up and nothing is stored', () => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{}, {}])
    engine.origin.last.head(200, shareable)
    engine.origin.last.data('one ')
    for (const { call } of askings) call!.gone()
    expect(engine.origin.last.aborted).toBe(true)
    expect(engine.store.size).toBe(0)
    const next = engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
    engine.origin.last.answer(200, shareable, 'page')
    expect(next.reply.body).toBe('page')
  })

  test('before the head, too', () => {
    const engine = new TestEngine()
    for (const { call } of crowd(engine, [{}, {}])) call!.gone()
    expect(engine.origin.last.aborted).toBe(true)
  })

  test('a client that left before its uncacheable answer is not answered', () => {
    const engine = new TestEngine()
    const [, follower] = crowd(engine, [{}, {}])
    follower!.call!.gone()
    engine.origin.last.answer(200, { 'Cache-Control': 'no-store' }, 'own')
    expect(engine.origin.exchanges).toHaveLength(1)
    expect(follower!.reply.outcome).toBe('waiting')
  })
})

describe('what cannot be shared', () => {
  test('is remembered for a while, so that nobody waits for it', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'no-store' })
    crowd(engine, [{}, {}, {}])
    expect(engine.origin.exchanges).toHaveLength(4)
  })

  test('is forgotten once it is shareable', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'no-store' })
    engine.exchange({}, { 'Cache-Control': 'max-age=1' })
    engine.clock.advance(1500)
    crowd(engine, [{}, {}, {}])
    expect(engine.origin.exchanges).toHaveLength(3)
  })

  test('is forgotten after a while', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'no-store' })
    engine.clock.advance(60_000)
    crowd(engine, [{}, {}, {}])
    expect(engine.origin.exchanges).toHaveLength(2)
  })
})

describe('an answer that is larger than an object may be', () => {
  test('is streamed, not stored, when it says so at once', () => {
    const engine = new TestEngine({ objectBytesMax: 10 })
    const reply = engine.exchange({}, shareable, 'x'.repeat(11))
    expect(reply).toMatchObject({ body: 'x'.repeat(11), outcome: 'complete', reason: 'too-large' })
    expect(engine.store.size).toBe(0)
  })

  const much = 'm'.repeat(400_000)

  test('is streamed on, not stored, when it becomes so; the first client sets the pace', () => {
    const engine = new TestEngine({ objectBytesMax: 10 })
    const slow = engine.ask({ slow: true })
    const quick = engine.ask()
    const { last } = engine.origin
    last.head(200, shareable)
    for (let i = 0; i < 3; i++) last.data(much)
    expect(last.paused).toBe(false)
    last.data(much)
    expect(last.paused).toBe(true)
    expect(quick.reply.body).toHaveLength(4 * much.length)
    expect(slow.reply.body).toHaveLength(much.length)
    slow.call!.writable()
    expect(last.paused).toBe(false)
    last.data('!')
    last.end()
    expect(quick.reply).toMatchObject({ body: `${much.repeat(4)}!`, outcome: 'complete' })
    for (let i = 0; i < 3; i++) slow.call!.writable()
    expect(slow.reply).toMatchObject({ body: `${much.repeat(4)}!`, outcome: 'complete' })
    expect(engine.store.size).toBe(0)
    expect(engine.engine.kept.bytes).toBe(0)
  })

  test('a follower that is too far behind is cut off, and the others are not held up', () => {
    const engine = new TestEngine({ objectBytesMax: 10 })
    const quick = engine.ask()
    const slow = engine.ask({ slow: true })
    const { last } = engine.origin
    last.head(200, shareable)
    for (let i = 0; i < 5; i++) last.data(much)
    expect(slow.reply.outcome).toBe('failed')
    expect(last.paused).toBe(false)
    expect(engine.engine.kept.bytes).toBe(0)
    last.end()
    expect(quick.reply).toMatchObject({ body: much.repeat(5), outcome: 'complete' })
  })

  test('it waits when nobody takes more', () => {
    const engine = new TestEngine({ objectBytesMax: 10 })
    const askings = [engine.ask({ slow: true }), engine.ask({ slow: true })]
    const { last } = engine.origin
    last.head(200, shareable)
    last.data(much)
    expect(last.paused).toBe(true)
    askings[1]!.call!.writable()
    expect(last.paused).toBe(false)
  })

  test('nobody joins it after that', () => {
    const engine = new TestEngine({ objectBytesMax: 10 })
    engine.ask()
    engine.origin.last.head(200, shareable)
    engine.origin.last.data('x'.repeat(11))
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
  })

  test('a slow client that leaves lets the others go on', () => {
    const engine = new TestEngine({ objectBytesMax: 1 })
    const slow = engine.ask({ slow: true })
    const quick = engine.ask()
    const { last } = engine.origin
    last.head(200, shareable)
    for (let i = 0; i < 4; i++) last.data(much)
    expect(last.paused).toBe(true)
    slow.call!.gone()
    expect(last.paused).toBe(false)
    last.end()
    expect(quick.reply.body).toBe(much.repeat(4))
    expect(engine.engine.kept.bytes).toBe(0)
  })
})

describe('what fetches keep', () => {
  test('is limited for all together: beyond it nothing more is stored, and clients set the pace', () => {
    const engine = new TestEngine({ budgetBytes: 16 << 20, objectBytesMax: 1 << 20 })
    const askings = Array.from({ length: 8 }, (_, i) => engine.ask({ target: `/${i}`, slow: true }))
    const half = Buffer.alloc(500_000, 'x')
    for (const exchange of engine.origin.exchanges) exchange.head(200, shareable)
    for (const exchange of engine.origin.exchanges) for (let i = 0; i < 2; i++) exchange.data(half)
    const paused = engine.origin.exchanges.filter((exchange) => exchange.paused).length
    expect(paused).toBeGreaterThan(0)
    expect(paused).toBeLessThan(8)
    expect(engine.engine.kept.bytes).toBeLessThanOrEqual((4 << 20) + half.length * 8)
    for (const exchange of engine.origin.exchanges) exchange.end()
    for (const { reply, call } of askings) {
      for (let i = 0; i < 2; i++) call!.writable()
      expect(reply).toMatchObject({ outcome: 'complete' })
      expect(reply.body).toHaveLength(1_000_000)
    }
    expect(engine.store.size).toBe(8 - paused)
    expect(engine.engine.kept.bytes).toBe(0)
  })

  test('is nothing once the body is stored: slow clients are sent the rest from the store', () => {
    const engine = new TestEngine()
    const slow = engine.ask({ slow: true })
    const { last } = engine.origin
    last.head(200, shareable)
    for (const piece of ['one ', 'two ', 'three']) last.data(piece)
    expect(slow.reply.body).toBe('one ')
    expect(engine.engine.kept.bytes).toBe(13)
    last.end()
    expect(engine.engine.kept.bytes).toBe(0)
    expect(slow.reply).toMatchObject({ body: 'one two three', outcome: 'complete' })
    const [source] = slow.reply.heldSources
    engine.engine.clear()
    source!.release()
  })

  test('is nothing after a failure, and after everybody has gone', () => {
    const engine = new TestEngine()
    for (const end of ['fail', 'gone'] as const) {
      const { call } = engine.ask({ slow: true })
      const { last } = engine.origin
      last.head(200, shareable)
      last.data('some')
      expect(engine.engine.kept.bytes).toBe(4)
      if (end === 'fail') last.fail('origin-closed')
      else call!.gone()
      expect(engine.engine.kept.bytes).toBe(0)
    }
  })
})

describe('back-pressure', () => {
  test('what is not stored goes at the pace of its client', () => {
    const engine = new TestEngine()
    const { reply, call } = engine.ask({ slow: true })
    const { last } = engine.origin
    last.head(200, { 'Cache-Control': 'no-store' })
    last.data('one ')
    expect(last.paused).toBe(true)
    last.data('two ')
    expect(reply.body).toBe('one ')
    call!.writable()
    expect(reply.body).toBe('one two ')
    call!.writable()
    expect(last.paused).toBe(false)
    last.data('three')
    last.end()
    call!.writable()
    expect(reply).toMatchObject({ body: 'one two three', outcome: 'complete' })
  })

  test('a request body goes at the pace of the origin', () => {
    const engine = new TestEngine()
    const { reply, call } = engine.ask({ method: 'POST', fields: { 'Content-Length': '8' } })
    const { last } = engine.origin
    last.accepting = false
    call!.data(Buffer.from('one '))
    expect(reply.bodyPaused).toBe(true)
    last.accepting = true
    last.writable()
    expect(reply.bodyPaused).toBe(false)
    call!.data(Buffer.from('two!'))
    call!.end(undefined)
    expect(last.received.toString()).toBe('one two!')
    expect(last.finished).toBe(true)
    last.answer(200, {}, 'done')
    expect(reply.body).toBe('done')
  })

  test('a stored answer comes at the pace of the origin, whoever reads it slowly', () => {
    const engine = new TestEngine()
    const slow = engine.ask({ slow: true })
    const { last } = engine.origin
    last.head(200, shareable)
    last.data('one ')
    last.data('two')
    last.end()
    expect(last.paused).toBe(false)
    expect(engine.ask().reply.body).toBe('one two')
    slow.call!.writable()
    expect(slow.reply).toMatchObject({ body: 'one two', outcome: 'complete' })
  })
})

describe('an origin that fails', () => {
  test('before the head: every client gets the failure', () => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{}, {}])
    engine.origin.last.fail('connect-refused')
    expect(askings.map(({ reply }) => [reply.status, reply.reason])).toEqual([
      [502, 'origin-refused'],
      [502, 'origin-refused'],
    ])
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
  })

  test('within the body: every transfer breaks, and nothing is stored', () => {
    const engine = new TestEngine()
    const askings = crowd(engine, [{}, {}])
    engine.origin.last.head(200, shareable, 100)
    engine.origin.last.data('half')
    engine.origin.last.fail('origin-closed')
    expect(askings.map(({ reply }) => reply.outcome)).toEqual(['failed', 'failed'])
    expect(engine.store.size).toBe(0)
    engine.ask()
    expect(engine.origin.exchanges).toHaveLength(2)
  })

  test('at the moment it is asked', () => {
    const engine = new TestEngine()
    const send = engine.origin.send.bind(engine.origin)
    engine.origin.send = (request, events) => {
      const exchange = send(request, events)
      exchange.fail('origin-busy')
      return exchange
    }
    expect(engine.ask().reply).toMatchObject({ status: 503, reason: 'origin-busy' })
    expect(engine.ask().reply).toMatchObject({ status: 503, reason: 'origin-busy' })
  })
})

describe('a tunnel', () => {
  test('carries bytes both ways, and ends with either side', () => {
    const engine = new TestEngine()
    const { reply, call } = engine.ask({ fields: { Connection: 'Upgrade', Upgrade: 'websocket' } })
    const { last } = engine.origin
    expect(last.request.upgrade).toBe('websocket')
    last.upgraded({ Upgrade: 'websocket' })
    expect(reply.outcome).toBe('tunnel')
    call!.data(Buffer.from('up'))
    last.data('down')
    expect([last.received.toString(), reply.body]).toEqual(['up', 'down'])
    last.end()
    expect(reply.outcome).toBe('complete')
  })

  test('a client that leaves ends it', () => {
    const engine = new TestEngine()
    const { call } = engine.ask({ fields: { Connection: 'Upgrade', Upgrade: 'websocket' } })
    engine.origin.last.upgraded({ Upgrade: 'websocket' })
    call!.gone()
    expect(engine.origin.last.aborted).toBe(true)
  })
})

test('interim responses go to the one who asked', () => {
  const engine = new TestEngine()
  const [leader, follower] = crowd(engine, [{}, {}])
  engine.origin.last.interim(103, { Link: '</a.css>' })
  expect(leader!.reply.interims.map(({ status }) => status)).toEqual([103])
  expect(follower!.reply.interims).toEqual([])
})

const part = (range: string) => ({ ...shareable, ETag: '"v1"', 'Content-Range': `bytes ${range}` })

describe('a part of another length than its Content-Range says', () => {
  test.each([
    ['announced', 3],
    ['not announced', undefined],
  ])('is passed on, and not stored (%s)', (_, bodyBytes) => {
    for (const body of ['abc', 'abcdefghi']) {
      const engine = new TestEngine()
      const { reply } = engine.ask({ fields: { Range: 'bytes=0-4' } })
      const { last } = engine.origin
      last.head(206, part('0-4/10'), bodyBytes && body.length)
      last.data(body)
      last.end()
      expect(reply).toMatchObject({ status: 206, body })
      expect(engine.store.size).toBe(0)
    }
  })

  test.each([['abc'], ['abcdefghi']])('does not complete what is stored (%s)', (body) => {
    for (const announced of [true, false]) {
      const engine = new TestEngine()
      engine.exchange({ fields: { Range: 'bytes=0-4' } }, part('0-4/10'), '01234', 206)
      const { reply } = engine.ask()
      const { last } = engine.origin
      expect(last.field('range')).toBe('bytes=5-')
      last.head(206, part('5-9/10'), announced ? body.length : undefined)
      last.data(body)
      last.end()
      expect(reply.outcome).toBe('waiting')
      expect(engine.origin.last.field('range')).toBeUndefined()
      engine.origin.last.answer(200, { ...shareable, ETag: '"v1"' }, '0123456789')
      expect(reply.body).toBe('0123456789')
    }
  })
})

test('an answer without Date gets the time of its receipt, on the miss too', () => {
  const engine = new TestEngine()
  for (const [target, fields] of [
    ['/stored', shareable],
    ['/stored', shareable],
    ['/passed', { 'Cache-Control': 'no-store' }],
  ] as const) {
    const { reply, call } = engine.ask({ target })
    if (call !== undefined) engine.origin.last.answer(200, fields, 'page')
    expect(reply.field('date')).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
  }
})
