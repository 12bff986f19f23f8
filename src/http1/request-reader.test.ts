// Request heads as they are read: what is accepted and what it means, what is refused and with which code, and that it
// does not matter in which pieces they come.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { defaultsOf } from '../base/setting.ts'
import { limitRows, type Http1Limits } from './limits.ts'
import { RequestReader } from './request-reader.ts'

const limits = defaultsOf(limitRows)
const small: Http1Limits = { ...limits, targetBytes: 64, fieldsBytes: 512, fieldLines: 8 }

/** What a head came to, with all that a listener asks for. */
function outcome(reader: RequestReader, octets: Buffer, to = octets.length): unknown {
  const kind = reader.read(octets, 0, to)
  if (kind === 'incomplete') return kind
  if (kind === 'refused') return reader.failure!.code
  const { scheme, keepAlive, minorVersion, framing, expectsContinue, upgrade, next } = reader
  const { fields, ...head } = reader.keep()()
  return {
    ...head,
    lines: [...fields],
    scheme,
    keepAlive,
    minorVersion,
    framing,
    expectsContinue,
    upgrade,
    next,
  }
}

/** As a connection reads it: piece by piece, from the start each time. */
function outcomeOfPieces(reader: RequestReader, octets: Buffer, ends: readonly number[]): unknown {
  for (const end of [...ends, octets.length]) {
    // A copy of its own, so that what lies behind the end cannot be read.
    const known = outcome(reader, Buffer.from(octets.subarray(0, end)))
    if (known !== 'incomplete') return known
  }
  return 'incomplete'
}

function read(text: string, reader = new RequestReader(limits)): RequestReader {
  expect(outcome(reader, Buffer.from(text, 'latin1'))).not.toBeString()
  return reader
}

const host = 'Host: a.test\r\n'
const get = (lines: string, line = 'GET / HTTP/1.1'): string => `${line}\r\n${host}${lines}\r\n`

function refusal(text: string, reader = new RequestReader(limits)): unknown {
  return outcome(reader, Buffer.from(text, 'latin1'))
}

