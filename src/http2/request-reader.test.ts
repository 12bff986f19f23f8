// Heads of requests: what is read, what is refused with which status, what is malformed.
import { describe, expect, test } from 'bun:test'
import { FieldBlockWriter, type Habit, type Line } from '../../testing/field-block.ts'
import { everyCookie } from '../http/cookie-octets.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import { defaultsOf } from '../base/setting.ts'
import { limitRows, type Http1Limits } from '../http1/limits.ts'
import { FieldTable } from './field-table.ts'
import { Http2RequestReader } from './request-reader.ts'

const kept: Habit = { huffman: true, indexing: 'kept', tables: true }
const plain: Habit = { huffman: false, indexing: 'not', tables: false }

interface Options {
  readonly limits?: Partial<Http1Limits>
  readonly ends?: boolean
  readonly scheme?: 'http' | 'https'
  readonly habit?: Habit
}

function read(lines: readonly Line[], options: Options = {}) {
  const { limits, ends = true, scheme = 'https', habit = plain } = options
  const reader = new Http2RequestReader({ ...defaultsOf(limitRows), ...limits }, scheme)
  const writer = new FieldBlockWriter()
  const octets = Buffer.concat(lines.map((line) => writer.line(line, habit)))
  const outcome = reader.read(new FieldTable(), octets, 0, octets.length, ends)
  octets.fill(0)
  return { reader, outcome, failure: reader.failure }
}

const request = (over: Readonly<Record<string, string>> = {}, ...more: Line[]): Line[] => [
  ...Object.entries({
    ':method': 'GET',
    ':scheme': 'https',
    ':authority': 'Site.test:443',
    ':path': '/a/b?c=d',
    ...over,
  }).filter(([, value]) => value !== 'none'),
  ...more,
]

test('a request is read', () => {
  for (const habit of [plain, kept]) {
    const { reader, outcome } = read(
      request({}, ['accept-encoding', 'gzip'], ['x-one', '1'], ['cookie', 'a=1'], ['cookie', 'b=2']),
      { habit },
    )
    expect(outcome).toBe('complete')
    const { method, scheme, authority, rawTarget, pathAndQuery, url, body, expectsContinue, upgrade } = reader
    expect([method, scheme, authority, rawTarget, pathAndQuery]).toEqual([
      'GET',
      'https',
      'site.test',
      '/a/b?c=d',
      '/a/b?c=d',
    ])
    expect(url).toBe('https://site.test/a/b?c=d')
    expect([body, expectsContinue, upgrade]).toEqual([{ kind: 'none' }, false, undefined])
    expect(reader.get(fieldNumber['accept-encoding'])).toBe('gzip')
    expect(reader.get(fieldNumber.cookie)).toBe('a=1; b=2')
    expect(reader.get(fieldNumber.host)).toBe('Site.test:443')
    expect(reader.present & fieldBit.host).not.toBe(0)
    expect(reader.text('x-one')).toBe('1')
    expect([...reader.endToEnd(new Set(['host']))]).toEqual([
      ['accept-encoding', 'gzip'],
      ['x-one', '1'],
      ['cookie', 'a=1; b=2'],
    ])
  }
})

test('what was kept stays good', () => {
  const reader = new Http2RequestReader(defaultsOf(limitRows), 'https')
  const table = new FieldTable()
  const say = (lines: readonly Line[]) => {
    const octets = Buffer.concat(lines.map((line) => new FieldBlockWriter().line(line, plain)))
    expect(reader.read(table, octets, 0, octets.length, true)).toBe('complete')
  }
  say(request({ ':path': '/%61/../b' }, ['x-one', '1']))
  const head = reader.keep()
  say(request({ ':path': '/other' }, ['x-two', '2']))
  const { method, scheme, authority, target, fields } = head()
  expect([method, scheme, authority, target]).toEqual([
    'GET',
    'https',
    'site.test',
    { raw: '/%61/../b', pathAndQuery: '/b' },
  ])
  expect([...fields]).toEqual([
    ['x-one', '1'],
    ['host', 'Site.test:443'],
  ])
})

