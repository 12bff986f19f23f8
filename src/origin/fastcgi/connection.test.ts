// A connection to a FastCGI application, record by record: what is sent, what is understood, and when it may be used
// again.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fieldsOf, type FieldTable } from '../../../testing/exchange.ts'
import { FakeSocket } from '../../../testing/fake-socket.ts'
import { answer, end, readRequests, record, stderr, stdout } from '../../../testing/fastcgi.ts'
import { testGateway } from '../../../testing/origin-call.ts'
import type { Failure } from '../../base/failure.ts'
import { defaultsOf } from '../../base/setting.ts'
import type { ResponseHead } from '../../http/message.ts'
import { limitRows } from '../../http1/limits.ts'
import type { OriginBody, OriginRequest } from '../origin.ts'
import { CgiHeadReader } from './cgi-head.ts'
import { FastCgiConnection, type Exchange } from './connection.ts'
import { ErrorLines } from './error-lines.ts'
import { RequestId } from './request-id.ts'
import { defaultFastCgi } from './settings.ts'
import { lend } from '../../../testing/lent.ts'

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly fields?: FieldTable
  readonly body?: OriginBody
}

function requestOf({
  method = 'GET',
  path = '/',
  fields = {},
  body = { kind: 'none' },
}: Asked): OriginRequest {
  return {
    method,
    pathAndQuery: path,
    fields: fieldsOf(fields),
    gateway: testGateway,
    body,
    expectsContinue: false,
    upgrade: undefined,
  }
}

/** Keeps what comes; `during` is called with each piece of content. */
class Seen implements Exchange {
  readonly script = { documentRoot: '/r', filename: '/r/i.php', name: '/i.php', pathInfo: '' }
  readonly id = new RequestId('id', 1)
  readonly request: OriginRequest
  told = ''
  failure: Failure | undefined
  silent: boolean | undefined
  drained = 0
  /** Whether what has come is still needed after it was told. */
  during: () => void = () => {}

  constructor(asked: Asked = {}) {
    this.request = requestOf(asked)
  }

  head({ status, fields }: ResponseHead, bodyBytes: number | undefined): void {
    this.told += `${status} ${JSON.stringify([...fields].filter(([name]) => name !== 'Date'))} ${bodyBytes}: `
  }

  part(octets: Uint8Array, from: number, to: number): void {
    this.told += Buffer.from(octets.subarray(from, to)).toString('latin1')
    this.during()
  }

  end(reusable: boolean): void {
    this.told += reusable ? ' and again' : ' and closed'
  }

  fail(failure: Failure, silent: boolean): void {
    this.failure = failure
    this.silent = silent
    this.told += ` ${failure.code}`
  }

  writable(): void {
    this.drained++
  }
}

function connect() {
  const socket = new FakeSocket()
  const errors: string[] = []
  const clock = { ms: 0 }
  let closings = 0
  const connection = new FastCgiConnection(socket, {
    heads: new CgiHeadReader(defaultsOf(limitRows)),
    errors: new ErrorLines('php', (line) => errors.push(line)),
    nowMs: () => clock.ms,
    wallMs: () => 0,
    closed: () => closings++,
  })
  return { socket, errors, clock, connection, closings: () => closings }
}

function start(asked?: Asked) {
  const made = connect()
  const seen = new Seen(asked)
  made.connection.start(seen)
  return { ...made, seen }
}

const twoRecords = (octet: string) => Buffer.concat([stdout(octet.repeat(5000)), stdout(octet.repeat(5000))])
const sentBy = (socket: FakeSocket) => readRequests(Buffer.from(socket.text, 'latin1'))