describe('a request head', () => {
  test('is read with its fields, as they were spelled', () => {
    const reader = read(get('X-One: a\r\nx-two:\tb c \r\nX-ONE:d\r\n'))
    expect(reader.keep()()).toMatchObject({ method: 'GET', authority: 'a.test', scheme: 'http' })
    expect([...reader.keep()().fields]).toEqual([
      ['Host', 'a.test'],
      ['X-One', 'a'],
      ['x-two', 'b c'],
      ['X-ONE', 'd'],
    ])
    expect(reader.keep()().fields.get('x-one')).toBe('a, d')
  })

  test('ends where its empty line ends; what follows is the next', () => {
    const octets = Buffer.from(`\r\n\r\n${get('')}${get('X: y\r\n')}`)
    const reader = new RequestReader(limits)
    reader.read(octets, 0, octets.length)
    expect(reader.read(octets, reader.next, octets.length)).toBe('complete')
    expect(reader.keep()().fields.get('x')).toBe('y')
    expect(reader.next).toBe(octets.length)
  })

  test.each([
    ['/page?x=1', 'a.test'],
    ['/%7Epage/../x', 'a.test'],
    ['/', 'b.test:8080'],
    [`/${'x'.repeat(8000)}`, 'b.test'],
    ['http://a.test/absolute', 'a.test'],
  ])('has the URL that its parts say: %s', (target, named) => {
    const reader = new RequestReader(limits)
    for (const asked of [named, 'other.test', named]) {
      const raw = target.startsWith('http') ? target.replace('a.test', asked) : target
      const octets = Buffer.from(`GET ${raw} HTTP/1.1\r\nHost: ${asked}\r\n\r\n`)
      expect(reader.read(octets, 0, octets.length)).toBe('complete')
      for (const scheme of ['http', 'https'] as const) {
        reader.scheme = scheme
        expect(reader.url).toBe(`${scheme}://${asked}${reader.pathAndQuery}`)
      }
    }
  })

  test('cookies on several lines are one list', () => {
    const reader = read(get('Cookie: a=1\r\nCookie: b=2\r\nAccept: x\r\nAccept: y\r\n'))
    expect(reader.get(4)).toBe('a=1; b=2')
  })

  test.each([
    ['/a/./b/../c', '/a/c'],
    ['/%7Euser/%2e%2e/%41?%7e=/../', '/A?%7e=/../'],
    ['/a//b', '/a//b'],
    ['/%2f%c3%a4', '/%2F%C3%A4'],
    ['/a|b', '/a|b'],
    ['http://A.test', '/'],
    ['http://a.test:80?q', '/?q'],
    ['HTTP://a.test/x/..', '/'],
  ])('the target %s is %s', (raw, normal) => {
    const reader = read(get('', `GET ${raw} HTTP/1.1`))
    expect([reader.rawTarget, reader.pathAndQuery, reader.authority]).toEqual([raw, normal, 'a.test'])
  })

  test.each(['*', 'http://a.test'])('OPTIONS %s is about the server', (raw) => {
    expect(read(get('', `OPTIONS ${raw} HTTP/1.1`)).pathAndQuery).toBe('*')
  })

  test.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: close\r\n', false],
    ['HTTP/1.1', 'Connection: x, Close\r\n', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
    ['HTTP/1.0', 'Connection: keep-alive, close\r\n', false],
    ['HTTP/1.7', '', true],
  ])('%s with %p keeps the connection: %p', (version, lines, keepAlive) => {
    expect(read(get(lines, `GET / ${version}`)).keepAlive).toBe(keepAlive)
  })

  test.each([
    ['', { kind: 'none' }],
    ['Content-Length: 0\r\n', { kind: 'none' }],
    ['Content-Length: 7\r\n', { kind: 'length', bytes: 7 }],
    ['Transfer-Encoding: Chunked\r\n', { kind: 'chunked' }],
  ])('%p frames the body', (lines, framing) => {
    expect(read(get(lines)).framing).toEqual(framing as never)
  })

  test('waits for 100 (Continue) only with a body, and not in HTTP/1.0', () => {
    const lines = 'Expect: 100-Continue\r\nContent-Length: 1\r\n'
    expect(read(get(lines)).expectsContinue).toBe(true)
    expect(read(get('Expect: 100-continue\r\n')).expectsContinue).toBe(false)
    expect(read(get(lines, 'POST / HTTP/1.0')).expectsContinue).toBe(false)
  })

  test.each([
    ['Connection: Upgrade\r\nUpgrade: websocket\r\n', 'websocket'],
    ['Upgrade: websocket\r\n', undefined],
    ['Connection: Upgrade\r\nUpgrade: h2c\r\n', undefined],
    ['Connection: Upgrade\r\nUpgrade: websocket, HTTP/2.0\r\n', undefined],
    ['Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n', undefined],
  ])('%p asks to switch to %p', (lines, upgrade) => {
    expect(read(get(lines)).upgrade).toBe(upgrade as string)
  })

  test('without Host is HTTP/1.0 alone', () => {
    expect(read('GET / HTTP/1.0\r\n\r\n').authority).toBe('')
    expect(refusal('GET / HTTP/1.1\r\n\r\n')).toBe('bad-request')
  })

  test('may have a field named like what every object has', () => {
    const reader = read(get('constructor: a\r\n__proto__: b\r\ntoString: c\r\n'))
    expect(reader.authority).toBe('a.test')
    expect(reader.keep()().fields.get('__proto__')).toBe('b')
  })

  test('the host of one request is not that of the next', () => {
    const reader = new RequestReader(limits)
    read('GET / HTTP/1.1\r\nHost: A.test:80\r\n\r\n', reader)
    expect(reader.authority).toBe('a.test')
    read('GET / HTTP/1.1\r\nHost: A.test:81\r\n\r\n', reader)
    expect(reader.authority).toBe('a.test:81')
    expect(outcome(reader, Buffer.from('GET / HTTP/1.1\r\nHost: a b\r\n\r\n'))).toBe('bad-request')
    read('GET / HTTP/1.0\r\n\r\n', reader)
    expect(reader.authority).toBe('')
  })
})

