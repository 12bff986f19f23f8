// When an HTTP/1.1 connection begins and ends the entries of the access log, and with how many bytes.
import { describe, expect, test } from 'bun:test'
import { TestEngine } from '../../testing/engine.ts'
import { lend } from '../../testing/lent.ts'
import { FakeSocket } from '../../testing/fake-socket.ts'
import { KeptLog } from '../../testing/request-log.ts'
import { defaultsOf } from '../base/setting.ts'
import { limitRows } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import { Http1Connection } from './http1-connection.ts'
import { edgeRows } from './settings.ts'
import { TrustedPeers } from './trust.ts'

const settings = defaultsOf(edgeRows)
const limits = defaultsOf(limitRows)

function setUp() {
  const engine = new TestEngine()
  const socket = new FakeSocket()
  const log = new KeptLog()
  const connection = new Http1Connection(socket, {
    engine: engine.engine,
    recorder: engine,
    log,
    clock: engine.clock,
    reader: new RequestReader(limits),
    settings,
    trusted: new TrustedPeers([]),
    told: [],
    draining: false,
    announced: () => true,
    closed: () => undefined,
  })
  const send = (text: string): void =>
    lend(Buffer.from(text, 'latin1'), (octets, end) => connection.onData(octets, end))
  return { engine, socket, log, connection, send }
}

const get = (path: string, lines = ''): string => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n`
const stored = { 'Cache-Control': 'max-age=60' }

test('every answer has a line, with what went out for it', async () => {
  const { engine, socket, log, send } = setUp()
  send(get('/page'))
  engine.origin.last.answer(200, stored, 'body')
  await Promise.resolve()
  const first = socket.text.length
  send(get('/page?x') + get('/page'))
  engine.origin.last.answer(404, { 'Cache-Control': 'no-store' }, 'none')
  await Promise.resolve()
  expect(log.entries.map(({ request, outcome, whole, ends }) => [request, outcome, whole, ends])).toEqual([
    ['GET a.test/page HTTP/1.1', 'origin miss 200', true, 1],
    ['GET a.test/page?x HTTP/1.1', 'origin no-store 404', true, 1],
    ['GET a.test/page HTTP/1.1', 'memory fresh 200', true, 1],
  ])
  expect(log.entries[0]!.bytes).toBe(first)
  expect(log.entries.reduce((sum, { bytes }) => sum + bytes!, 0)).toBe(socket.text.length)
})

test('an answer is over when the client has taken it', () => {
  const { engine, socket, log, connection, send } = setUp()
  socket.roomBytes = 20
  send(get('/page'))
  engine.origin.last.answer(200, stored, 'body')
  connection.onDrain()
  expect(log.entries[0]!.ends).toBe(0)
  socket.roomBytes = Infinity
  connection.onDrain()
  expect(log.entries[0]).toMatchObject({ whole: true, ends: 1, bytes: socket.text.length })
})

test('a client that goes while it reads: what it took is told', async () => {
  const { engine, socket, log, connection, send } = setUp()
  socket.roomBytes = 20
  send(get('/page'))
  engine.origin.last.answer(200, stored, 'body')
  await Promise.resolve()
  connection.onClose()
  expect(log.entries[0]).toMatchObject({ whole: false, ends: 1, bytes: 20, outcome: 'origin miss 200' })
})

test('a client that goes before there is an answer', () => {
  const { log, connection, send } = setUp()
  send(get('/page'))
  connection.onClose()
  expect(log.entries).toEqual([{ request: 'GET a.test/page HTTP/1.1', whole: false, ends: 1, bytes: 0 }])
})

test('an origin that breaks off in the middle', async () => {
  const { engine, log, send } = setUp()
  send(get('/page'))
  const { last } = engine.origin
  last.head(200, { ...stored, 'Content-Length': '10' }, 10)
  last.data('half')
  await Promise.resolve()
  last.fail('origin-closed')
  expect(log.entries[0]).toMatchObject({ whole: false, ends: 1, outcome: 'origin miss 200' })
})

test('a tunnel is over when one of the two ends it', () => {
  const { engine, log, connection, send } = setUp()
  send(get('/chat', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))
  engine.origin.last.upgraded()
  engine.origin.last.data('hello')
  expect(log.entries[0]).toMatchObject({ outcome: 'origin upgrade 101', ends: 0 })
  connection.onClose()
  expect(log.entries[0]).toMatchObject({ whole: true, ends: 1 })
})

describe('a request that is refused', () => {
  test.each([
    [get('/page', 'Bad : x\r\n'), 'GET /page HTTP/1.1', 400],
    ['GET /a b HTTP/1.1\r\n\r\n', 'GET /a HTTP/1.1', 400],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, `GET /${'x'.repeat(1023)} HTTP/1.1`, 414],
    ['\x16\x03\x01password=secret&token=1\r\n\r\n', '  HTTP/1.1', 400],
    ['password=secret x\r\n\r\n', '  HTTP/1.1', 400],
    ['secret y\r\n\r\n', '  HTTP/1.1', 400],
  ])('%p', (text, request, status) => {
    const { log, send } = setUp()
    send(text)
    expect(log.entries).toHaveLength(1)
    expect(log.entries[0]).toMatchObject({ request, whole: true, ends: 1 })
    expect(log.entries[0]!.outcome).toEndWith(` ${status}`)
  })

  test('because its head took too long', () => {
    const { engine, log, connection, send } = setUp()
    send('GET /slow HT')
    engine.clock.advance(limits.headTime + 1000)
    connection.sweep(engine.clock.monotonicMs(), limits.headTime)
    expect(log.entries).toMatchObject([{ request: 'GET /slow HTTP/1.1', outcome: 'self limit 408', ends: 1 }])
  })

  test('because its body is not valid', () => {
    const { log, send } = setUp()
    send('POST /form HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')
    expect(log.entries).toMatchObject([{ outcome: 'self bad-request 400', whole: true, ends: 1 }])
  })
})
