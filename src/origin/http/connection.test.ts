// A connection to an origin, byte by byte: what is sent, what is understood, and when it may be used again.
// Long because the states of a connection are many, and each is tested with each end that it may come to.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fieldsOf, type FieldTable } from '../../../testing/exchange.ts'
import { FakeSocket } from '../../../testing/fake-socket.ts'
import { testGateway } from '../../../testing/origin-call.ts'
import type { Failure } from '../../base/failure.ts'
import { defaultsOf } from '../../base/setting.ts'
import type { Fields } from '../../http/fields.ts'
import type { ResponseHead } from '../../http/message.ts'
import { limitRows } from '../../http1/limits.ts'
import { ResponseReader } from '../../http1/response-reader.ts'
import type { OriginBody, OriginRequest } from '../origin.ts'
import { OriginConnection, type Exchange } from './connection.ts'
import { defaultHttpOrigin } from './settings.ts'
import { lend } from '../../../testing/lent.ts'

interface Asked {
  readonly method?: string
  readonly fields?: FieldTable
  readonly body?: OriginBody
  readonly expectsContinue?: boolean
  readonly upgrade?: string
}

function requestOf({ method = 'GET', fields = {}, ...rest }: Asked): OriginRequest {
  const base = { body: { kind: 'none' } as const, expectsContinue: false, upgrade: undefined, ...rest }
  return { method, pathAndQuery: '/page', fields: fieldsOf(fields), gateway: testGateway, ...base }
}

/** Keeps what comes; `during` is called with each piece of content, `after` at the end. */
class Seen implements Exchange {
  readonly heads: { status: number; bodyBytes: number | undefined; lines: [string, string][] }[] = []
  readonly interims: number[] = []
  body = ''
  outcome: 'open' | 'ended' | 'reusable' | 'upgraded' | Failure = 'open'
  silent: boolean | undefined
  trailers: Fields | undefined
  drained = 0
  during: () => void = () => {}
  after: () => void = () => {}

  constructor(readonly request: OriginRequest) {}

  interim({ status }: ResponseHead): void {
    this.interims.push(status)
  }

  head({ status, fields }: ResponseHead, bodyBytes: number | undefined): void {
    this.heads.push({ status, bodyBytes, lines: [...fields] as [string, string][] })
  }

  part(octets: Uint8Array, from: number, to: number): void {
    expect(this.outcome).toBeOneOf(['open', 'upgraded'])
    this.body += Buffer.from(octets.subarray(from, to)).toString('latin1')
    this.during()
  }

  end(trailers: Fields | undefined, reusable: boolean): void {
    expect(this.outcome).toBeOneOf(['open', 'upgraded'])
    this.trailers = trailers
    this.outcome = reusable ? 'reusable' : 'ended'
    this.after()
  }

  fail(failure: Failure, silent: boolean): void {
    expect(this.outcome).toBeOneOf(['open', 'upgraded'])
    this.outcome = failure
    this.silent = silent
  }

  writable(): void {
    this.drained++
  }

  upgraded(): void {
    this.outcome = 'upgraded'
  }
}

class Setup {
  readonly socket = new FakeSocket()
  nowMs = 0
  closed = 0
  readonly connection = new OriginConnection(
    this.socket,
    new ResponseReader(defaultsOf(limitRows)),
    () => this.nowMs,
    () => this.closed++,
  )

  ask(asked: Asked = {}): Seen {
    const seen = new Seen(requestOf(asked))
    this.connection.start(seen)
    return seen
  }

  /** Octets from the origin, in a buffer of their own. */
  come(text: string): void {
    lend(Buffer.from(text, 'latin1'), (octets, end) => this.connection.onData(octets, end))
  }
}

const head = 'HTTP/1.1 200 OK\r\n'
const ok = (body: string): string => `${head}Content-Length: ${body.length}\r\n\r\n${body}`
const inChunks = `${head}Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n`
const code = (seen: Seen): unknown => (typeof seen.outcome === 'string' ? seen.outcome : seen.outcome.code)

