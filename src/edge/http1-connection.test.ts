// A client's connection, byte by byte: requests in, answers out, in which form, and how it ends.
// Long because the states of a connection are many, and each is tested with each end that it may come to.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { TestEngine, type EngineOptions } from '../../testing/engine.ts'
import { fieldsOf } from '../../testing/exchange.ts'
import { FakeSocket } from '../../testing/fake-socket.ts'
import { defaultsOf } from '../base/setting.ts'
import { limitRows } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import type { RequestLog } from '../request/request-log.ts'
import { Http1Connection } from './http1-connection.ts'
import { edgeRows } from './settings.ts'
import { TrustedPeers } from './trust.ts'
import { lend } from '../../testing/lent.ts'

const settings = defaultsOf(edgeRows)
const limits = defaultsOf(limitRows)
const minute = { 'Cache-Control': 'max-age=60' }
const passing = { 'Cache-Control': 'no-store' }

/** Connections to one engine. */
class Setup {
  readonly engine: TestEngine
  readonly reader = new RequestReader(limits)
  log: RequestLog | undefined
  draining = false
  closed = 0

  constructor(
    options: EngineOptions = {},
    readonly trusted: readonly string[] = [],
  ) {
    this.engine = new TestEngine(options)
  }

  get origin() {
    return this.engine.origin
  }

  connect(): Line {
    return new Line(this)
  }
}

/** One connection, with both ends in the test's hand. */
class Line {
  readonly socket = new FakeSocket()
  readonly connection: Http1Connection

  constructor(readonly setup: Setup) {
    const { engine } = setup
    this.connection = new Http1Connection(this.socket, {
      engine: engine.engine,
      recorder: engine,
      log: setup.log,
      clock: engine.clock,
      reader: setup.reader,
      settings,
      trusted: new TrustedPeers(setup.trusted),
      told: [],
      get draining() {
        return setup.draining
      },
      announced: () => true,
      closed: () => setup.closed++,
    })
  }

  send(text: string): this {
    lend(Buffer.from(text, 'latin1'), (octets, end) => this.connection.onData(octets, end))
    return this
  }

  /** What has been sent to the client, as soon as this turn is over. */
  async text(): Promise<string> {
    await Promise.resolve()
    return this.socket.text
  }

  /** Gives the socket room, and tells so. */
  drain(roomBytes = Infinity): void {
    this.socket.roomBytes = roomBytes
    this.connection.onDrain()
  }

  wait(ms: number): void {
    const { clock } = this.setup.engine
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250)
      this.connection.sweep(clock.monotonicMs(), limits.headTime)
    }
  }
}

const get = (path = '/page', lines = '', version = 'HTTP/1.1'): string =>
  `GET ${path} ${version}\r\nHost: a.test\r\n${lines}\r\n`
/** The status line, the fields and the body of the one answer in a text. */
function parsed(text: string): { status: string; fields: Map<string, string>; body: string } {
  const end = text.indexOf('\r\n\r\n')
  const [status, ...lines] = text.slice(0, end).split('\r\n') as [string, ...string[]]
  const fields = new Map(lines.map((line) => line.split(': ', 2) as [string, string]))
  return { status, fields, body: text.slice(end + 4) }
}

