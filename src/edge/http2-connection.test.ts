// A client's HTTP/2 connection, frame by frame: requests in, answers out, in which form, and how streams and connections end.
// Long because the states of a connection are many, and each is tested with each end that it may come to.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fieldsOf } from '../../testing/exchange.ts'
import { fieldBlock, Flag, frame, FrameType } from '../../testing/http2-frames.ts'
import {
  dataFrame,
  getFrame,
  Http2Setup,
  numberFrame,
  postFrame,
  requestLines,
  setting,
  type Http2Line,
} from '../../testing/http2-line.ts'
import { PREFACE } from '../http2/frame.ts'

const minute = { 'Cache-Control': 'max-age=60' }
const passing = { 'Cache-Control': 'no-store' }
const settled = frame(FrameType.settings, 0, 0)

const types = (frames: readonly { type: number }[]): string =>
  frames
    .map(({ type }) => Object.entries(FrameType).find(([, number]) => number === type)?.[0] ?? type)
    .join(' ')

/** What comes of octets that come in these pieces. */
const said = (pieces: readonly Buffer[]) => {
  const setup = new Http2Setup()
  setup.engine.exchange({}, minute, 'a page')
  setup.engine.exchange({ target: '/other' }, minute, 'another')
  const line = setup.accept()
  for (const piece of pieces) line.send(piece)
  const { origin } = setup
  return [
    line.frames().map(({ type, stream, payload }) => [type, stream, payload.toString('latin1')]),
    [origin.last.received.toString(), origin.exchanges.length],
  ]
}

/** A DATA frame as large as may be. */
const fullData = (stream: number) => frame(FrameType.data, 0, stream, Buffer.alloc(16_384, 'x'))

const blockFrame = (stream: number, block: Buffer) =>
  frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, block)

const open = (line: Http2Line) => line.send(postFrame(1))
const ended = (line: Http2Line) => line.send(getFrame(1, '/waits'))

describe('the first words', () => {
  test('are answered with settings, a wider window, and the answer to the request that came with them', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'a page')
    const line = setup.accept().send(PREFACE, settled, getFrame(1))
    expect(types(line.frames())).toBe('settings windowUpdate settings headers data')
    expect(line.socket.writes).toBe(1)
    const { fields, body, end } = line.answer(1)
    expect(fields).toMatchObject({
      ':status': '200',
      'content-length': '6',
      age: '0',
      'cache-status': 'Myriad; hit; ttl=60; detail=fresh',
    })
    expect([body, end]).toEqual(['a page', 'whole'])
  })

  test('other than those of HTTP/2 end the connection', () => {
    const line = new Http2Setup().accept().send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    expect([line.goAway, line.socket.state]).toEqual([1, 'shut'])
  })

  test('without settings end the connection', () => {
    for (const first of [getFrame(1), frame(FrameType.ping, 0, 0, Buffer.alloc(8)), dataFrame(1, 'x')]) {
      const line = new Http2Setup().accept().send(PREFACE, first)
      expect([line.goAway, line.socket.state]).toEqual([1, 'shut'])
    }
    const answered = new Http2Setup().accept().send(PREFACE, frame(FrameType.settings, Flag.ack, 0))
    expect(answered.goAway).toBe(1)
  })
})

