// When an HTTP/2 connection begins and ends the entries of the access log, and with how many bytes.
import { expect, test } from 'bun:test'
import { Http2Setup, dataFrame, getFrame, numberFrame, postFrame, setting } from '../../testing/http2-line.ts'
import { FrameType } from '../../testing/http2-frames.ts'
import { KeptLog } from '../../testing/request-log.ts'

function setUp() {
  const setup = new Http2Setup()
  const log = new KeptLog()
  setup.log = log
  return { setup, log }
}

const stored = { 'Cache-Control': 'max-age=60' }

test('every answer has an entry, with what went out for it', async () => {
  const { setup, log } = setUp()
  const line = setup.connect().send(getFrame(1))
  setup.origin.last.answer(200, stored, 'body')
  const first = (await line.turn()).reduce((sum, { payload }) => sum + payload.length + 9, 0)
  line.send(getFrame(3, '/page?x'), getFrame(5))
  setup.origin.last.answer(404, { 'Cache-Control': 'no-store' }, 'none')
  const rest = (await line.turn()).reduce((sum, { payload }) => sum + payload.length + 9, 0)
  expect(log.told).toEqual([
    ['GET a.test/page HTTP/2.0', 'origin miss 200', true, 1],
    ['GET a.test/page?x HTTP/2.0', 'origin no-store 404', true, 1],
    ['GET a.test/page HTTP/2.0', 'memory fresh 200', true, 1],
  ])
  const [one, two, three] = log.entries
  expect([one!.bytes, two!.bytes! + three!.bytes!]).toEqual([first, rest])
})

test('an answer is over when the client’s kernel has taken it', () => {
  const { setup, log } = setUp()
  setup.engine.exchange({}, stored, 'x'.repeat(50_000))
  const line = setup.connect(setting(4, 1_000_000))
  line.socket.roomBytes = 10_000
  line.send(getFrame(1))
  expect(log.entries[0]!.ends).toBe(0)
  line.drain()
  expect(log.told).toEqual([['GET a.test/page HTTP/2.0', 'memory fresh 200', true, 1]])
  const gone = setup.connect(setting(4, 1_000_000))
  gone.socket.roomBytes = 10_000
  gone.send(getFrame(1), getFrame(3, '/waits'))
  gone.connection.cut()
  expect(log.told.slice(1)).toEqual([
    ['GET a.test/page HTTP/2.0', 'memory fresh 200', false, 1],
    ['GET a.test/waits HTTP/2.0', undefined, false, 1],
  ])
})

test('what is refused, malformed, or given up has an entry, with what may be told of it', async () => {
  const { setup, log } = setUp()
  const line = setup.connect()
  line.send(
    getFrame(1, '/a%00'),
    getFrame(3, '/a b'),
    getFrame(5, '/page', ['X', 'secret']),
    getFrame(7, '/left'),
    numberFrame(FrameType.rstStream, 7, 8),
    postFrame(9, '/post', ['content-length', '1']),
    dataFrame(9, 'too long', true),
  )
  await line.turn()
  expect(log.told).toEqual([
    ['GET /a%00 HTTP/2.0', 'self bad-request 400', true, 1],
    ['GET /a HTTP/2.0', 'self bad-request 400', true, 1],
    ['GET /page HTTP/2.0', 'self bad-request 400', false, 1],
    ['GET a.test/left HTTP/2.0', undefined, false, 1],
    ['POST a.test/post HTTP/2.0', undefined, false, 1],
  ])
})
