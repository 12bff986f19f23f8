// What a client may make a connection keep and wait for: pipelined requests, half-closed connections, early answers,
// awaited bodies, tunnels.
import { describe, expect, test } from 'bun:test'
import { TestEngine, type EngineOptions } from '../../testing/engine.ts'
import { FakeSocket } from '../../testing/fake-socket.ts'
import { defaultsOf } from '../base/setting.ts'
import { limitRows } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import { Http1Connection } from './http1-connection.ts'
import { edgeRows } from './settings.ts'
import { TrustedPeers } from './trust.ts'
import { lend } from '../../testing/lent.ts'

const settings = defaultsOf(edgeRows)
const limits = defaultsOf(limitRows)
const minute = { 'Cache-Control': 'max-age=60' }
const open = { 'Cache-Control': 'no-store' }

/** A connection to an engine, with both ends in the test's hand. */
class Line {
  readonly socket = new FakeSocket()
  readonly engine: TestEngine
  readonly connection: Http1Connection

  constructor(options: EngineOptions = {}) {
    this.engine = new TestEngine(options)
    this.connection = new Http1Connection(this.socket, {
      engine: this.engine.engine,
      recorder: this.engine,
      log: undefined,
      clock: this.engine.clock,
      reader: new RequestReader(limits),
      settings,
      trusted: new TrustedPeers([]),
      told: [],
      draining: false,
      announced: () => true,
      closed() {},
    })
  }

  /** What the client sends; a socket that is paused delivers nothing. */
  send(text: string): void {
    expect(this.socket.paused).toBe(false)
    lend(Buffer.from(text, 'latin1'), (octets, end) => this.connection.onData(octets, end))
  }

  /** The client reads all that waits. */
  drain(): void {
    this.socket.roomBytes = Infinity
    this.connection.onDrain()
  }

  /** Time passes, with the looks at the limits that belong to it. */
  async wait(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.engine.clock.advance(Math.min(1_000, ms - passed))
      this.connection.sweep(this.engine.clock.monotonicMs(), limits.headTime)
      await Promise.resolve()
    }
  }

  get origin() {
    return this.engine.origin
  }
}