describe('answers', () => {
  test('of many requests that came together go out in one write', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'x'.repeat(8000))
    const line = setup.connect()
    const before = line.socket.writes
    line.send(...[1, 3, 5, 7, 9].map((stream) => getFrame(stream)))
    expect(line.socket.writes - before).toBe(1)
    for (const stream of [1, 3, 5, 7, 9]) expect(line.answer(stream)).toMatchObject({ end: 'whole' })
  })

  test('are the same for every split of what came', () => {
    const octets = Buffer.concat([
      PREFACE,
      settled,
      getFrame(1),
      postFrame(3, '/post', ['content-length', '5']),
      dataFrame(3, 'he'),
      frame(FrameType.data, Flag.padded, 3, Buffer.from('\x03llo...')).subarray(0, -1),
      frame(FrameType.data, Flag.endStream, 3).subarray(0, 0),
      getFrame(5, '/other'),
      frame(FrameType.ping, 0, 0, Buffer.from('12345678')),
    ])
    const whole = said([octets])
    fc.assert(
      fc.property(fc.array(fc.nat(octets.length), { maxLength: 12 }), (cuts) => {
        const ends = [...new Set([...cuts, octets.length])].toSorted((a, b) => a - b)
        const pieces = ends.map((end, i) => octets.subarray(i === 0 ? 0 : ends[i - 1], end))
        expect(said(pieces.filter((piece) => piece.length > 0))).toEqual(whole)
      }),
    )
    expect(said(Array.from(octets, (octet) => Buffer.from([octet])))).toEqual(whole)
  })

  test('from the origin stream, of known length and of unknown', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1), getFrame(3, '/two'))
    const [one, two] = setup.origin.exchanges
    one!.head(200, passing, 6)
    one!.data('one')
    two!.head(200, { ...passing, 'X-Two': '2' })
    two!.data('two')
    expect(types(await line.turn())).toBe('headers data headers data')
    expect(line.answer(1)).toMatchObject({ body: 'one', end: 'open', fields: { 'content-length': '6' } })
    expect(line.answer(3)).toMatchObject({ body: 'two', end: 'open', fields: { 'x-two': '2' } })
    one!.data('two')
    one!.end()
    two!.end()
    await line.turn()
    expect(line.answer(1)).toMatchObject({ body: 'onetwo', end: 'whole' })
    expect(line.answer(3)).toMatchObject({ body: 'two', end: 'whole' })
    expect(line.connection.isIdle).toBe(true)
  })

  test('of known length end with their last octets', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1))
    setup.origin.last.answer(200, passing, 'body')
    const frames = await line.turn()
    expect(types(frames)).toBe('headers data')
    expect(frames[1]!.flags).toBe(Flag.endStream)
  })

  test('without a body end with their head', async () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, { ...minute, ETag: '"one"' }, 'a page')
    const line = setup.connect()
    const head = frame(
      FrameType.headers,
      Flag.endHeaders | Flag.endStream,
      1,
      fieldBlock(requestLines('/page', 'HEAD')),
    )
    line.send(
      head,
      getFrame(3, '/page', ['if-none-match', '"one"']),
      getFrame(5, '/none'),
      getFrame(7, '/empty'),
    )
    const [none, empty] = setup.origin.exchanges.slice(-2)
    none!.head(204, passing, 0)
    none!.end()
    empty!.answer(200, passing, '')
    expect(types(await line.turn())).toBe('headers headers headers headers')
    expect(line.answer(1)).toMatchObject({
      end: 'whole',
      fields: { ':status': '200', 'content-length': '6' },
    })
    expect(line.answer(3)).toMatchObject({ end: 'whole', fields: { ':status': '304', etag: '"one"' } })
    expect(line.answer(5)).toMatchObject({ end: 'whole', fields: { ':status': '204' } })
    expect(line.answer(5).fields['content-length']).toBeUndefined()
    expect(line.answer(7)).toMatchObject({
      end: 'whole',
      fields: { ':status': '200', 'content-length': '0' },
    })
  })

  test('tell what the listener tells, unless they say it themselves', async () => {
    const setup = new Http2Setup()
    const own = { 'Strict-Transport-Security': 'max-age=1' }
    setup.engine.exchange({}, minute, 'a page')
    setup.engine.exchange({ target: '/own' }, { ...minute, ...own }, 'a page')
    const before = setup.connect().send(getFrame(1))
    expect(before.answer(1).fields['strict-transport-security']).toBeUndefined()
    setup.told = [['strict-transport-security', 'max-age=9']]
    const line = setup.connect()
    line.send(getFrame(1), getFrame(3, '/own'), getFrame(5, '/passing'), getFrame(7, '/passing-own'))
    const [passed, passedOwn] = setup.origin.exchanges.slice(-2)
    passed!.answer(200, passing, 'body')
    passedOwn!.answer(200, { ...passing, ...own }, 'body')
    await line.turn()
    const told = [1, 3, 5, 7].map((stream) => line.answer(stream).fields['strict-transport-security'])
    expect(told).toEqual(['max-age=9', 'max-age=1', 'max-age=9', 'max-age=1'])
  })

  test('are told of before they come', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1))
    setup.origin.last.interim(103, { Link: '</a.css>; rel=preload' })
    expect(types(await line.turn())).toBe('headers')
    setup.origin.last.answer(200, passing, 'body')
    await line.turn()
    const { interim, fields, end } = line.answer(1)
    expect(interim).toEqual([
      [
        [':status', '103'],
        ['link', '</a.css>; rel=preload'],
      ],
    ])
    expect([fields[':status'], end]).toEqual(['200', 'whole'])
  })

  test('have trailers', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1))
    setup.origin.last.head(200, passing)
    setup.origin.last.data('body')
    setup.origin.last.end(fieldsOf({ 'X-Late': 'yes' }))
    await line.turn()
    expect(line.answer(1)).toMatchObject({ body: 'body', trailers: [['x-late', 'yes']], end: 'whole' })
  })

  test('that an origin breaks off are reset', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1), getFrame(3, '/other'))
    const [one, two] = setup.origin.exchanges
    one!.head(200, passing)
    one!.data('some')
    one!.fail('origin-closed')
    two!.fail('connect-refused')
    await line.turn()
    expect(line.answer(1)).toMatchObject({ body: 'some', end: 'reset 2' })
    expect(line.answer(3)).toMatchObject({ end: 'whole', fields: { ':status': '502' } })
  })

  test('larger than a frame come in several', () => {
    const setup = new Http2Setup()
    const page = 'x'.repeat(40_000)
    setup.engine.exchange({}, minute, page)
    const line = setup.connect().send(getFrame(1))
    expect(line.frames().map(({ type, payload }) => (type === 0 ? payload.length : type))).toEqual([
      1, 16_384, 16_384, 7_232,
    ])
    expect(line.answer(1)).toMatchObject({ body: page, end: 'whole' })
  })

  test('with a head larger than a frame have it continued', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1))
    const large = 'y'.repeat(40_000)
    setup.origin.last.answer(200, { ...passing, 'X-Large': large }, 'body')
    expect(types(await line.turn())).toBe('headers continuation continuation data')
    expect(line.answer(1)).toMatchObject({ body: 'body', end: 'whole', fields: { 'x-large': large } })
  })

  test('a client whose table is smaller is told that none is needed (RFC 7541 §4.2)', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'a page')
    const line = setup.connect(setting(1, 0)).send(getFrame(1), getFrame(3))
    const heads = line.frames().filter(({ type }) => type === FrameType.headers)
    expect(heads.map(({ payload }) => payload[0])).toEqual([0x20, 0x88])
    expect(line.answer(1)).toMatchObject({ body: 'a page', end: 'whole' })
  })
})