describe('an answer from the origin', () => {
  test('of known length goes out in one write, with what was told of it', async () => {
    const setup = new Setup()
    const line = setup.connect().send(get())
    setup.origin.last.answer(200, { ...passing, 'X-One': '1' }, 'body')
    const { status, fields, body } = parsed(await line.text())
    expect([status, body]).toEqual(['HTTP/1.1 200 OK', 'body'])
    expect(Object.fromEntries(fields)).toMatchObject({
      'X-One': '1',
      'Content-Length': '4',
      Via: '1.1 myriad',
      'Cache-Status': 'Myriad; fwd=uri-miss; fwd-status=200; detail=no-store',
    })
    expect(line.socket.writes).toBe(1)
  })

  test('of unknown length goes out in chunks, with trailers', async () => {
    const setup = new Setup()
    const line = setup.connect().send(get())
    const { last } = setup.origin
    last.head(200, passing)
    last.data('one')
    last.data('three')
    last.end(fieldsOf({ 'X-Sum': '2' }))
    const { fields, body } = parsed(await line.text())
    expect(fields.get('Transfer-Encoding')).toBe('chunked')
    expect(body).toBe('3\r\none\r\n5\r\nthree\r\n0\r\nX-Sum: 2\r\n\r\n')
    expect(line.socket.state).toBe('open')
  })

  test('to HTTP/1.0 ends with the connection when its length is not known', async () => {
    const setup = new Setup()
    const line = setup.connect().send(get('/page', 'Connection: keep-alive\r\n', 'HTTP/1.0'))
    const { last } = setup.origin
    last.interim(103)
    last.head(200, passing)
    last.data('body')
    last.end()
    const { fields, body } = parsed(await line.text())
    expect([fields.get('Transfer-Encoding'), fields.get('Connection'), body]).toEqual([
      undefined,
      'close',
      'body',
    ])
    expect(line.socket.state).toBe('shut')
  })

  test('to HTTP/1.0 with a length keeps the connection when asked to', async () => {
    const setup = new Setup()
    const line = setup.connect().send(get('/page', 'Connection: keep-alive\r\n', 'HTTP/1.0'))
    setup.origin.last.answer(200, passing, 'body')
    expect(parsed(await line.text()).fields.get('Connection')).toBe('keep-alive')
    line.send(get('/next', '', 'HTTP/1.0'))
    setup.origin.last.answer(200, passing, 'last')
    expect(await line.text()).toEndWith('Connection: close\r\n\r\nlast')
    expect(line.socket.state).toBe('shut')
  })

  test('to HEAD has the length and no body', async () => {
    const setup = new Setup()
    const line = setup.connect().send('HEAD /page HTTP/1.1\r\nHost: a.test\r\n\r\n')
    setup.origin.last.head(200, { ...passing, 'Content-Length': '4' }, 0)
    setup.origin.last.end()
    const { fields, body } = parsed(await line.text())
    expect([fields.get('Content-Length'), body]).toEqual(['4', ''])
    expect(line.socket.state).toBe('open')
  })

  test('without content says no length (RFC 9110 §8.6)', async () => {
    const setup = new Setup()
    for (const fields of [passing, minute]) {
      const line = setup.connect().send(get('/none'))
      setup.origin.last.head(204, { ...fields, 'Content-Length': '0', ETag: '"a"' }, 0)
      setup.origin.last.end()
      expect(await line.text()).not.toContain('Content-Length')
    }
    const hit = setup.connect().send(get('/none'))
    expect(await hit.text()).toStartWith('HTTP/1.1 204 ')
    expect(await hit.text()).not.toContain('Content-Length')
  })

  test('that breaks off ends the connection without an end', async () => {
    for (const bodyBytes of [10, undefined]) {
      const setup = new Setup()
      const line = setup.connect().send(get())
      setup.origin.last.head(200, minute, bodyBytes)
      setup.origin.last.data('half')
      setup.origin.last.fail('origin-closed')
      expect(line.socket.state).toBe('cut')
      expect(setup.closed).toBe(1)
    }
  })

  test('with interim responses before it', async () => {
    const setup = new Setup()
    const line = setup.connect().send(get())
    setup.origin.last.interim(103, { Link: '<a>' })
    expect(await line.text()).toBe('HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n')
    setup.origin.last.answer(200, passing, 'body')
    expect(await line.text()).toEndWith('body')
  })

  test('waits for a client that reads slowly', () => {
    const setup = new Setup()
    const line = setup.connect().send(get())
    const { last } = setup.origin
    line.socket.roomBytes = 500
    last.head(200, passing)
    last.data('x'.repeat(1000))
    expect(last.paused).toBe(true)
    line.drain(100)
    expect(last.paused).toBe(true)
    line.drain()
    expect(last.paused).toBe(false)
    last.end()
    expect(line.socket.text).toEndWith(`3e8\r\n${'x'.repeat(1000)}\r\n0\r\n\r\n`)
  })
})