test('all cookies are looked at, in crumbs too', () => {
  const analytics = everyCookie((name) => name.startsWith('_'))
  const cases: readonly (readonly [boolean, ...string[]])[] = [
    [true, '_ga=1'],
    [true, '_ga=1; _gid=2'],
    [true, '_ga=1', '_gid=2'],
    [false, '_ga=1', 'session=2'],
    [false, 'session=2', '_ga=1'],
  ]
  for (const habit of [plain, kept])
    for (const [told, ...crumbs] of cases) {
      const cookies = crumbs.map((crumb): Line => ['cookie', crumb])
      expect(read(request({}, ...cookies), { habit }).reader.everyCookie(analytics)).toBe(told)
    }
})

const bodyOf = (ends: boolean, ...more: Line[]) =>
  read(request({ ':method': 'POST' }, ...more), { ends }).reader.body
const waits = (ends: boolean) =>
  read(request({ ':method': 'POST' }, ['expect', '100-Continue']), { ends }).reader.expectsContinue

test('the body that is announced', () => {
  expect(bodyOf(true)).toEqual({ kind: 'none' })
  expect(bodyOf(false)).toEqual({ kind: 'unknown' })
  expect(bodyOf(true, ['content-length', '0'])).toEqual({ kind: 'none' })
  expect(bodyOf(false, ['content-length', '0'])).toEqual({ kind: 'none' })
  expect(bodyOf(false, ['content-length', '5'])).toEqual({ kind: 'length', bytes: 5 })
  expect([waits(true), waits(false)]).toEqual([false, true])
})

test('the listener says which scheme it is', () => {
  expect(read(request({ ':scheme': 'http' })).reader.url).toBe('https://site.test/a/b?c=d')
  expect(read(request(), { scheme: 'http' }).reader.url).toBe('http://site.test:443/a/b?c=d')
})

describe('other right requests', () => {
  const right: Readonly<Record<string, readonly Line[]>> = {
    'OPTIONS *': request({ ':method': 'OPTIONS', ':path': '*' }),
    'te: trailers': request({}, ['te', 'trailers']),
    'Host as :authority': request({}, ['host', 'site.test']),
    'Host alone': request({ ':authority': 'none' }, ['host', 'site.test']),
    'no cookies': request({}, ['cookie', '']),
    'a method that nobody knows': request({ ':method': 'M-SEARCH' }),
    'pseudo-fields in another order': [
      [':path', '/'],
      [':authority', 'site.test'],
      [':scheme', 'https'],
      [':method', 'GET'],
    ],
  }
  for (const [name, lines] of Object.entries(right)) {
    for (const habit of [plain, kept]) {
      test(`${name} ${habit === kept ? '(kept)' : ''}`, () => {
        const { outcome, reader } = read(lines, { habit })
        expect([outcome, reader.authority]).toEqual(['complete', 'site.test'])
      })
    }
  }
})

describe('malformed (RFC 9113 §8.1.1)', () => {
  const malformed: Readonly<Record<string, readonly Line[]>> = {
    'no method': request({ ':method': 'none' }),
    'no scheme': request({ ':scheme': 'none' }),
    'no path': request({ ':path': 'none' }),
    connection: request({}, ['connection', 'close']),
    'keep-alive': request({}, ['keep-alive', '1']),
    'proxy-connection': request({}, ['proxy-connection', 'close']),
    'transfer-encoding': request({}, ['transfer-encoding', 'chunked']),
    upgrade: request({}, ['upgrade', 'websocket']),
    'te other than trailers': request({}, ['te', 'gzip']),
    'te with more': request({}, ['te', 'trailers, gzip']),
    'two lengths': request({}, ['content-length', '0'], ['content-length', '0']),
    'a length with a sign': request({}, ['content-length', '+0']),
    'a length without a body': request({}, ['content-length', '5']),
    'a field before a pseudo-field': [['x', '1'], ...request()],
    'a name in upper case': request({}, ['X', '1']),
  }
  for (const [name, lines] of Object.entries(malformed)) {
    for (const habit of [plain, kept])
      test(`${name} ${habit === kept ? '(kept)' : ''}`, () => {
        const { outcome, reader } = read(lines, { habit })
        expect(outcome).toBe('malformed')
        expect(reader.block.problem).toBeDefined()
      })
  }
})