describe('the body of a request', () => {
  test('goes on as it comes', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1))
    const { last } = setup.origin
    expect(last.request.body).toEqual({ kind: 'stream', bytes: undefined })
    line.send(dataFrame(1, 'one'))
    expect([last.received.toString(), last.finished]).toEqual(['one', false])
    line.send(dataFrame(1, 'two', true))
    expect([last.received.toString(), last.finished]).toEqual(['onetwo', true])
    last.answer(200, passing, 'thanks')
    expect(line.answer(1).end).toBe('open')
  })

  test('has the length that was announced, or the stream is reset', () => {
    for (const body of ['four', 'sixsix']) {
      const setup = new Http2Setup()
      const line = setup
        .connect()
        .send(postFrame(1, '/page', ['content-length', '5']), dataFrame(1, body, true))
      expect(line.answer(1).end).toBe('reset 1')
      expect(setup.origin.last.aborted).toBe(true)
      expect(line.goAway).toBeUndefined()
    }
    const setup = new Http2Setup()
    setup.connect().send(postFrame(1, '/page', ['content-length', '5']), dataFrame(1, 'five5', true))
    expect(setup.origin.last.request.body).toEqual({ kind: 'stream', bytes: 5 })
    expect(setup.origin.last.finished).toBe(true)
  })

  test('has trailers', () => {
    const setup = new Http2Setup()
    const trailers = fieldBlock([
      ['x-late', 'yes'],
      ['authorization', 'no'],
    ])
    setup
      .connect()
      .send(
        postFrame(1),
        dataFrame(1, 'body'),
        frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, trailers),
      )
    expect([...setup.origin.last.trailers!]).toEqual([['x-late', 'yes']])
  })

  test('is padded', () => {
    const setup = new Http2Setup()
    const line = setup.connect()
    const block = Buffer.concat([
      Buffer.from([4]),
      fieldBlock(requestLines('/page', 'POST')),
      Buffer.alloc(4),
    ])
    line.send(
      frame(FrameType.headers, Flag.endHeaders | Flag.padded, 1, block),
      frame(FrameType.data, Flag.padded | Flag.endStream, 1, Buffer.from('\x03body\0\0\0')),
    )
    expect(setup.origin.last.received.toString()).toBe('body')
    expect(setup.origin.last.finished).toBe(true)
  })

  test('is waited for until the origin wants it (100-continue)', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1, '/page', ['expect', '100-continue']))
    expect(setup.origin.last.request.expectsContinue).toBe(true)
    setup.origin.last.interim(100)
    await line.turn()
    expect(line.answer(1).interim).toEqual([[[':status', '100']]])
    line.send(dataFrame(1, 'body', true))
    expect(setup.origin.last.received.toString()).toBe('body')
  })

  test('is granted anew as the origin takes it', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1))
    const piece = frame(FrameType.data, 0, 1, Buffer.alloc(16_384, 'x'))
    const granted = () => line.frames().filter(({ type }) => type === FrameType.windowUpdate)
    for (let i = 0; i < 7; i++) line.send(piece)
    expect(granted()).toEqual([])
    line.send(piece)
    expect(granted().map(({ stream, payload }) => [stream, payload.readUInt32BE()])).toEqual([[1, 131_072]])
    for (let i = 0; i < 8; i++) line.send(piece)
    expect(granted().map(({ stream, payload }) => [stream, payload.readUInt32BE()])).toEqual([
      [1, 131_072],
      [0, 262_144],
    ])
  })

  test('is kept, and not granted anew, while the origin does not take it', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1))
    const { last } = setup.origin
    last.accepting = false
    const piece = frame(FrameType.data, 0, 1, Buffer.alloc(16_384, 'x'))
    for (let i = 0; i < 16; i++) line.send(piece)
    expect(last.received.length).toBe(16_384)
    expect(line.frames()).toEqual([])
    // What was announced has come: more is a fault.
    last.accepting = true
    last.writable()
    expect(last.received.length).toBe(16 * 16_384)
    expect(line.connection.output.isEmpty).toBe(false)
    line.connection.output.flush()
    expect(types(line.frames())).toBe('windowUpdate windowUpdate')
    line.send(dataFrame(1, 'end', true))
    expect(last.finished).toBe(true)
  })

  test('ends while the origin does not take it', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1))
    const { last } = setup.origin
    last.accepting = false
    const [two, three] = ['2', '3'].map((digit) => digit.repeat(16_000)) as [string, string]
    line.send(dataFrame(1, 'one'), dataFrame(1, two), dataFrame(1, three, true))
    expect([last.received.length, last.finished]).toEqual([3, false])
    last.writable()
    expect([last.received.length, last.finished]).toEqual([16_003, false])
    last.accepting = true
    last.writable()
    expect([last.received.toString(), last.finished]).toEqual([`one${two}${three}`, true])
  })

  test('beyond its window ends the stream, beyond the connection’s the connection', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1), postFrame(3), postFrame(5))
    for (const exchange of setup.origin.exchanges) exchange.accepting = false
    for (let i = 0; i < 17; i++) line.send(fullData(1))
    expect(line.answer(1).end).toBe('reset 3')
    expect(setup.origin.exchanges[0]!.aborted).toBe(true)
    for (let i = 0; i < 16; i++) line.send(fullData(3), fullData(5))
    // What the reset stream held is granted to the others; they hold all of it now.
    expect(line.goAway).toBeUndefined()
    line.send(postFrame(7), fullData(7))
    expect(line.goAway).toBe(3)
  })

  test('that is larger than it may be is refused, and the rest of it passed over', async () => {
    const setup = new Http2Setup({}, [], { bodyBytes: 10 })
    const line = setup.connect().send(postFrame(1), dataFrame(1, 'x'.repeat(11)), dataFrame(1, 'more'))
    expect(line.answer(1)).toMatchObject({ fields: { ':status': '413' }, end: 'reset 0' })
    expect(setup.origin.last.aborted).toBe(true)
    line.send(dataFrame(1, 'and more', true), getFrame(3))
    expect(line.goAway).toBeUndefined()
    expect(setup.origin.exchanges.length).toBe(2)
  })

  test('that is too large with HEAD is refused without a body', () => {
    const setup = new Http2Setup({}, [], { bodyBytes: 10 })
    const head = frame(FrameType.headers, Flag.endHeaders, 1, fieldBlock(requestLines('/page', 'HEAD')))
    const line = setup.connect().send(head, dataFrame(1, 'x'.repeat(11)))
    expect(line.answer(1)).toMatchObject({ fields: { ':status': '413' }, body: '', end: 'reset 0' })
  })

  test('that nobody wants any more is passed over once there is an answer', async () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(postFrame(1), dataFrame(1, 'some'))
    setup.origin.last.answer(403, passing, 'no')
    await line.turn()
    expect(line.answer(1)).toMatchObject({ fields: { ':status': '403' }, body: 'no', end: 'reset 0' })
    const piece = frame(FrameType.data, 0, 1, Buffer.alloc(16_384))
    for (let i = 0; i < 100; i++) line.send(piece)
    line.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, fieldBlock([['x', '1']])))
    expect(line.goAway).toBeUndefined()
    // Once it has ended it is over.
    line.send(dataFrame(1, 'again'))
    expect(line.goAway).toBe(5)
  })
})