const get = (path: string, lines = '') => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n`
const responses = (text: string) => text.split('HTTP/1.1 ').length - 1

describe('pipelined requests', () => {
  test('are not read while the client does not read the answers', () => {
    const line = new Line()
    line.engine.exchange({ target: '/big' }, minute, 'x'.repeat(100_000))
    line.socket.roomBytes = 50_000
    line.send(get('/big') + get('/big').repeat(3))
    expect(line.socket.paused).toBe(true)
    line.drain()
    expect(line.socket.paused).toBe(false)
    expect(responses(line.socket.text)).toBe(4)
  })

  test('that begin after an answer got stuck are not read either', () => {
    const line = new Line()
    line.engine.exchange({ target: '/big' }, minute, 'x'.repeat(100_000))
    line.socket.roomBytes = 50_000
    line.send(get('/big'))
    line.send('junk without a line end')
    expect(line.socket.paused).toBe(true)
    line.drain()
    expect(line.socket.paused).toBe(false)
  })
})

describe('a client that has ended its sending', () => {
  test('is answered every request that it had sent', () => {
    const line = new Line()
    line.send(get('/one') + get('/two') + get('/three'))
    line.connection.onEnd()
    for (const path of ['one', 'two', 'three']) {
      expect(line.origin.last.request.pathAndQuery).toBe(`/${path}`)
      line.origin.last.answer(200, open, path)
    }
    expect(responses(line.socket.text)).toBe(3)
    expect(line.socket.text).toEndWith('three')
    expect(line.socket.state).toBe('ended')
  })

  test('is answered when it reads late', () => {
    const line = new Line()
    line.engine.exchange({ target: '/big' }, minute, 'x'.repeat(100_000))
    line.socket.roomBytes = 50_000
    line.send(get('/big') + get('/big'))
    line.connection.onEnd()
    expect(line.socket.state).toBe('open')
    line.drain()
    expect(responses(line.socket.text)).toBe(2)
    expect(line.socket.state).toBe('ended')
  })

  test('is not waited for when its last head is not complete', () => {
    const line = new Line()
    line.send(`${get('/one')}GET /tw`)
    line.connection.onEnd()
    line.origin.last.answer(200, open, 'one')
    expect(line.socket.text).toEndWith('one')
    expect(line.socket.state).toBe('ended')
  })
})

const post = (lines: string) => `POST /form HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n\r\n`

describe('an answer that comes before the body is complete', () => {
  test('says that the connection ends, and it does, also when the rest of the body has come meanwhile', () => {
    const line = new Line()
    line.send(`${post('Content-Length: 10')}01234`)
    line.origin.last.head(200, open, 4)
    line.origin.last.data('no')
    expect(line.socket.text).toContain('\r\nConnection: close\r\n')
    line.send('56789')
    line.origin.last.data('ne')
    line.origin.last.end()
    expect(line.socket.text).toEndWith('none')
    expect(line.socket.state).toBe('shut')
  })

  test('does not say so after the body', () => {
    const line = new Line()
    line.send(`${post('Content-Length: 5')}01234`)
    line.origin.last.answer(200, open, 'yes')
    expect(line.socket.text).not.toContain('Connection:')
    line.send(get('/next'))
    expect(line.origin.last.request.pathAndQuery).toBe('/next')
  })
})

describe('a client that waits for 100 (Continue)', () => {
  const query = 'QUERY /q HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'

  test('is not waited for for ever, once told to go on', async () => {
    const line = new Line()
    line.send(query)
    expect(line.socket.take()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    await line.wait(settings.bodyTime + 1_000)
    expect(line.socket.text).toStartWith('HTTP/1.1 408 ')
    expect(line.socket.text).toContain('\r\nConnection: close\r\n')
    expect(line.socket.state).toBe('shut')
  })

  test('is answered on a connection that goes on, once told to go on', () => {
    const line = new Line()
    line.send(query)
    line.send('01234')
    line.origin.last.answer(200, open, 'yes')
    expect(line.socket.text).not.toContain('Connection:')
  })

  test('is told to go on by the origin, and then has to', async () => {
    const line = new Line()
    line.send(post('Expect: 100-continue\r\nContent-Length: 5'))
    line.origin.last.interim(100)
    await line.wait(settings.bodyTime + 1_000)
    expect(line.socket.text).toContain('HTTP/1.1 408 ')
    expect(line.origin.last.aborted).toBe(true)
  })

  test('that nobody tells anything has its own limit', async () => {
    const line = new Line()
    line.send(post('Expect: 100-continue\r\nContent-Length: 5'))
    await line.wait(settings.bodyTime + 1_000)
    expect(line.socket.text).toBe('')
    await line.wait(settings.idleTime)
    expect(line.socket.text).toStartWith('HTTP/1.1 408 ')
  })

  test('that sends nothing and never waited is answered 408', async () => {
    const line = new Line()
    line.send(`${post('Content-Length: 5')}0`)
    await line.wait(settings.bodyTime + 1_000)
    expect(line.socket.text).toStartWith('HTTP/1.1 408 ')
  })
})

test('a slow body after a long pause between requests is measured from its own beginning', async () => {
  const line = new Line()
  await line.wait(settings.bodyTime + 5_000)
  line.send(`${post('Content-Length: 5')}0`)
  await line.wait(5_000)
  expect(line.socket.text).toBe('')
})

describe('a client that has ended its sending and waits', () => {
  test('is answered within the grace', async () => {
    const line = new Line()
    line.send(get('/slow'))
    line.connection.onEnd()
    await line.wait(settings.halfCloseTime - 2_000)
    line.origin.last.answer(200, open, 'late')
    expect(line.socket.text).toEndWith('late')
  })

  test('is taken for gone after it, unless something could be sent since', async () => {
    const [silent, told] = [new Line(), new Line()]
    for (const line of [silent, told]) {
      line.send(get('/slow'))
      line.connection.onEnd()
    }
    told.origin.last.head(200, open)
    await silent.wait(settings.halfCloseTime + 2_000)
    await told.wait(settings.halfCloseTime + 2_000)
    expect(silent.origin.last.aborted).toBe(true)
    expect(silent.socket.state).toBe('ended')
    expect(told.origin.last.aborted).toBe(false)
    told.origin.last.data('late')
    expect(told.socket.text).toContain('late')
  })
})

describe('a tunnel', () => {
  const upgrade = get('/socket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')

  test('is ended when nothing has moved for long, in either direction', async () => {
    const line = new Line()
    line.send(upgrade)
    line.origin.last.upgraded({ Upgrade: 'websocket' })
    const step = settings.tunnelIdleTime - 10_000
    await line.wait(step)
    line.origin.last.data('from the origin')
    await line.wait(step)
    line.send('from the client')
    await line.wait(step)
    expect(line.origin.last.aborted).toBe(false)
    await line.wait(20_000)
    expect(line.origin.last.aborted).toBe(true)
    expect(line.socket.state).toBe('cut')
  })
})

describe('a chunked body', () => {
  const head = 'Transfer-Encoding: chunked'

  test('in many small chunks is handed on in one piece for each that the socket delivered', () => {
    const line = new Line()
    line.send(post(head))
    const { last } = line.origin
    const pieces: string[] = []
    last.write = (chunk) => {
      pieces.push(Buffer.from(chunk).toString())
      return true
    }
    line.send('1\r\na\r\n2\r\nbc\r\n3\r\nde')
    line.send('f\r\n1;x=y\r\ng\r\n0\r\n\r\n')
    expect(pieces).toEqual(['abcde', 'fg'])
    expect(last.finished).toBe(true)
  })
})