describe('a stored answer', () => {
  test('is one write, and tells its age', () => {
    const setup = new Setup()
    setup.engine.exchange({}, { ...minute, ETag: '"a"' }, 'body')
    setup.engine.clock.advance(7_000)
    const line = setup.connect().send(get())
    const { status, fields, body } = parsed(line.socket.text)
    expect([status, body, line.socket.writes]).toEqual(['HTTP/1.1 200 OK', 'body', 1])
    expect(Object.fromEntries(fields)).toMatchObject({
      Age: '7',
      'Content-Length': '4',
      ETag: '"a"',
      'Cache-Status': 'Myriad; hit; ttl=53; detail=fresh',
    })
  })

  test('of every length of its changing lines is a whole head', () => {
    const setup = new Setup()
    setup.engine.exchange(
      {},
      { 'Cache-Control': 'max-age=5, stale-while-revalidate=2000', 'X-One': '1' },
      'body',
    )
    for (const second of [0, 1, 4, 6, 9, 10, 99, 100, 999, 1001]) {
      const { clock } = setup.engine
      clock.advance(second * 1000 - clock.monotonicMs())
      const { status, fields, body } = parsed(setup.connect().send(get()).socket.text)
      expect([status, fields.get('Age'), fields.get('X-One'), body]).toEqual([
        'HTTP/1.1 200 OK',
        String(second),
        '1',
        'body',
      ])
      expect(fields.get('Cache-Status')).toContain(
        `ttl=${5 - second}; detail=${second < 5 ? 'fresh' : 'stale'}`,
      )
    }
  })

  test('with more fields than there is room for before its body is whole all the same', () => {
    const setup = new Setup()
    const long = 'y'.repeat(3000)
    setup.engine.exchange({}, { ...minute, 'X-Long': long }, 'body')
    const { fields, body } = parsed(setup.connect().send(get()).socket.text)
    expect([fields.get('X-Long'), fields.get('Content-Length'), body]).toEqual([long, '4', 'body'])
  })

  test('to HTTP/1.0, and on a connection that ends, says so', () => {
    const setup = new Setup()
    setup.engine.exchange({}, minute, 'body')
    const old = setup.connect().send(get('/page', '', 'HTTP/1.0'))
    expect(parsed(old.socket.text).fields.get('Connection')).toBe('close')
    const ending = setup.connect().send(get('/page', 'Connection: close\r\n'))
    expect(parsed(ending.socket.text)).toMatchObject({ status: 'HTTP/1.1 200 OK', body: 'body' })
    expect(parsed(ending.socket.text).fields.get('Connection')).toBe('close')
    expect(ending.socket.state).toBe('shut')
    setup.draining = true
    expect(parsed(setup.connect().send(get()).socket.text).fields.get('Connection')).toBe('close')
  })

  test('to HEAD and to a client whose copy is good has no body', () => {
    const setup = new Setup()
    setup.engine.exchange({}, { ...minute, ETag: '"a"' }, 'body')
    const head = setup.connect().send('HEAD /page HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(parsed(head.socket.text)).toMatchObject({ status: 'HTTP/1.1 200 OK', body: '' })
    const same = setup.connect().send(get('/page', 'If-None-Match: "a"\r\n'))
    expect(parsed(same.socket.text)).toMatchObject({ status: 'HTTP/1.1 304 Not Modified', body: '' })
    expect(parsed(same.socket.text).fields.get('Content-Length')).toBeUndefined()
  })

  test('that a socket takes in part stays as it was, though the next hit tells another age', () => {
    for (const roomBytes of [0, 10, 150, 300, 1000]) {
      const setup = new Setup()
      setup.engine.exchange({}, minute, 'x'.repeat(5000))
      const slow = setup.connect()
      slow.socket.roomBytes = roomBytes
      slow.send(get())
      setup.engine.clock.advance(12_000)
      const quick = setup.connect().send(get())
      setup.connect().send(get('/other', `X-Long: ${'y'.repeat(500)}\r\n`))
      slow.drain()
      expect(parsed(slow.socket.text).fields.get('Age')).toBe('0')
      expect(parsed(quick.socket.text).fields.get('Age')).toBe('12')
      expect(parsed(slow.socket.text).body).toBe('x'.repeat(5000))
    }
  })

  test('that leaves the store while it is being sent is sent to its end', () => {
    const setup = new Setup()
    setup.engine.exchange({}, minute, 'x'.repeat(50_000))
    const [slow, gone] = [setup.connect(), setup.connect()]
    for (const line of [slow, gone]) {
      line.socket.roomBytes = 1000
      line.send(get())
    }
    const { body } = setup.engine.store.get('http://a.test/page')!.variants[0]!.identity
    setup.engine.engine.clear()
    gone.connection.onClose()
    expect(body.length).toBe(50_000)
    slow.drain()
    expect(parsed(slow.socket.text).body).toBe('x'.repeat(50_000))
    expect(body.length).toBe(0)
  })
})

describe('a request', () => {
  test('may come in any pieces, and several at once', async () => {
    const setup = new Setup()
    setup.engine.exchange({}, minute, 'body')
    const line = setup.connect()
    const text = get() + get('/other') + get()
    for (const octet of text) line.send(octet)
    setup.origin.last.answer(200, passing, 'other')
    const bodies = (await line.text())
      .split('HTTP/1.1 200 OK\r\n')
      .slice(1)
      .map((part) => part.split('\r\n\r\n')[1])
    expect(bodies).toEqual(['body', 'other', 'body'])
  })

  test('has its body passed on, whatever pieces it comes in', () => {
    const body = 'one two three four'
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 6 }), fc.boolean(), (cuts, chunked) => {
        const setup = new Setup()
        const line = setup.connect()
        const coded = `7\r\none two\r\n${(body.length - 7).toString(16)};x\r\n${body.slice(7)}\r\n0\r\nX-Sum: 1\r\n\r\n`
        const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
        const text = `POST /form HTTP/1.1\r\nHost: a.test\r\n${framing}\r\n\r\n${chunked ? coded : body}`
        let from = 0
        for (const cut of [...cuts.map((at) => at % text.length).toSorted((a, b) => a - b), text.length]) {
          if (cut > from) line.send(text.slice(from, cut))
          from = cut
        }
        const { last } = setup.origin
        expect([last.received.toString(), last.finished]).toEqual([body, true])
        expect(last.trailers?.get('x-sum')).toBe(chunked ? '1' : undefined)
        last.answer(200, passing, 'done')
        expect(line.socket.state).toBe('open')
        line.send(get())
        expect(setup.origin.last.request.method).toBe('GET')
      }),
    )
  })

  test.each([
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['GET / \n', 400],
    ['GET / HTTP/3.0\r\n\r\n', 505],
    [`GET /${'a'.repeat(9000)}`, 414],
    [get('/', 'X: y\r\n'.repeat(200)), 431],
    ['TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n', 501],
    [`POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nx`, 400],
  ])('that is refused is answered, and the connection ends: %p', (text, status) => {
    const setup = new Setup()
    const line = setup.connect().send(text)
    expect(line.socket.text).toStartWith(`HTTP/1.1 ${status} `)
    expect(line.socket.text).toContain('\r\nConnection: close\r\n')
    expect(line.socket.state).toBe('shut')
    line.send(get())
    expect(line.socket.text.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1)
    line.connection.onEnd()
    expect(line.socket.state).toBe('ended')
    expect(setup.closed).toBe(1)
  })

  test('with a body that breaks its coding after the answer has begun ends with the connection', () => {
    const setup = new Setup()
    const line = setup.connect().send('POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n')
    setup.origin.last.head(200, passing)
    setup.origin.last.data('begun')
    line.send('x')
    expect(line.socket.state).toBe('cut')
    expect(setup.origin.last.aborted).toBe(true)
  })

  test('has the body at the pace of the origin', () => {
    const setup = new Setup()
    const line = setup.connect().send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\n')
    const { last } = setup.origin
    last.accepting = false
    line.send('one')
    expect(line.socket.paused).toBe(true)
    last.accepting = true
    last.writable()
    expect(line.socket.paused).toBe(false)
    line.send('two')
    expect([last.received.toString(), last.finished]).toEqual(['onetwo', true])
  })
})