describe('streams that are given up', () => {
  test('by the client are given up at the origin', () => {
    const setup = new Http2Setup()
    const line = setup.connect().send(getFrame(1), numberFrame(FrameType.rstStream, 1, 8))
    expect(setup.origin.last.aborted).toBe(true)
    expect(line.frames()).toEqual([])
    expect(line.connection.isIdle).toBe(true)
    // What was under way may still arrive.
    line.send(numberFrame(FrameType.windowUpdate, 1, 100), numberFrame(FrameType.rstStream, 1, 8))
    expect(line.goAway).toBeUndefined()
  })

  test('with the connection, too', () => {
    for (const end of ['onClose', 'cut'] as const) {
      const setup = new Http2Setup()
      const line = setup.connect().send(getFrame(1), postFrame(3))
      line.connection[end]()
      expect(setup.origin.exchanges.map(({ aborted }) => aborted)).toEqual([true, true])
      expect(setup.closed).toBe(1)
    }
  })

  test('more than may be under way are refused, and may be asked again', async () => {
    const setup = new Http2Setup()
    const line = setup.connect()
    for (let i = 0; i < 129; i++) line.send(getFrame(1 + 2 * i, `/${i}`))
    expect(setup.origin.exchanges.length).toBe(128)
    expect(line.answer(257).end).toBe('reset 7')
    setup.origin.last.answer(200, passing, 'x')
    await line.turn()
    line.send(getFrame(259, '/again'))
    expect(setup.origin.exchanges.length).toBe(129)
  })
})