describe('refused', () => {
  test.each(['Cookie', 'authorization', 'RANGE', 'Cache-Control', 'If-None-Match', 'Accept-Encoding'])(
    'is a Connection that names %s, if the request has it',
    (name) => {
      const line = `Connection: x, ${name} ,close\r\n`
      expect(refusal(get(`${line}${name}: 1\r\n`))).toBe('bad-request')
      expect(read(get(line)).keepAlive).toBe(false)
      expect(refusal(get(`Connection: x\r\nConnection: ${name}\r\n${name}: 1\r\n`))).toBe('bad-request')
    },
  )

  test('is none that names other fields', () => {
    const lines = 'X-Mine: 1\r\nVia: 1.1 a\r\nTE: trailers\r\nKeep-Alive: 5\r\n'
    expect(read(get(`${lines}Connection: X-Mine, Via, te, keep-alive, constructor\r\n`)).keepAlive).toBe(true)
  })

  test.each([
    ['GET / HTTP/1.1\n\n', 'bad-request'],
    [' GET / HTTP/1.1\r\n\r\n', 'bad-request'],
    ['G(T / HTTP/1.1\r\n\r\n', 'bad-request'],
    ['GET  / HTTP/1.1\r\n\r\n', 'bad-request'],
    ['GET /\r\n\r\n', 'bad-request'],
    ['GET / http/1.1\r\n\r\n', 'bad-request'],
    ['GET / HTTP/2.0\r\n\r\n', 'version-not-supported'],
    ['GET a HTTP/1.1\r\nHost: a.test\r\n\r\n', 'bad-request'],
    [get('', 'GET https://a.test/ HTTP/1.1'), 'bad-request'],
    [get('', 'GET http://b.test/ HTTP/1.1'), 'bad-request'],
    [get('', 'GET http://u@a.test/ HTTP/1.1'), 'bad-request'],
    [get('', 'GET * HTTP/1.1'), 'bad-request'],
    [get('', 'GET /%0 HTTP/1.1'), 'bad-request'],
    [get('', 'GET /%00 HTTP/1.1'), 'bad-request'],
    [get('', 'GET /#a HTTP/1.1'), 'bad-request'],
    [get('', 'GET /\\a HTTP/1.1'), 'bad-request'],
    [get('', 'GET /ä HTTP/1.1'), 'bad-request'],
    [get('', 'CONNECT a.test:80 HTTP/1.1'), 'method-refused'],
    [get('', 'TRACE / HTTP/1.1'), 'method-refused'],
    [get(host), 'bad-request'],
    ['GET / HTTP/1.1\r\nconstructor: a.test\r\n\r\n', 'bad-request'],
    [get('X : y\r\n'), 'bad-request'],
    [get(': y\r\n'), 'bad-request'],
    [get('X\r\n'), 'bad-request'],
    [get('X: a\r\n b\r\n'), 'bad-request'],
    [get('X: a\0b\r\n'), 'bad-request'],
    [get('X: a\nY: b\r\n'), 'bad-request'],
    [get('X: a\rb\r\n'), 'bad-request'],
    [get('Content-Length: 1\r\nContent-Length: 1\r\n'), 'bad-request'],
    [get('Content-Length: 1, 1\r\n'), 'bad-request'],
    [get('Content-Length: +1\r\n'), 'bad-request'],
    [get('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), 'bad-request'],
    [get('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'), 'bad-request'],
    [get('Transfer-Encoding: chunked, chunked\r\n'), 'bad-request'],
    [get('Transfer-Encoding: chunked, identity\r\n'), 'bad-request'],
    [get('Transfer-Encoding: gzip, chunked\r\n'), 'method-refused'],
    [get('Transfer-Encoding: identity\r\n'), 'method-refused'],
    [get('Transfer-Encoding: chunked\r\n', 'GET / HTTP/1.0'), 'bad-request'],
    [get('Content-Length: 2000000000000\r\n'), 'body-too-large'],
    [get('Expect: else\r\nContent-Length: 1\r\n'), 'expectation-failed'],
  ])('%p: %s', (text, code) => {
    expect(refusal(text)).toBe(code)
  })

  test('what is over a limit, each with its own code; at the limit it is fine', () => {
    const reader = new RequestReader(small)
    const target = (bytes: number): string => get('', `GET /${'a'.repeat(bytes - 1)} HTTP/1.1`)
    expect(refusal(target(64), reader)).toBeObject()
    expect(refusal(target(65), reader)).toBe('target-too-long')
    expect(refusal(get('A: b\r\n'.repeat(7)), reader)).toBeObject()
    expect(refusal(get('A: b\r\n'.repeat(8)), reader)).toBe('fields-too-large')
    const fields = (bytes: number): string => get(`A: ${'b'.repeat(bytes - host.length - 5)}\r\n`)
    expect(refusal(fields(512), reader)).toBeObject()
    expect(refusal(fields(513), reader)).toBe('fields-too-large')
    expect(refusal(get('', `${'M'.repeat(32)} / HTTP/1.1`), reader)).toBeObject()
    expect(refusal(get('', `${'M'.repeat(33)} / HTTP/1.1`), reader)).toBe('bad-request')
  })

  test('before it is complete, when it can become nothing else', () => {
    const reader = new RequestReader(small)
    expect(refusal('M'.repeat(33), reader)).toBe('bad-request')
    expect(refusal(`GET /${'a'.repeat(64)}`, reader)).toBe('target-too-long')
    expect(refusal(`GET / HTTP/1.1\r\nA: ${'b'.repeat(520)}`, reader)).toBe('fields-too-large')
    expect(refusal('GET / HTTP/1.1\r\nA b', reader)).toBe('bad-request')
    expect(refusal('GET / \n', reader)).toBe('bad-request')
    expect(refusal('GET / HTTP\n', reader)).toBe('bad-request')
  })
})

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
const value = fc.stringMatching(/^([!-~\x80-\xff]([\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/)
const path = fc.stringMatching(/^\/[A-Za-z0-9._~%|/-]{0,20}(\?[A-Za-z0-9=&%./]{0,10})?$/)
const known = fc.constantFrom(
  'Host: a.test',
  'Host: b.test',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Connection: close',
  'Expect: 100-continue',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Cookie: a=1',
)

const head = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'OPTIONS', 'M'.repeat(31), 'M'.repeat(32), 'M'.repeat(33)),
    fc.oneof(path, fc.constantFrom('*', 'http://a.test/x', `/${'a'.repeat(63)}`, `/${'a'.repeat(64)}`)),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.11'),
    fc.array(
      fc.oneof(
        known,
        fc.tuple(token, value).map(([name, text]) => `${name}: ${text}`),
      ),
      { maxLength: 9 },
    ),
    fc.constantFrom('', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n'),
  )
  .map(([method, target, version, lines, empty]) =>
    Buffer.from(
      `${empty}${method} ${target} ${version}\r\n${host}${lines.map((line) => `${line}\r\n`).join('')}\r\n`,
      'latin1',
    ),
  )

/** A valid head, or one with some octets put in, taken out or changed. */
const damaged = fc
  .tuple(
    head,
    fc.array(
      fc.record({
        at: fc.nat(400),
        kind: fc.constantFrom('change', 'insert', 'remove'),
        octet: fc.oneof(fc.constantFrom(0, 9, 10, 13, 32, 58, 127), fc.nat(255)),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([octets, changes]) => {
    const bytes = [...octets]
    for (const { at, kind, octet } of changes) {
      const place = at % bytes.length
      if (kind === 'remove') bytes.splice(place, 1)
      else bytes.splice(place, kind === 'insert' ? 0 : 1, octet)
    }
    return Buffer.from(bytes)
  })

describe('property', () => {
  test('a head, valid or damaged, comes to the same in any pieces', () => {
    fc.assert(
      fc.property(damaged, fc.array(fc.nat(400), { maxLength: 8 }), fc.boolean(), (octets, cuts, each) => {
        const whole = outcome(new RequestReader(small), octets)
        const ends = each
          ? Array.from(octets, (_, i) => i)
          : cuts.map((cut) => cut % octets.length).toSorted((a, b) => a - b)
        expect(outcomeOfPieces(new RequestReader(small), octets, ends)).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })

  test('a head that is written is read as it was', () => {
    const written = fc.record({
      method: token.filter((method) => !['CONNECT', 'TRACE'].includes(method)),
      path: fc.stringMatching(/^\/[A-Za-z0-9_~/-]{0,20}(\?[A-Za-z0-9=&%./]{0,10})?$/),
      lines: fc.array(
        fc.tuple(
          token.map((name) => `X-${name}`),
          value,
        ),
        { maxLength: 6 },
      ),
    })
    fc.assert(
      fc.property(written, ({ method, path: target, lines }) => {
        const text = lines.map(([name, line]) => `${name}: ${line}\r\n`).join('')
        const reader = read(`${method} ${target} HTTP/1.1\r\n${host}${text}\r\n`)
        expect([reader.method, reader.pathAndQuery]).toEqual([method, target])
        expect([...reader.keep()().fields].slice(1)).toEqual(lines)
      }),
    )
  })
})
