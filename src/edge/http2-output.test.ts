// What leaves on an HTTP/2 connection, and when: windows, streams in turn, clients that read slowly or not at all.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { frame, FrameType } from '../../testing/http2-frames.ts'
import { getFrame, Http2Setup, numberFrame, setting, type Http2Line } from '../../testing/http2-line.ts'

const minute = { 'Cache-Control': 'max-age=60' }
const passing = { 'Cache-Control': 'no-store' }

const grant = (stream: number, bytes: number) => numberFrame(FrameType.windowUpdate, stream, bytes)
/** A client with windows that hold nothing up. */
const wide = (setup: Http2Setup): Http2Line => {
  const line = setup.connect(setting(4, 0x3fff_ffff)).send(grant(0, 0x3fff_ffff))
  line.frames()
  return line
}

describe('windows (RFC 9113 §6.9)', () => {
  test('of a stream', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'x'.repeat(100))
    const line = setup.connect(setting(4, 30)).send(getFrame(1))
    expect(line.answer(1)).toMatchObject({ body: 'x'.repeat(30), end: 'open' })
    line.send(grant(1, 50))
    expect(line.answer(1)).toMatchObject({ body: 'x'.repeat(80), end: 'open' })
    line.send(grant(1, 500))
    expect(line.answer(1)).toMatchObject({ body: 'x'.repeat(100), end: 'whole' })
    expect(line.connection.isIdle).toBe(true)
  })

  test('of the connection', () => {
    const setup = new Http2Setup()
    const page = 'x'.repeat(50_000)
    setup.engine.exchange({}, minute, page)
    setup.engine.exchange({ target: '/empty', method: 'GET' }, { ...minute, ETag: '"e"' }, '')
    const line = setup.connect().send(getFrame(1), getFrame(3), getFrame(5))
    const came = () => [1, 3, 5].map((stream) => line.answer(stream).body.length)
    expect(came().reduce((sum, bytes) => sum + bytes)).toBe(65_535)
    // What has no body needs no window.
    line.send(getFrame(7, '/empty'))
    expect(line.answer(7).end).toBe('whole')
    line.send(grant(0, 200_000))
    expect(came()).toEqual([50_000, 50_000, 50_000])
    expect(line.answer(5)).toMatchObject({ body: page, end: 'whole' })
  })

  test('that SETTINGS make smaller may be less than nothing (§6.9.2)', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'x'.repeat(100))
    const line = setup.connect(setting(4, 60)).send(getFrame(1))
    expect(line.answer(1).body.length).toBe(60)
    line.send(frame(FrameType.settings, 0, 0, setting(4, 30)), grant(1, 20))
    expect(line.answer(1).body.length).toBe(60)
    line.send(grant(1, 20))
    expect(line.answer(1).body.length).toBe(70)
    line.send(frame(FrameType.settings, 0, 0, setting(4, 60)))
    expect(line.answer(1)).toMatchObject({ body: 'x'.repeat(100), end: 'whole' })
  })

  test('of no size at first', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'a page')
    const line = setup.connect(setting(4, 0)).send(getFrame(1))
    expect(line.answer(1)).toMatchObject({ fields: { ':status': '200' }, body: '', end: 'open' })
    line.send(grant(1, 6))
    expect(line.answer(1)).toMatchObject({ body: 'a page', end: 'whole' })
  })

  test('hold up what an origin sends, and the origin', async () => {
    const setup = new Http2Setup()
    const line = setup.connect(setting(4, 10)).send(getFrame(1))
    const { last } = setup.origin
    last.head(200, passing)
    last.data('x'.repeat(15))
    await line.turn()
    expect(last.paused).toBe(true)
    expect(line.answer(1).body.length).toBe(10)
    line.send(grant(1, 100))
    expect(last.paused).toBe(false)
    expect(line.answer(1).body.length).toBe(15)
    last.data('y')
    last.end()
    await line.turn()
    expect(line.answer(1)).toMatchObject({ body: `${'x'.repeat(15)}y`, end: 'whole' })
  })
})