describe('requests that are refused', () => {
  test('get an answer, or a reset where they are malformed; the connection goes on', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({}, minute, 'a page')
    const line = setup.connect()
    line.send(getFrame(1, '/%00'), getFrame(3, '/page', ['X', '1']), getFrame(5))
    expect(line.answer(1)).toMatchObject({ end: 'whole', fields: { ':status': '400' } })
    expect(line.answer(3)).toMatchObject({ end: 'reset 1' })
    expect(line.answer(5)).toMatchObject({ end: 'whole', body: 'a page' })
    expect(setup.engine.records.slice(1).map(({ reason, status }) => [reason, status])).toEqual([
      ['bad-request', 400],
      ['bad-request', 400],
      ['fresh', 200],
    ])
  })

  test('keep the table up', () => {
    const setup = new Http2Setup()
    setup.engine.exchange({ target: '/kept' }, minute, 'a page')
    const line = setup.connect()
    const kept = Buffer.concat([
      Buffer.from([0x82, 0x86, 0x41, 6]),
      Buffer.from('a.test'),
      Buffer.from([0x44, 5]),
      Buffer.from('/kept'),
    ])
    line.send(
      blockFrame(1, Buffer.concat([kept, fieldBlock([['connection', 'x']])])),
      blockFrame(3, Buffer.from([0x82, 0x86, 0xbf, 0xbe])),
    )
    expect(line.answer(1).end).toBe('reset 1')
    expect(line.answer(3)).toMatchObject({ body: 'a page', end: 'whole' })
  })
})