describe('a request', () => {
  test.each([
    [{}, 'GET /page HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    [{ method: 'POST' }, 'POST /page HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n'],
    [
      { method: 'PUT', body: { kind: 'whole', bytes: Buffer.from('body') } },
      'PUT /page HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody',
    ],
    [
      { method: 'POST', body: { kind: 'stream', bytes: 4 }, expectsContinue: true },
      'POST /page HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n',
    ],
    [
      { method: 'POST', body: { kind: 'stream', bytes: undefined } },
      'POST /page HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    [
      { upgrade: 'websocket' },
      'GET /page HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
  ] as [Asked, string][])('%j goes out in one piece', (asked, text) => {
    const setup = new Setup()
    setup.ask(asked)
    expect(setup.socket.text).toBe(text)
    expect(setup.socket.writes).toBe(1)
  })

  test('longer than the scratch area goes out whole', () => {
    const setup = new Setup()
    const bytes = Buffer.alloc(100_000, 'x')
    setup.ask({ method: 'PUT', body: { kind: 'whole', bytes } })
    expect(setup.socket.text.endsWith(`Content-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`)).toBe(true)
  })

  test('that the socket takes in part is not mixed with the next one', () => {
    const [first, second] = [new Setup(), new Setup()]
    first.socket.roomBytes = 10
    first.ask({ fields: { 'X-Name': 'first' } })
    second.ask({ fields: { 'X-Name': 'second', 'X-Long': 'y'.repeat(100) } })
    first.socket.roomBytes = Infinity
    first.connection.onDrain()
    expect(first.socket.text).toBe('GET /page HTTP/1.1\r\nHost: a.test\r\nX-Name: first\r\n\r\n')
  })

  test('has its body streamed in chunks, with trailers, at the pace of the origin', () => {
    const setup = new Setup()
    const seen = setup.ask({ method: 'POST', body: { kind: 'stream', bytes: undefined } })
    setup.socket.take()
    expect(setup.connection.write(Buffer.from('one'))).toBe(true)
    setup.socket.roomBytes = 2
    expect(setup.connection.write(Buffer.from('two'))).toBe(false)
    setup.socket.roomBytes = Infinity
    setup.connection.onDrain()
    expect(seen.drained).toBe(1)
    setup.connection.finish(fieldsOf({ 'X-Sum': '1' }))
    expect(setup.socket.text).toBe('3\r\none\r\n3\r\ntwo\r\n0\r\nX-Sum: 1\r\n\r\n')
  })
})

describe('a response', () => {
  test.each([
    ['with a length', ok('body'), 'body', 4, 'reusable'],
    ['without a body', 'HTTP/1.1 204 No\r\n\r\n', '', 0, 'reusable'],
    ['of nothing', ok(''), '', 0, 'reusable'],
    ['in chunks', inChunks, 'body', undefined, 'reusable'],
    ['that says close', `${head}Connection: close\r\nContent-Length: 4\r\n\r\nbody`, 'body', 4, 'ended'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody', 'body', 4, 'ended'],
  ])('%s is complete', (_, text, body, bodyBytes, outcome) => {
    for (const size of [text.length, 1, 7]) {
      const setup = new Setup()
      const seen = setup.ask()
      for (let at = 0; at < text.length; at += size) setup.come(text.slice(at, at + size))
      expect(seen).toMatchObject({ body, outcome })
      expect(seen.heads[0]!.bodyBytes).toBe(bodyBytes as number)
      expect(setup.closed).toBe(outcome === 'reusable' ? 0 : 1)
    }
  })

  test('that ends with the connection', () => {
    const setup = new Setup()
    const seen = setup.ask()
    setup.come(`${head}\r\nbo`)
    setup.come('dy')
    setup.connection.onEnd()
    expect(seen).toMatchObject({ body: 'body', outcome: 'ended' })
  })

  test('that ends with the connection does not end with its loss', () => {
    for (const error of [undefined, new Error('reset')]) {
      const setup = new Setup()
      const seen = setup.ask()
      setup.come(`${head}\r\nbo`)
      setup.connection.onClose(error)
      expect(code(seen)).toBe('origin-closed')
    }
  })

  test('has its interim responses before it, boundedly many', () => {
    const setup = new Setup()
    const seen = setup.ask()
    setup.come(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n${ok('x')}`)
    expect(seen).toMatchObject({ interims: [100, 103], body: 'x', outcome: 'reusable' })
    const flooded = setup.ask()
    for (let i = 0; i < 40 && flooded.outcome === 'open'; i++) setup.come('HTTP/1.1 103 Early\r\n\r\n')
    expect(code(flooded)).toBe('origin-invalid')
  })

  test('gives end-to-end fields and passable trailers alone', () => {
    const setup = new Setup()
    const seen = setup.ask()
    setup.come(`${head}Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: x\r\nETag: "a"\r\n`)
    setup.come('Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nContent-Length: 5\r\n\r\n')
    expect(seen.heads[0]!.lines).toEqual([['ETag', '"a"']])
    expect([...seen.trailers!]).toEqual([['X-Sum', '1']])
  })

  test.each([
    ['a head', `${head}A b\r\n\r\n`],
    ['a chunk', `${head}Transfer-Encoding: chunked\r\n\r\nx`],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'],
  ])('with %s that is not valid fails, and so does its connection', (_, text) => {
    const setup = new Setup()
    const seen = setup.ask()
    setup.come(text)
    expect(code(seen)).toBe('origin-invalid')
    expect([setup.socket.state, setup.closed]).toEqual(['cut', 1])
  })

  test.each([
    ['before a byte of it', '', true],
    ['within its head', 'HTTP/1.1 200', false],
    ['within its body', `${head}Content-Length: 4\r\n\r\nbo`, false],
    ['within its chunks', `${head}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n`, false],
    ['before its final head', 'HTTP/1.1 103 Early\r\n\r\n', false],
  ])('cut off %s is a failure', (_, text, silent) => {
    for (const how of ['onEnd', 'onClose'] as const) {
      const setup = new Setup()
      const seen = setup.ask()
      if (text !== '') setup.come(text)
      if (how === 'onEnd') setup.connection.onEnd()
      else setup.connection.onClose(undefined)
      expect([code(seen), seen.silent]).toEqual(['origin-closed', silent])
      expect(setup.closed).toBe(1)
    }
  })

  test('before the request has been sent whole costs the connection', () => {
    const setup = new Setup()
    const seen = setup.ask({ method: 'POST', body: { kind: 'stream', bytes: 10 } })
    setup.come(ok('no'))
    expect(seen.outcome).toBe('ended')
    expect(setup.socket.state).toBe('ended')
  })
})

describe.each([
  ['a body', ok('x'), 'GET'],
  ['chunks', inChunks, 'GET'],
  ['no body', 'HTTP/1.1 204 No\r\n\r\n', 'GET'],
  ['the answer to HEAD', `${head}Content-Length: 6\r\n\r\n`, 'HEAD'],
])('bytes that nobody asked for, behind %s,', (_, text, method) => {
  test.each([0, 1])('are never the answer to the next request (cut at %d)', (cut) => {
    const setup = new Setup()
    const seen = setup.ask({ method })
    let next: Seen | undefined
    // As a pool does that has somebody waiting.
    seen.after = () => {
      if (seen.outcome === 'reusable') next = setup.ask()
    }
    const at = text.length - cut
    if (cut > 0) setup.come(text.slice(0, at))
    setup.come(`${cut > 0 ? text.slice(at) : text}${ok('poison')}`)
    expect(seen.outcome).toBe('ended')
    expect(next).toBeUndefined()
    expect([setup.connection.isClosed, setup.closed]).toEqual([true, 1])
  })

  test('end the connection when it lies idle', () => {
    const setup = new Setup()
    expect(setup.ask({ method }).outcome).toBe('open')
    setup.come(text)
    expect(setup.socket.state).toBe('open')
    setup.come('H')
    expect([setup.socket.state, setup.closed]).toEqual(['cut', 1])
  })
})

describe('back-pressure', () => {
  test('keeps what came before the pause was heard until it is resumed', () => {
    const setup = new Setup()
    const seen = setup.ask()
    seen.during = () => setup.connection.pause()
    setup.come(`${head}Content-Length: 9\r\n\r\none`)
    expect(setup.socket.paused).toBe(true)
    seen.during = () => {}
    setup.come('two')
    setup.come('six')
    expect(seen).toMatchObject({ body: 'one', outcome: 'open' })
    setup.connection.resume()
    expect(setup.socket.paused).toBe(false)
    expect(seen).toMatchObject({ body: 'onetwosix', outcome: 'reusable' })
  })

  test('holds back what nobody asked for without making it an answer', () => {
    const setup = new Setup()
    const seen = setup.ask()
    setup.come(`${head}Content-Length: 2\r\n\r\n`)
    setup.connection.pause()
    setup.come(`ok${ok('poison')}`)
    setup.connection.resume()
    expect(seen).toMatchObject({ body: 'ok', outcome: 'ended' })
  })

  test('is over with the exchange', () => {
    const setup = new Setup()
    const seen = setup.ask()
    seen.during = () => setup.connection.pause()
    setup.come(ok('one'))
    expect(seen.outcome).toBe('reusable')
    expect(setup.socket.paused).toBe(false)
  })

  test('an origin that ends meanwhile has said all that had arrived', () => {
    const setup = new Setup()
    const seen = setup.ask()
    setup.come(`${head}\r\n`)
    setup.connection.pause()
    setup.come('late')
    setup.connection.onEnd()
    expect(seen).toMatchObject({ body: 'late', outcome: 'ended' })
  })
})

test.each([ok('one'), inChunks])('giving up within content: nothing more comes of %p', (text) => {
  const setup = new Setup()
  const seen = setup.ask()
  let pieces = 0
  seen.during = () => {
    pieces++
    setup.connection.abort()
  }
  setup.come(text)
  expect([pieces, seen.outcome, setup.socket.state, setup.closed]).toEqual([1, 'open', 'cut', 1])
  setup.connection.onEnd()
  setup.connection.onClose(undefined)
  expect(setup.closed).toBe(1)
})

describe('time', () => {
  const settings = { ...defaultHttpOrigin, firstByteTime: 100, betweenBytesTime: 50, totalTime: 1000 }
  const overdue = (setup: Setup, nowMs: number): unknown => setup.connection.overdue(nowMs, settings)
  const upload: Asked = { method: 'POST', body: { kind: 'stream', bytes: 6 } }

  test('runs out without a first byte, within the body, and in all', () => {
    const setup = new Setup()
    setup.ask()
    expect([overdue(setup, 100), overdue(setup, 101)]).toEqual([undefined, 'first-byte-timeout'])
    setup.nowMs = 90
    setup.come(`${head}Content-Length: 9\r\n\r\n`)
    expect([overdue(setup, 140), overdue(setup, 141)]).toEqual([undefined, 'between-bytes-timeout'])
    setup.nowMs = 999
    setup.come('x')
    expect([overdue(setup, 1000), overdue(setup, 1001)]).toEqual([undefined, 'total-timeout'])
  })

  test('does not run while the client holds the origin up', () => {
    const setup = new Setup()
    setup.ask()
    setup.come(`${head}Content-Length: 9\r\n\r\n`)
    setup.connection.pause()
    expect(overdue(setup, 900)).toBeUndefined()
    setup.nowMs = 900
    setup.connection.resume()
    expect([overdue(setup, 940), overdue(setup, 951)]).toEqual([undefined, 'between-bytes-timeout'])
  })

  test('for the first byte begins with the end of the request', () => {
    const setup = new Setup()
    setup.ask(upload)
    setup.connection.write(Buffer.from('one'))
    expect(overdue(setup, 500)).toBeUndefined()
    setup.nowMs = 500
    setup.connection.write(Buffer.from('two'))
    setup.connection.finish(undefined)
    expect([overdue(setup, 600), overdue(setup, 601)]).toEqual([undefined, 'first-byte-timeout'])
  })

  test('runs for an origin that does not take the request, or does not say 100 (Continue)', () => {
    const full = new Setup()
    full.ask(upload)
    full.socket.roomBytes = 0
    full.connection.write(Buffer.from('one'))
    expect(overdue(full, 101)).toBe('first-byte-timeout')
    const expecting = new Setup()
    expecting.ask({ ...upload, expectsContinue: true })
    expect(overdue(expecting, 101)).toBe('first-byte-timeout')
    expecting.come('HTTP/1.1 100 Continue\r\n\r\n')
    expect(overdue(expecting, 101)).toBeUndefined()
  })

  test('does not run on idle connections and tunnels', () => {
    const setup = new Setup()
    expect(overdue(setup, 9999)).toBeUndefined()
    setup.ask({ upgrade: 'x' })
    setup.come('HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n')
    expect(overdue(setup, 9999)).toBeUndefined()
  })
})

test('a tunnel carries bytes as they are, and ends on either side', () => {
  const setup = new Setup()
  const seen = setup.ask({ upgrade: 'x' })
  setup.socket.take()
  setup.come('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nearly')
  setup.come(' late')
  setup.connection.write(Buffer.from('up'))
  expect([seen.body, setup.socket.text]).toEqual(['early late', 'up'])
  setup.connection.finish(undefined)
  expect(setup.socket.state).toBe('shut')
  setup.connection.onEnd()
  expect(seen.outcome).toBe('ended')
})

/** What a response comes to that arrives in pieces that end there, each with a pause around it or not. */
function outcomeOf(text: string, ends: readonly number[], pauses: readonly boolean[]): unknown {
  const setup = new Setup()
  const seen = setup.ask()
  let from = 0
  for (const [i, end] of [...ends, text.length].entries()) {
    const part = text.slice(from, end)
    from = Math.max(from, end)
    if (part === '') continue
    if (pauses[i] === true) setup.connection.pause()
    setup.come(part)
    if (pauses[i] === true) setup.connection.resume()
  }
  const { body, outcome, interims, heads, trailers } = seen
  return { body, outcome, interims, heads, trailers: [...(trailers ?? [])] }
}

test('property: responses in any pieces, with any pauses, give the same', () => {
  const last = fc.constantFrom(
    ok('body'),
    ok(''),
    'HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n',
    inChunks.replace('0\r\n\r\n', '0\r\nA: b\r\n\r\n'),
  )
  fc.assert(
    fc.property(
      fc.nat(3),
      last,
      fc.array(fc.nat(200), { maxLength: 8 }),
      fc.array(fc.boolean(), { maxLength: 9 }),
      (interims, final, cuts, pauses) => {
        const text = 'HTTP/1.1 103 Early\r\n\r\n'.repeat(interims) + final
        const ends = cuts.map((cut) => cut % text.length).toSorted((a, b) => a - b)
        expect(outcomeOf(text, ends, pauses)).toEqual(outcomeOf(text, [], []))
      },
    ),
  )
})