describe('refused', () => {
  const refused: Readonly<
    Record<string, readonly [status: number, lines: readonly Line[], options?: Options]>
  > = {
    CONNECT: [501, request({ ':method': 'CONNECT', ':scheme': 'none', ':path': 'none' })],
    'CONNECT with all': [501, request({ ':method': 'CONNECT' })],
    TRACE: [501, request({ ':method': 'TRACE' })],
    'a method with a space': [400, request({ ':method': 'GET /x' })],
    'an empty method': [400, request({ ':method': '' })],
    'a long method': [400, request({ ':method': 'A'.repeat(33) })],
    'another scheme': [400, request({ ':scheme': 'ftp' })],
    'an empty path': [400, request({ ':path': '' })],
    'a path without a slash': [400, request({ ':path': 'c' })],
    'an absolute path': [400, request({ ':path': 'https://site.test/c' })],
    'a star for GET': [400, request({ ':path': '*' })],
    'a path with a space': [400, request({ ':path': '/c HTTP/1.1' })],
    'a path with a fragment': [400, request({ ':path': '/c#d' })],
    'a query with a quotation mark': [400, request({ ':path': '/c?"' })],
    'a path with %00': [400, request({ ':path': '/c%00' })],
    'a path with a broken triplet': [400, request({ ':path': '/c%2' })],
    'a path of other octets': [400, request({ ':path': '/\xe4' })],
    'a path that is too long': [
      414,
      request({ ':path': `/${'a'.repeat(64)}` }),
      { limits: { targetBytes: 64 } },
    ],
    'no host': [400, request({ ':authority': 'none' })],
    'an empty authority': [400, request({ ':authority': '' })],
    'an authority with user information': [400, request({ ':authority': 'user@site.test' })],
    'an authority with a path': [400, request({ ':authority': 'site.test/x' })],
    'an authority with a port that is none': [400, request({ ':authority': 'site.test:x' })],
    'another Host': [400, request({}, ['host', 'other.test'])],
    'two Hosts': [400, request({}, ['host', 'site.test'], ['host', 'site.test'])],
    'an expectation that is none': [417, request({}, ['expect', 'a-miracle']), { ends: false }],
    'a body that is too large': [
      413,
      request({ ':method': 'POST' }, ['content-length', '11']),
      { ends: false, limits: { bodyBytes: 10 } },
    ],
    'too many lines': [431, request({}, ['a', '1'], ['b', '1'], ['c', '1']), { limits: { fieldLines: 2 } }],
    'too much in lines': [431, request({}, ['a', '1'.repeat(100)]), { limits: { fieldsBytes: 100 } }],
  }
  for (const [name, [status, lines, options = {}]] of Object.entries(refused)) {
    for (const habit of [plain, kept])
      test(`${name} ${habit === kept ? '(kept)' : ''}`, () => {
        const { outcome, failure } = read(lines, { ...options, habit })
        expect([outcome, failure?.status]).toEqual(['refused', status])
      })
  }
})

test('paths are brought into the same form as those of HTTP/1.1', () => {
  const { rawTarget, pathAndQuery, url } = read(request({ ':path': '/x/%2e%2E/%7ea?%7e' })).reader
  expect([rawTarget, pathAndQuery, url]).toEqual([
    '/x/%2e%2E/%7ea?%7e',
    '/~a?%7e',
    'https://site.test/~a?%7e',
  ])
})

test('trailers', () => {
  const reader = new Http2RequestReader({ ...defaultsOf(limitRows), trailerBytes: 40 }, 'https')
  const trailers = (...lines: Line[]) => {
    const octets = Buffer.concat(lines.map((line) => new FieldBlockWriter().line(line, plain)))
    const fields = reader.readTrailers(new FieldTable(), octets, 0, octets.length)
    return typeof fields === 'string' ? fields : [...fields]
  }
  expect(trailers(['x', '1'], ['y', '2'])).toEqual([
    ['x', '1'],
    ['y', '2'],
  ])
  expect(trailers([':path', '/'])).toBe('malformed')
  expect(trailers(['x', '1'], [':status', '200'])).toBe('malformed')
  expect(trailers(['connection', 'close'])).toBe('malformed')
  expect(trailers(['x', '1'.repeat(40)])).toBe('malformed')
  expect(reader.readTrailers(new FieldTable(), Buffer.from([0x80]), 0, 1)).toBe('broken')
})