test('a proxy that is trusted tells of its client', () => {
  for (const trusted of [[], ['192.0.2.7']]) {
    const setup = new Http2Setup({}, trusted)
    setup
      .connect()
      .send(getFrame(1, '/page', ['x-forwarded-proto', 'https'], ['x-forwarded-host', 'public.test']))
    const { request } = setup.origin.last
    const { scheme, authority } = request.gateway
    expect([scheme, authority]).toEqual(trusted.length > 0 ? ['https', 'public.test'] : ['http', 'a.test'])
  }
})

describe('faults of the client (RFC 9113)', () => {
  const trailers = fieldBlock([['x', '1']])
  const faults: Readonly<
    Record<string, readonly [code: number, octets: Buffer, before?: (line: Http2Line) => unknown]>
  > = {
    'DATA on stream 0 (§6.1)': [1, dataFrame(0, 'x')],
    'DATA on a stream that is idle (§5.1)': [1, dataFrame(1, 'x')],
    'DATA on an even stream': [1, dataFrame(2, 'x')],
    'DATA on a stream that has ended (§5.1)': [5, dataFrame(1, 'x'), ended],
    'padding longer than its DATA (§6.1)': [
      1,
      frame(FrameType.data, Flag.padded, 1, Buffer.from('\x09x')),
      open,
    ],
    'padding of no length': [6, frame(FrameType.data, Flag.padded, 1), open],
    'HEADERS on stream 0 (§6.2)': [1, getFrame(0)],
    'HEADERS on an even stream (§5.1.1)': [1, getFrame(2)],
    'HEADERS on a stream that was left out (§5.1.1)': [
      1,
      getFrame(3),
      (line) => line.send(getFrame(1), getFrame(9)),
    ],
    'HEADERS on a stream that is over (§5.1)': [5, getFrame(1), (line) => line.send(getFrame(1, '/%00'))],
    'padding longer than its HEADERS': [
      1,
      frame(FrameType.headers, Flag.endHeaders | Flag.padded, 1, Buffer.from([9, 0x82])),
    ],
    'HEADERS without the priority that they have': [
      6,
      frame(FrameType.headers, Flag.endHeaders | Flag.priority, 1, Buffer.alloc(4)),
    ],
    'a field block that is none (§4.3)': [
      9,
      frame(FrameType.headers, Flag.endHeaders, 1, Buffer.from([0x80])),
    ],
    'trailers that are none': [
      9,
      frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, Buffer.from([0x80])),
      open,
    ],
    'CONTINUATION without HEADERS (§6.10)': [1, frame(FrameType.continuation, Flag.endHeaders, 1, trailers)],
    'CONTINUATION of another stream': [
      1,
      Buffer.concat([
        frame(FrameType.headers, Flag.endStream, 1, trailers),
        frame(FrameType.continuation, Flag.endHeaders, 3, trailers),
      ]),
    ],
    'HEADERS between HEADERS and CONTINUATION': [
      1,
      Buffer.concat([frame(FrameType.headers, 0, 1, trailers), getFrame(3)]),
    ],
    'DATA between HEADERS and CONTINUATION': [
      1,
      Buffer.concat([frame(FrameType.headers, 0, 1, trailers), dataFrame(1, 'x')]),
    ],
    'an unknown frame between HEADERS and CONTINUATION (§5.5)': [
      1,
      Buffer.concat([frame(FrameType.headers, 0, 1, trailers), frame(0xee, 0, 1)]),
    ],
    'PRIORITY on stream 0 (§6.3)': [1, frame(FrameType.priority, 0, 0, Buffer.alloc(5))],
    'RST_STREAM on stream 0 (§6.4)': [1, numberFrame(FrameType.rstStream, 0, 8)],
    'RST_STREAM on a stream that is idle': [1, numberFrame(FrameType.rstStream, 1, 8)],
    'RST_STREAM of another size': [6, frame(FrameType.rstStream, 0, 1, Buffer.alloc(3)), open],
    'SETTINGS on a stream (§6.5)': [1, frame(FrameType.settings, 0, 1)],
    'SETTINGS of no whole setting': [6, frame(FrameType.settings, 0, 0, Buffer.alloc(5))],
    'an answer to SETTINGS with something in it': [
      6,
      frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(6)),
    ],
    'ENABLE_PUSH that is neither (§6.5.2)': [1, frame(FrameType.settings, 0, 0, setting(2, 2))],
    'a window that is too large': [3, frame(FrameType.settings, 0, 0, setting(4, 0x8000_0000))],
    'frames that are too small': [1, frame(FrameType.settings, 0, 0, setting(5, 16_383))],
    'frames that are too large': [1, frame(FrameType.settings, 0, 0, setting(5, 0x100_0000))],
    'PUSH_PROMISE from a client (§8.4)': [
      1,
      frame(FrameType.pushPromise, Flag.endHeaders, 1, Buffer.alloc(8)),
    ],
    'PING on a stream (§6.7)': [1, frame(FrameType.ping, 0, 1, Buffer.alloc(8))],
    'PING of another size': [6, frame(FrameType.ping, 0, 0, Buffer.alloc(7))],
    'GOAWAY on a stream (§6.8)': [1, frame(FrameType.goAway, 0, 1, Buffer.alloc(8))],
    'GOAWAY of another size': [6, frame(FrameType.goAway, 0, 0, Buffer.alloc(7))],
    'a window that grows by nothing (§6.9)': [1, numberFrame(FrameType.windowUpdate, 0, 0)],
    'a window that grows beyond its limit (§6.9.1)': [3, numberFrame(FrameType.windowUpdate, 0, 0x7fff_ffff)],
    'WINDOW_UPDATE on a stream that is idle': [1, numberFrame(FrameType.windowUpdate, 1, 1)],
    'WINDOW_UPDATE of another size': [6, frame(FrameType.windowUpdate, 0, 0, Buffer.alloc(3))],
    'a frame that is too large (§4.2)': [6, frame(FrameType.ping, 0, 0, Buffer.alloc(16_385))],
    'windows of streams that grow beyond their limit by SETTINGS (§6.9.2)': [
      3,
      Buffer.concat([
        numberFrame(FrameType.windowUpdate, 1, 0x7fff_0000),
        frame(FrameType.settings, 0, 0, setting(4, 0x7fff_ffff)),
      ]),
      ended,
    ],
  }
  for (const [name, [code, octets, before]] of Object.entries(faults)) {
    test(name, () => {
      const setup = new Http2Setup()
      const line = setup.connect()
      before?.(line)
      line.frames()
      line.send(octets, getFrame(99, '/after'))
      expect(line.goAway).toBe(code)
      expect(line.socket.state).toBe('shut')
      expect(setup.origin.exchanges.every(({ aborted }) => aborted)).toBe(true)
      expect(setup.origin.exchanges.some(({ request }) => request.pathAndQuery === '/after')).toBe(false)
      // What still comes is nobody's.
      line.send(getFrame(101))
      line.connection.onEnd()
      expect(line.socket.state).toBe('ended')
      expect(setup.closed).toBe(1)
    })
  }

  const streamFaults: Readonly<Record<string, readonly [code: number, octets: Buffer, before?: Buffer]>> = {
    'trailers that do not end the request (§8.1)': [
      1,
      frame(FrameType.headers, Flag.endHeaders, 1, trailers),
      postFrame(1),
    ],
    'trailers with a pseudo-field': [
      1,
      frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, fieldBlock([[':path', '/']])),
      postFrame(1),
    ],
    'HEADERS on a stream that the client has ended': [5, getFrame(1), getFrame(1)],
    'PRIORITY of another size (§6.3)': [6, frame(FrameType.priority, 0, 1, Buffer.alloc(4)), getFrame(1)],
    'a window that grows by nothing (§6.9)': [1, numberFrame(FrameType.windowUpdate, 1, 0), getFrame(1)],
    'a window that grows beyond its limit (§6.9.1)': [
      3,
      numberFrame(FrameType.windowUpdate, 1, 0x7fff_ffff),
      getFrame(1),
    ],
  }
  for (const [name, [code, octets, before]] of Object.entries(streamFaults)) {
    test(name, () => {
      const setup = new Http2Setup()
      const line = setup.connect().send(before!)
      line.frames()
      line.send(octets)
      expect(line.answer(1).end).toBe(`reset ${code}`)
      expect(setup.origin.last.aborted).toBe(true)
      expect(line.goAway).toBeUndefined()
      line.send(getFrame(3, '/after'))
      expect(setup.origin.last.request.pathAndQuery).toBe('/after')
    })
  }
})

