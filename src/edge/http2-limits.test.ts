// How long a client of HTTP/2 is waited for, how connections end in order, and what is not put up with.
import { describe, expect, test } from 'bun:test'
import { fieldBlock, Flag, frame, FrameType } from '../../testing/http2-frames.ts'
import {
  dataFrame,
  getFrame,
  Http2Setup,
  numberFrame,
  postFrame,
  requestLines,
  setting,
} from '../../testing/http2-line.ts'
import { PREFACE } from '../http2/frame.ts'

const hour = { 'Cache-Control': 'max-age=3600' }
const passing = { 'Cache-Control': 'no-store' }
const many = (count: number, octets: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => octets))

describe('time limits', () => {
  test('of a connection without a request', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, hour, 'a page')
    const line = setup.connect()
    line.wait(70_000)
    line.send(getFrame(1))
    line.wait(74_000)
    expect(line.goAway).toBeUndefined()
    // That it is there is no request.
    line.send(frame(FrameType.ping, 0, 0, Buffer.alloc(8)))
    line.wait(2_000)
    expect([line.goAway, line.socket.state]).toEqual([0, 'shut'])
    line.wait(3_000)
    expect([line.socket.state, setup.closed]).toEqual(['ended', 1])
  })

  test('of a connection on which nothing is said', () => {
    const setup = new Http2Setup()
    const line = setup.accept()
    line.wait(74_000)
    expect(line.socket.state).toBe('open')
    line.wait(2_000)
    expect([line.socket.state, setup.closed]).toEqual(['ended', 1])
  })

  test('of what has begun and does not end', () => {
    const begun = [
      PREFACE.subarray(0, 5),
      Buffer.concat([PREFACE, frame(FrameType.settings, 0, 0), getFrame(1).subarray(0, 30)]),
      Buffer.concat([
        PREFACE,
        frame(FrameType.settings, 0, 0),
        frame(FrameType.headers, 0, 1, fieldBlock(requestLines('/page'))),
      ]),
    ]
    for (const octets of begun) {
      const line = new Http2Setup().accept().send(octets)
      line.wait(9_000)
      expect(line.socket.state).toBe('open')
      line.wait(2_000)
      expect(line.goAway).toBe(11)
    }
  })

  test('of a body that comes too slowly', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1), getFrame(3))
    for (let i = 0; i < 3; i++) {
      line.send(dataFrame(1, 'x'.repeat(10_000)))
      line.wait(29_000)
    }
    expect(line.answer(1).end).toBe('open')
    line.wait(62_000)
    expect(line.answer(1)).toMatchObject({ fields: { ':status': '408' }, end: 'reset 0' })
    expect(setup.origin.exchanges.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  test('of a body that the origin does not take there is none', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1))
    setup.origin.last.accepting = false
    line.send(dataFrame(1, 'x'))
    line.wait(120_000)
    expect(line.answer(1).end).toBe('open')
  })

  test('of a client that does not read', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, hour, 'x'.repeat(300_000))
    setup.engine.clock.advance(1_000_000)
    const line = setup.connect(setting(4, 0x3fff_ffff))
    line.send(numberFrame(FrameType.windowUpdate, 0, 0x3fff_ffff))
    line.socket.roomBytes = 100_000
    line.send(getFrame(1))
    line.drain(20_000)
    line.wait(31_000)
    expect(line.socket.state).toBe('open')
    line.wait(31_000)
    expect([line.socket.state, setup.closed]).toEqual(['cut', 1])
  })

  test('of a client that opens no window: the stream is given up, the others go on', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, hour, 'x'.repeat(100))
    setup.engine.exchange({ target: '/short' }, hour, 'short')
    // However long the process has been running.
    setup.engine.clock.advance(1_000_000)
    const line = setup.connect(setting(4, 10)).send(getFrame(1))
    line.wait(29_000)
    expect(line.answer(1).end).toBe('open')
    line.wait(32_000)
    expect(line.answer(1).end).toBe('reset 8')
    line.send(getFrame(3, '/short'))
    expect(line.answer(3)).toMatchObject({ body: 'short', end: 'whole' })
  })
})

