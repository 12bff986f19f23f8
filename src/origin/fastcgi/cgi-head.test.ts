// The head of a CGI response: what it says, and what is none.
import { describe, expect, test } from 'bun:test'
import { defaultsOf } from '../../base/setting.ts'
import { limitRows } from '../../http1/limits.ts'
import { CgiHeadReader } from './cgi-head.ts'

const reader = new CgiHeadReader(defaultsOf(limitRows))

/** Whose Date stands behind all other lines. */
const nowMs = Date.UTC(2026, 10, 23, 12)

function read(text: string, method = 'GET') {
  const octets = Buffer.from(`..${text}`, 'latin1')
  const outcome = reader.read(octets, 2, octets.length, method)
  if (outcome !== 'complete') return outcome === 'invalid' ? reader.problem : outcome
  const { status, reason, bodyBytes } = reader
  return {
    status,
    reason,
    bodyBytes,
    lines: [...reader.head(nowMs).fields].slice(0, -1),
    rest: octets.length - reader.next,
  }
}

describe('a head', () => {
  test.each([
    ['X: a\r\n\r\nbody', { status: 200, reason: '', lines: [['X', 'a']], rest: 4 }],
    ['Status: 404 Not Found\r\nX: a\r\n\r\n', { status: 404, reason: 'Not Found', lines: [['X', 'a']] }],
    ['X: a\r\nstatus: 503\r\n\r\n', { status: 503, reason: '', lines: [['X', 'a']] }],
    ['Status: 418 \r\n\r\n', { status: 418, reason: '' }],
    ['Location: /x\r\n\r\n', { status: 302, lines: [['Location', '/x']] }],
    ['Location: /x\r\nStatus: 201 Created\r\n\r\n', { status: 201 }],
    ['Status: 301 Moved\r\nLocation: http://b/\r\n\r\n', { status: 301 }],
    ['\r\nall body', { status: 200, lines: [], rest: 8 }],
    ['X : a\r\n\r\n', { lines: [['X', 'a']] }],
    [
      'Connection: close, y\r\nY: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      { lines: [], bodyBytes: undefined },
    ],
    ['Content-Length: 5\r\n\r\n', { bodyBytes: 5, lines: [] }],
    ['Content-Length: 0\r\n\r\n', { bodyBytes: 0, lines: [['Content-Length', '0']] }],
    ['Status: 204\r\nContent-Length: 0\r\n\r\n', { bodyBytes: 0, lines: [] }],
    ['Status: 206\r\nContent-Length: 5\r\n\r\n', { bodyBytes: 5, lines: [['Content-Length', '5']] }],
    ['Status: 304\r\nContent-Length: 5\r\n\r\n', { bodyBytes: 0, lines: [['Content-Length', '5']] }],
  ])('%j', (text, expected) => {
    expect(read(text)).toMatchObject(expected)
  })

  test('answers HEAD with the length of what GET would get', () => {
    expect(read('Content-Length: 5\r\n\r\n', 'HEAD')).toMatchObject({
      bodyBytes: 0,
      lines: [['Content-Length', '5']],
    })
  })

  test.each(['', 'X: a', 'X: a\r\n', 'Status: 404\r\nX'])('%j is the beginning of one', (text) => {
    expect(read(text)).toBe('incomplete')
  })
})

const notAStatus = 'the status is not one, of three digits from 200 to 599'

test.each([
  ['Status: abc\r\n\r\n', notAStatus],
  ['Status:\r\n\r\n', notAStatus],
  ['Status: 20\r\n\r\n', notAStatus],
  ['Status: 2000\r\n\r\n', notAStatus],
  ['Status: 199\r\n\r\n', notAStatus],
  ['Status: 101 Switching\r\n\r\n', notAStatus],
  ['Status: 600\r\n\r\n', notAStatus],
  ['Status: 999\r\n\r\n', notAStatus],
  ['Status: 200\r\nStatus: 200\r\n\r\n', notAStatus],
  ['Content-Length: 5\r\nContent-Length: 5\r\n\r\n', 'the length of the body is ambiguous'],
  ['Content-Length: -1\r\n\r\n', 'the length of the body is ambiguous'],
  ['Content-Length: 5, 5\r\n\r\n', 'the length of the body is ambiguous'],
  ['<html>\r\n\r\n', 'field line 1 is not a field line'],
  ['HTTP/1.1 200 OK\r\nX: a\r\n\r\n', 'field line 1 is not a field line'],
  ['X: a\nY: b\n\n', 'field line 1 is not a field line'],
  ['X: a\r\n'.repeat(200), 'more than 128 field lines'],
  [`X: ${'a'.repeat(40_000)}\r\n\r\n`, 'field lines of more than 32768 bytes'],
])('%j is no head', (text, problem) => {
  expect(read(text)).toBe(problem)
})

test('gets the time as its Date, unless it tells its own', () => {
  const date = 'Mon, 23 Nov 2026 12:00:00 GMT'
  const into = Buffer.alloc(200)
  const said = (text: string) => {
    const octets = Buffer.from(text, 'latin1')
    reader.read(octets, 0, octets.length, 'GET')
    const head = reader.head(nowMs)
    const copied = head.lines!.copyTo(into, 0, 0)
    return [
      head.lines!.get('date'),
      copied < 0 ? undefined : into.toString('latin1', 0, copied),
      head.fields.get('date'),
    ]
  }
  expect(said('X: a\r\n\r\n')).toEqual([date, `X: a\r\nDate: ${date}\r\n`, date])
  expect(said('Date: own\r\n\r\n')).toEqual(['own', 'Date: own\r\n', 'own'])
  expect(said('Status: 404\r\nX: a\r\n\r\n')).toEqual([date, undefined, date])
})