test('what means nothing is passed over', () => {
  const setup = new Http2Setup()
  setup.engine.exchange({}, minute, 'a page')
  const line = setup.connect()
  line.send(
    frame(0xee, 0xff, 1, Buffer.from('anything')),
    frame(FrameType.settings, 0, 0, setting(0xabcd, 7)),
    frame(FrameType.priority, 0, 7, Buffer.alloc(5)),
    frame(FrameType.goAway, 0, 0, Buffer.alloc(8)),
    frame(FrameType.settings, Flag.ack, 0),
    frame(FrameType.ping, Flag.ack, 0, Buffer.alloc(8)),
    frame(
      FrameType.headers,
      Flag.endHeaders | Flag.endStream | Flag.priority,
      1,
      Buffer.concat([Buffer.alloc(5), fieldBlock(requestLines('/page'))]),
    ),
  )
  expect(line.answer(1)).toMatchObject({ body: 'a page', end: 'whole' })
  line.send(frame(FrameType.ping, 0, 0, Buffer.from('12345678')))
  const [ping] = line.frames()
  expect([ping!.type, ping!.flags, ping!.payload.toString()]).toEqual([FrameType.ping, Flag.ack, '12345678'])
})

test('a field block may come in parts', () => {
  const setup = new Http2Setup()
  const block = fieldBlock(requestLines('/page', 'GET', ['x-one', '1']))
  const line = setup.connect()
  line.send(frame(FrameType.headers, Flag.endStream, 1, block.subarray(0, 7)))
  expect(line.connection.isIdle).toBe(false)
  line.send(
    frame(FrameType.continuation, 0, 1, block.subarray(7, 20)),
    frame(FrameType.continuation, Flag.endHeaders, 1, block.subarray(20)),
  )
  expect(setup.origin.last.field('x-one')).toBe('1')
})

test('a head that is too large is refused; one beyond all measure ends the connection', () => {
  const setup = new Http2Setup()
  const line = setup.connect()
  const large = fieldBlock(requestLines('/page', 'GET', ['x', 'y'.repeat(33_000)]))
  line.send(
    frame(FrameType.headers, Flag.endStream, 1, large.subarray(0, 16_384)),
    frame(FrameType.continuation, 0, 1, large.subarray(16_384, 32_768)),
    frame(FrameType.continuation, Flag.endHeaders, 1, large.subarray(32_768)),
  )
  expect(line.answer(1)).toMatchObject({ fields: { ':status': '431' }, end: 'whole' })
  line.send(frame(FrameType.headers, Flag.endStream, 3, large.subarray(0, 16_384)))
  for (let i = 0; i < 4; i++) line.send(frame(FrameType.continuation, 0, 3, Buffer.alloc(16_384)))
  expect(line.goAway).toBe(11)
})