describe('the end of a connection', () => {
  test('that drains: no more begins, what is under way ends', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1))
    setup.draining = true
    line.wait(250)
    // RFC 9113 §6.8: requests that are on their way are answered.
    const [told] = line.frames()
    expect([told!.type, told!.payload.readUInt32BE()]).toEqual([FrameType.goAway, 0x7fff_ffff])
    line.send(getFrame(3, '/late'))
    expect(setup.origin.exchanges.length).toBe(2)
    line.connection.drain()
    const [said] = line.frames()
    expect([said!.type, said!.payload.readUInt32BE()]).toEqual([FrameType.goAway, 3])
    line.send(getFrame(5, '/too-late'), postFrame(7), dataFrame(7, 'body', true))
    expect([setup.origin.exchanges.length, line.frames()]).toEqual([2, []])
    for (const exchange of setup.origin.exchanges) exchange.answer(200, passing, 'x')
    await line.turn()
    for (const stream of [1, 3]) expect(line.answer(stream).end).toBe('whole')
    expect(line.socket.state).toBe('shut')
    line.connection.onEnd()
    expect([line.socket.state, setup.closed]).toEqual(['ended', 1])
  })

  test('that drains and is broken off: no later stream is named than before (§6.8)', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1))
    setup.draining = true
    line.connection.drain()
    line.frames()
    line.send(getFrame(3), frame(FrameType.ping, 0, 1, Buffer.alloc(8)))
    const [last] = line.frames()
    expect([last!.payload.readUInt32BE(), last!.payload.readUInt32BE(4)]).toEqual([1, 1])
  })

  test('that drains and has nothing to do', () => {
    const setup = new Http2Setup()
    const [line, silent] = [setup.connect(), setup.accept()]
    setup.draining = true
    line.connection.drain()
    silent.connection.drain()
    expect([line.goAway, line.socket.state, silent.socket.state]).toEqual([0, 'shut', 'ended'])
    line.wait(2_500)
    expect([line.socket.state, setup.closed]).toEqual(['ended', 2])
  })

  test('that the client ends: it gets what has been said, and the rest is given up', async () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, hour, 'a page')
    const line = setup.connect()
    line.socket.roomBytes = 10
    line.send(getFrame(1), getFrame(3, '/waits'))
    line.connection.onEnd()
    expect([setup.origin.last.aborted, line.socket.state]).toEqual([true, 'open'])
    line.drain()
    expect(line.answer(1)).toMatchObject({ body: 'a page', end: 'whole' })
    expect([line.socket.state, setup.closed]).toEqual(['ended', 1])
  })

  test('that the client ends without a request', () => {
    for (const line of [new Http2Setup().connect(), new Http2Setup().accept()]) {
      line.connection.onEnd()
      expect([line.socket.state, line.setup.closed]).toEqual(['ended', 1])
    }
  })
})

describe('how long it has waited', () => {
  test('is told while nothing else is done', () => {
    const setup = new Http2Setup()
    const line = setup.connect()
    line.wait(1_000)
    expect(line.connection.waitsSinceMs).toBe(0)
    line.send(getFrame(1))
    expect(line.connection.waitsSinceMs).toBe(Infinity)
    expect(line.connection.isIdle).toBe(false)
    line.wait(1_000)
    setup.origin.last.answer(200, passing, 'x')
    line.connection.output.flush()
    expect(line.connection.waitsSinceMs).toBe(2_000)
  })
})