describe('a request', () => {
  test('goes out in one write: begin, variables, body', async () => {
    const { socket } = start({ method: 'POST', body: { kind: 'whole', bytes: Buffer.from('body') } })
    expect(socket.writes).toBe(1)
    const [request] = await sentBy(socket)
    expect(request).toMatchObject({ role: 1, keep: true, body: 'body' })
    expect(request!.variables.get('CONTENT_LENGTH')).toBe('4')
    expect(request!.variables.get('SCRIPT_FILENAME')).toBe('/r/i.php')
  })

  test('with a long body, or long variables, goes out in records that fit', async () => {
    const lengths = fc.constantFrom(0, 1, 65_527, 65_528, 65_529, 200_000)
    await fc.assert(
      fc.asyncProperty(lengths, lengths, lengths, async (bodyBytes, a, b) => {
        const fields = { 'X-A': 'a'.repeat(a), 'X-B': 'b'.repeat(b) }
        const { socket } = start({ fields, body: { kind: 'whole', bytes: Buffer.alloc(bodyBytes, 'x') } })
        const [request, more] = await sentBy(socket)
        expect(request!.body.length).toBe(bodyBytes)
        expect(request!.variables.get('HTTP_X_A')?.length).toBe(a)
        expect(request!.variables.get('HTTP_X_B')?.length).toBe(b)
        expect(more).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  test('whose body comes in pieces is sent as they come, and no faster than they are taken', async () => {
    const { socket, connection, seen } = start({ method: 'PUT', body: { kind: 'stream', bytes: 100_006 } })
    expect(connection.write(Buffer.from('abc'))).toBe(true)
    socket.roomBytes = 10
    expect(connection.write(Buffer.alloc(100_000, 'x'))).toBe(false)
    expect(connection.write(Buffer.from('def'))).toBe(false)
    connection.finish()
    lend(answer('X: a', 'early'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    expect(seen.told).toBe('200 [["X","a"]] 5: early and closed')
    const slow = start({ method: 'PUT', body: { kind: 'stream', bytes: 100_003 } })
    slow.socket.roomBytes = 1000
    slow.connection.write(Buffer.alloc(100_000, 'x'))
    slow.connection.write(Buffer.from('abc'))
    slow.connection.finish()
    slow.socket.roomBytes = Infinity
    slow.connection.onDrain()
    expect(slow.seen.drained).toBe(1)
    expect((await sentBy(slow.socket))[0]!.body.length).toBe(100_003)
  })

  test('keeps a copy of what is not taken of its body', () => {
    const { socket, connection } = start({ method: 'PUT', body: { kind: 'stream', bytes: 100_000 } })
    socket.take()
    socket.roomBytes = 10
    const piece = Buffer.alloc(100_000, 'a')
    connection.write(piece)
    piece.fill('b')
    socket.roomBytes = Infinity
    connection.onDrain()
    expect(socket.take()).not.toContain('b')
  })

  test('keeps a body that may be sent again', () => {
    const bytes = Buffer.alloc(200_000)
    start({ method: 'POST', body: { kind: 'whole', bytes } })
    expect(bytes.length).toBe(200_000)
  })
})

describe('an answer', () => {
  const whole = Buffer.concat([
    stdout('Status: 404 Not Found\r\nX: a\r\n', 2),
    stderr('oh'),
    stdout('\r\nbo'),
    stdout('dy', 7),
    stdout(''),
    end(),
  ])

  test('is the same for any split of its octets', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (sizes) => {
        const { connection, seen, errors } = start()
        let from = 0
        for (const size of [...sizes, whole.length]) {
          lend(Buffer.from(whole.subarray(from, from + size)), (lent, lentEnd) =>
            connection.onData(lent, lentEnd),
          )
          from = Math.min(whole.length, from + size)
          if (from === whole.length) break
        }
        // How long the body is, is told where all of it is there.
        expect(seen.told).toMatch(/^404 \[\["X","a"\]\] (undefined|4): body and again$/)
        expect(errors.join('')).toContain('php id-1: o')
      }),
    )
  })

  test('that is all there tells the length of its body', () => {
    const { connection, seen } = start()
    lend(
      Buffer.concat([stdout('X: a\r\n\r\nbo', 3), stdout('dy'), stderr('e'), stdout(''), end()]),
      (lent, lentEnd) => connection.onData(lent, lentEnd),
    )
    expect(seen.told).toBe('200 [["X","a"]] 4: body and again')
  })

  test('ends where its announced length ends', () => {
    const { connection, seen } = start()
    lend(answer('Content-Length: 3', 'more'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    expect(seen.told).toBe('200 [] 3: mor and again')
  })

  test('has no body where HTTP has none', () => {
    for (const [asked, head] of [
      [{ method: 'HEAD' }, 'X: a'],
      [{}, 'Status: 204\r\nX: a'],
      [{}, 'Status: 304\r\nX: a'],
    ] as const) {
      const { connection, seen } = start(asked)
      lend(answer(head, 'body'), (lent, lentEnd) => connection.onData(lent, lentEnd))
      expect(seen.told).toMatch(/^\d+ \[\["X","a"\]\] 0: {2}and again$/)
    }
  })

  test('is held back while the client takes nothing, its end too', () => {
    const { connection, seen, socket } = start()
    lend(stdout('X: a\r\n\r\n'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    seen.during = () => connection.pause()
    lend(Buffer.concat([stdout('one'), stdout('two')]), (lent, lentEnd) => connection.onData(lent, lentEnd))
    lend(Buffer.concat([stdout('three'), end()]), (lent, lentEnd) => connection.onData(lent, lentEnd))
    expect([seen.told, socket.paused]).toEqual(['200 [["X","a"]] undefined: one', true])
    connection.resume()
    expect(seen.told).toEndWith(': onetwo')
    seen.during = () => {}
    connection.resume()
    expect(seen.told).toEndWith(': onetwothree and again')
    expect(socket.paused).toBe(false)
  })

  test('is whole and in order, however it was held back', () => {
    const { connection, seen } = start()
    const pieces = ['a', 'b', 'c', 'd'].map(twoRecords)
    const come = (i: number): void => lend(pieces[i]!, (lent, lentEnd) => connection.onData(lent, lentEnd))
    lend(stdout('X: a\r\n\r\n'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    come(0)
    seen.during = () => connection.pause()
    come(1)
    come(2)
    seen.during = () => {}
    connection.resume()
    come(3)
    expect(seen.told).toEndWith(`: ${['a', 'b', 'c', 'd'].map((octet) => octet.repeat(10_000)).join('')}`)
  })

  test('is handed on before the connection is lost', () => {
    const { connection, seen } = start()
    lend(stdout('X: a\r\n\r\n'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    connection.pause()
    lend(Buffer.concat([stdout('all'), end()]), (lent, lentEnd) => connection.onData(lent, lentEnd))
    connection.onClose(undefined)
    expect(seen.told).toEndWith(': all and again')
    expect(connection.isClosed).toBe(true)
  })
})

test.each([
  ['another protocol', Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), 'origin-invalid'],
  ['a head that is none', answer('nonsense'), 'origin-invalid'],
  ['a status that is none', answer('Status: garbage'), 'origin-invalid'],
  ['no head', Buffer.concat([stdout(''), end()]), 'origin-invalid'],
  ['half a head', Buffer.concat([stdout('X: a\r\n'), end()]), 'origin-invalid'],
  [
    'too long a head',
    Buffer.concat([stdout('X: '), ...Array.from({ length: 40 }, () => stdout('a'.repeat(1000)))]),
    'origin-invalid',
  ],
  ['overload', end(2), 'origin-busy'],
  ['an unknown role', end(3), 'origin-invalid'],
  ['less than announced', answer('Content-Length: 9', 'body'), 'origin-closed'],
])('%s is a failure, and the connection is closed', (_, octets, code) => {
  const { connection, seen, closings, socket } = start()
  lend(octets, (lent, lentEnd) => connection.onData(lent, lentEnd))
  expect([seen.failure?.code, seen.silent]).toEqual([code as never, false])
  expect([connection.isClosed, closings(), socket.state]).toEqual([true, 1, 'cut'])
})

describe('a connection', () => {
  test('that is closed without an octet was silent; after one, it was not', () => {
    for (const [octets, silent] of [
      ['', true],
      ['\x01', false],
    ] as const) {
      const { connection, seen } = start()
      if (octets !== '')
        lend(Buffer.from(octets, 'latin1'), (lent, lentEnd) => connection.onData(lent, lentEnd))
      connection.onClose(undefined)
      expect([seen.failure?.code, seen.silent]).toEqual(['origin-closed', silent])
    }
  })

  test('is not used again when octets follow the answer', () => {
    const { connection, seen } = start()
    lend(Buffer.concat([answer('X: a'), stdout('more')]), (lent, lentEnd) => connection.onData(lent, lentEnd))
    expect(seen.told).toEndWith(' and closed')
    const idle = start()
    lend(answer('X: a'), (lent, lentEnd) => idle.connection.onData(lent, lentEnd))
    lend(stdout('more'), (lent, lentEnd) => idle.connection.onData(lent, lentEnd))
    expect(idle.connection.isClosed).toBe(true)
  })

  test('carries one request after the other', async () => {
    const { connection, seen, socket } = start()
    lend(answer('X: a', '1'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    const next = new Seen({ path: '/next' })
    connection.start(next)
    lend(answer('X: b', '2'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    expect([seen.told, next.told]).toEqual([
      '200 [["X","a"]] 1: 1 and again',
      '200 [["X","b"]] 1: 2 and again',
    ])
    expect((await sentBy(socket)).map(({ variables }) => variables.get('REQUEST_URI'))).toEqual([
      '/',
      '/next',
    ])
  })

  test('knows which time limit has passed', () => {
    const { connection, clock } = start()
    const settings = { ...defaultFastCgi, firstByteTime: 10, betweenBytesTime: 20, totalTime: 1000 }
    clock.ms = 11
    expect(connection.overdue(clock.ms, settings)).toBe('first-byte-timeout')
    lend(stdout('X: a\r\n\r\n'), (lent, lentEnd) => connection.onData(lent, lentEnd))
    clock.ms = 31
    expect(connection.overdue(clock.ms, settings)).toBeUndefined()
    clock.ms = 32
    expect(connection.overdue(clock.ms, settings)).toBe('between-bytes-timeout')
    connection.pause()
    expect(connection.overdue(clock.ms, settings)).toBeUndefined()
    clock.ms = 1001
    expect(connection.overdue(clock.ms, settings)).toBe('total-timeout')
    const slow = start({ body: { kind: 'stream', bytes: 5 } })
    slow.clock.ms = 500
    expect(slow.connection.overdue(500, settings)).toBeUndefined()
  })
})

test('what PHP writes to its error stream is told in lines, short and printable', () => {
  const { connection, errors } = start()
  const say = (text: string): void => lend(stderr(text), (lent, lentEnd) => connection.onData(lent, lentEnd))
  say('PHP message: a\x1b[31mb\x7f\r\n\n')
  for (let i = 0; i < 40; i++) say(`${'x'.repeat(2000)}\n`)
  expect(errors[0]).toBe('php id-1: PHP message: a [31mb')
  expect(errors.length).toBe(32)
  expect(errors[1]!.length).toBeLessThan(1050)
  expect(errors[31]).toEndWith('(more is left out)')
})

test('records of any kind end in an answer or a failure, and leave nothing open', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      stdout('X: a\r\n'),
      stdout('\r\n'),
      stdout('body'),
      stdout(''),
      stderr('e'),
      end(),
      end(1),
    ),
    fc.constantFrom(stdout('Content-Length: 3\r\n'), stdout('Status: 204\r\n'), record(5, ''), stdout('X')),
    fc.uint8Array({ maxLength: 12 }).map((octets) => Buffer.from(octets)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const { connection, seen } = start()
      for (const octets of pieces)
        lend(Buffer.from(octets), (lent, lentEnd) => connection.onData(lent, lentEnd))
      connection.onClose(undefined)
      expect(connection.isClosed).toBe(true)
      expect(seen.told).toMatch(/( and again| and closed| origin-\w+)$/)
    }),
  )
})