describe('a client that goes', () => {
  test('gives the origin up', () => {
    const setup = new Setup()
    setup.connect().send(get()).connection.onClose()
    expect([setup.origin.last.aborted, setup.closed]).toEqual([true, 1])
  })

  test('within its body gives the origin up', () => {
    const setup = new Setup()
    const line = setup.connect().send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\none')
    line.connection.onEnd()
    expect([setup.origin.last.aborted, line.socket.state]).toEqual([true, 'ended'])
  })

  test('having ended its side alone still gets its answer', () => {
    const setup = new Setup()
    const line = setup.connect().send(get())
    line.connection.onEnd()
    setup.origin.last.answer(200, passing, 'body')
    expect(line.socket.text).toEndWith('body')
    expect(line.socket.state).toBe('ended')
  })
})

describe('time', () => {
  test('runs out for a head that does not come to its end', () => {
    const setup = new Setup()
    const line = setup.connect()
    line.wait(20_000)
    line.send('GET / HT')
    line.wait(limits.headTime)
    line.send('TP/1.1\r\n')
    expect(line.socket.text).toBe('')
    line.wait(500)
    expect(line.socket.text).toStartWith('HTTP/1.1 408 ')
  })

  test('runs out for a connection without a request', () => {
    const setup = new Setup()
    setup.engine.exchange({}, { 'Cache-Control': 'max-age=6000' }, 'body')
    const line = setup.connect()
    line.wait(settings.idleTime)
    line.send(get())
    line.wait(settings.idleTime)
    expect(line.socket.state).toBe('open')
    line.wait(500)
    expect(line.socket.state).toBe('ended')
  })

  test('runs out for a client that reads nothing', () => {
    const setup = new Setup()
    const line = setup.connect()
    line.socket.roomBytes = 100
    line.send(get())
    setup.origin.last.head(200, passing)
    setup.origin.last.data('x'.repeat(100_000))
    line.wait(settings.bodyTime - 1000)
    expect(line.socket.state).toBe('open')
    line.wait(2000)
    expect([line.socket.state, setup.origin.last.aborted]).toEqual(['cut', true])
  })

  test('does not for one that always has something left to read, and reads it', () => {
    for (const pieceBytes of [2_000, 50_000]) {
      const setup = new Setup()
      const line = setup.connect()
      line.socket.roomBytes = 10_000
      line.send(get())
      const { last } = setup.origin
      last.head(200, passing)
      for (let second = 0; second < 100; second++) {
        while (!last.paused) last.data('x'.repeat(pieceBytes))
        line.wait(1000)
        line.drain(10_000)
      }
      expect([line.socket.state, last.aborted]).toEqual(['open', false])
    }
  })

  test('lets the client read its last answer, not for ever', () => {
    const setup = new Setup()
    const line = setup.connect().send('GET / HTTP/1.1\r\n\r\n')
    expect(line.socket.state).toBe('shut')
    line.wait(1500)
    expect(setup.closed).toBe(0)
    line.wait(1500)
    expect([line.socket.state, setup.closed]).toEqual(['ended', 1])
  })
})