describe('floods', () => {
  test('of streams that are reset at once (CVE-2023-44487)', () => {
    const setup = new Http2Setup()
    const line = setup.connect()
    for (let i = 0; i < 1000 && line.socket.state === 'open'; i++)
      line.send(getFrame(1 + 2 * i, `/${i}`), numberFrame(FrameType.rstStream, 1 + 2 * i, 8))
    expect(line.goAway).toBe(11)
    expect(setup.origin.exchanges.length).toBeLessThan(300)
    expect(setup.origin.exchanges.every(({ aborted }) => aborted)).toBe(true)
  })

  test('of streams that are reset through faults (CVE-2025-8671)', () => {
    const faults = [
      (stream: number) => numberFrame(FrameType.windowUpdate, stream, 0),
      (stream: number) => numberFrame(FrameType.windowUpdate, stream, 0x7fff_ffff),
      (stream: number) => getFrame(stream),
      (stream: number) => frame(FrameType.priority, 0, stream, Buffer.alloc(1)),
    ]
    for (const fault of faults) {
      const setup = new Http2Setup()
      const line = setup.connect()
      for (let i = 0; i < 1000 && line.socket.state === 'open'; i++)
        line.send(getFrame(1 + 2 * i, `/${i}`), fault(1 + 2 * i))
      expect(line.goAway).toBe(11)
      expect(setup.origin.exchanges.length).toBeLessThan(300)
    }
  })

  test('of requests that are malformed', () => {
    const line = new Http2Setup().connect()
    for (let i = 0; i < 1000 && line.socket.state === 'open'; i++)
      line.send(getFrame(1 + 2 * i, '/page', ['X', '']))
    expect(line.goAway).toBe(11)
  })

  const floods: Readonly<Record<string, Buffer>> = {
    SETTINGS: frame(FrameType.settings, 0, 0, setting(4, 65_535)),
    'empty SETTINGS': frame(FrameType.settings, 0, 0),
    PING: frame(FrameType.ping, 0, 0, Buffer.alloc(8)),
    PRIORITY: frame(FrameType.priority, 0, 1, Buffer.alloc(5)),
    'window updates': numberFrame(FrameType.windowUpdate, 0, 1),
    'window updates of a stream': numberFrame(FrameType.windowUpdate, 1, 1),
    'empty DATA': dataFrame(1, ''),
    'padded empty DATA': frame(FrameType.data, Flag.padded, 1, Buffer.from([0])),
    'resets of one stream': numberFrame(FrameType.rstStream, 1, 8),
    GOAWAY: frame(FrameType.goAway, 0, 0, Buffer.alloc(8)),
    'frames of no meaning': frame(0x77, 0, 1),
  }
  for (const [name, octets] of Object.entries(floods)) {
    test(`of ${name}`, () => {
      const setup = new Http2Setup()
      const line = setup.connect().send(postFrame(1))
      for (let i = 0; i < 100 && line.socket.state === 'open'; i++) line.send(many(100, octets))
      expect([line.goAway, line.socket.state]).toEqual([11, 'shut'])
      expect(setup.origin.last.aborted).toBe(true)
    })
  }

  test('of empty CONTINUATION', () => {
    const line = new Http2Setup()
      .connect()
      .send(frame(FrameType.headers, 0, 1, fieldBlock(requestLines('/page'))))
    for (let i = 0; i < 100 && line.socket.state === 'open'; i++)
      line.send(many(100, frame(FrameType.continuation, 0, 1)))
    expect(line.goAway).toBe(11)
  })

  test('of what has to be answered, by a client that does not read', () => {
    const setup = new Http2Setup()
    const line = setup
      .connect(setting(4, 0x3fff_ffff))
      .send(numberFrame(FrameType.windowUpdate, 0, 0x3fff_ffff))
    setup.engine.exchange({}, hour, 'x'.repeat(200_000))
    line.socket.roomBytes = 1000
    line.send(getFrame(1))
    for (let i = 0; i < 600 && line.connection.isIdle === false; i++)
      line.send(frame(FrameType.ping, 0, 0, Buffer.alloc(8)))
    expect(line.connection.output.outbox.waitingBytes).toBeLessThan(300_000)
    line.drain()
    expect(line.goAway).toBe(11)
  })

  test('of requests whose answers are not read: they wait, and are not many', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, { ...hour, ETag: '"one"' }, 'x')
    const line = setup.connect()
    line.socket.roomBytes = 10
    for (let i = 0; i < 2000 && line.socket.state === 'open'; i++)
      line.send(getFrame(1 + 2 * i, '/page', ['if-none-match', '"one"']))
    expect(line.connection.output.outbox.waitingBytes).toBeLessThan(100_000)
    line.drain()
    expect(line.goAway).toBe(11)
  })

  test('there is none in a large answer that is read in small pieces', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, hour, 'x'.repeat(800_000))
    const line = setup.connect(setting(4, 1000)).send(getFrame(1))
    for (let sent = 0; sent < 800_000; sent += 500)
      line.send(numberFrame(FrameType.windowUpdate, 1, 500), numberFrame(FrameType.windowUpdate, 0, 500))
    expect(line.answer(1)).toMatchObject({ end: 'whole' })
  })
})