test('streams take turns', () => {
  const setup = new Http2Setup()
  setup.engine.exchange({}, minute, 'x'.repeat(100_000))
  const line = wide(setup)
  line.socket.roomBytes = 0
  line.send(getFrame(1), getFrame(3), getFrame(5))
  line.drain()
  const order = line
    .frames()
    .filter(({ type }) => type === FrameType.data)
    .map(({ stream }) => stream)
  // What was put together before anything had to wait is the first's, and the beginning of the second.
  expect(order.slice(9, 19)).toEqual([3, 5, 3, 5, 3, 5, 3, 5, 3, 5])
  expect(order.length).toBe(21)
  for (const stream of [1, 3, 5]) expect(line.answer(stream)).toMatchObject({ end: 'whole' })
})

describe('a client that reads slowly', () => {
  test('gets all, whatever the room', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 40 }), (rooms) => {
        const setup = new Http2Setup()
        setup.engine.exchange({}, minute, 'x'.repeat(70_000))
        setup.engine.exchange({ target: '/two' }, minute, 'y'.repeat(30_000))
        const line = wide(setup)
        line.socket.roomBytes = rooms[0]!
        line.send(getFrame(1), getFrame(3, '/two'), getFrame(5))
        for (const room of rooms) line.drain(room)
        line.drain()
        expect(line.answer(1)).toMatchObject({ body: 'x'.repeat(70_000), end: 'whole' })
        expect(line.answer(3)).toMatchObject({ body: 'y'.repeat(30_000), end: 'whole' })
        expect(line.answer(5)).toMatchObject({ body: 'x'.repeat(70_000), end: 'whole' })
        expect(line.connection.isIdle).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('takes little memory: bodies wait where they lie', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'x'.repeat(1_000_000))
    const line = wide(setup)
    line.socket.roomBytes = 1000
    for (let i = 0; i < 128; i++) line.send(getFrame(1 + 2 * i))
    expect(line.connection.output.outbox.waitingBytes).toBeLessThan(256 << 10)
  })

  test('is sent the rest of what has left the store', () => {
    const setup = new Http2Setup()
    const page = 'x'.repeat(300_000)
    setup.engine.exchange({}, minute, page)
    const line = wide(setup)
    const gone = wide(setup)
    for (const each of [line, gone]) {
      each.socket.roomBytes = 10_000
      each.send(getFrame(1))
    }
    setup.engine.store.clear()
    gone.connection.cut()
    line.drain()
    expect(line.answer(1)).toMatchObject({ body: page, end: 'whole' })
  })

  test('holds up the origin', async () => {
    const setup = new Http2Setup()
    const line = wide(setup)
    line.send(getFrame(1))
    const { last } = setup.origin
    last.head(200, passing)
    line.socket.roomBytes = 100
    last.data('x'.repeat(1000))
    await line.turn()
    last.data('y'.repeat(1000))
    expect(last.paused).toBe(true)
    line.drain()
    expect(last.paused).toBe(false)
    last.end()
    await line.turn()
    expect(line.answer(1)).toMatchObject({ body: 'x'.repeat(1000) + 'y'.repeat(1000), end: 'whole' })
  })

  test('and gives a stream up is sent no more of it', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'x'.repeat(400_000))
    const line = wide(setup)
    line.socket.roomBytes = 1000
    line.send(getFrame(1), getFrame(3), numberFrame(FrameType.rstStream, 1, 8))
    line.drain()
    expect(line.answer(1).body.length).toBeLessThan(200_000)
    expect(line.answer(3)).toMatchObject({ end: 'whole' })
  })
})

test('two connections at once do not mix', async () => {
  const setup = new Http2Setup()
  const [one, two] = [wide(setup), wide(setup)]
  // One fetch for both: its parts are sent to one after the other.
  one.send(getFrame(1))
  two.send(getFrame(1))
  const { last } = setup.origin
  last.head(200, minute)
  for (const text of ['one', 'two', 'three']) last.data(text)
  last.end()
  await one.turn()
  await two.turn()
  for (const line of [one, two]) expect(line.answer(1)).toMatchObject({ body: 'onetwothree', end: 'whole' })
})