describe('draining', () => {
  test('ends what is idle at once, the rest after its answer', () => {
    const setup = new Setup()
    const [idle, busy] = [setup.connect(), setup.connect().send(get())]
    setup.draining = true
    idle.connection.drain()
    busy.connection.drain()
    expect([idle.socket.state, busy.socket.state]).toEqual(['ended', 'open'])
    setup.origin.last.answer(200, passing, 'body')
    expect(busy.socket.text).toContain('Connection: close\r\n')
    expect(busy.socket.state).toBe('shut')
  })

  test('takes the request behind an answer that had begun before, and tells it', () => {
    const setup = new Setup()
    const line = setup.connect().send(get())
    const { last } = setup.origin
    last.head(200, passing)
    last.data('bo')
    expect(line.socket.text).toContain('200 OK')
    setup.draining = true
    last.data('dy')
    last.end()
    expect(line.socket.text).not.toContain('Connection: close')
    // The listener ends what has been idle for its grace, and this was not.
    line.connection.drain()
    line.wait(750)
    line.send(get())
    setup.origin.last.answer(200, passing, 'body')
    expect(line.socket.text).toContain('Connection: close\r\n')
    expect(line.socket.state).toBe('shut')
  })

  test('does not wait for such a request for ever', () => {
    const setup = new Setup()
    const [quiet, slow] = [setup.connect().send(get()), setup.connect()]
    const { last } = setup.origin
    last.head(200, passing)
    last.data('bo')
    slow.socket.roomBytes = 10
    slow.send(get())
    setup.origin.last.answer(200, passing, 'body')
    setup.draining = true
    last.data('dy')
    last.end()
    slow.drain()
    expect([quiet.socket.state, slow.socket.state]).toEqual(['open', 'open'])
    for (const line of [quiet, slow]) line.wait(1250)
    expect([quiet.socket.state, slow.socket.state]).toEqual(['ended', 'ended'])
  })
})

describe('what a proxy in front says of its client', () => {
  const lines = 'X-Forwarded-Proto: https\r\nX-Forwarded-Host: b.test\r\n'

  test('is believed from trusted addresses alone', () => {
    for (const trusted of [true, false]) {
      const setup = new Setup({}, trusted ? ['192.0.2.0/24'] : ['192.0.3.0/24'])
      setup.connect().send(get('/page', lines))
      setup.origin.last.answer(200, minute, 'body')
      expect([...setup.engine.store.entries()].map(({ key }) => key)).toEqual([
        trusted ? 'https://b.test/page' : 'http://a.test/page',
      ])
    }
  })
})

test('a tunnel carries bytes both ways, those behind the request too', async () => {
  const setup = new Setup()
  const line = setup.connect().send(`${get('/chat', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}early`)
  const { last } = setup.origin
  last.upgraded({ Upgrade: 'websocket' })
  line.send(' late')
  last.data('down')
  expect(last.received.toString()).toBe('early late')
  expect(await line.text()).toBe(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\ndown',
  )
  line.connection.onEnd()
  expect(last.finished).toBe(true)
})
