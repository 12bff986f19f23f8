// Heads of responses as origins send them.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { defaultsOf } from '../base/setting.ts'
import { limitRows, type Http1Limits } from './limits.ts'
import { ResponseReader } from './response-reader.ts'

const limits = defaultsOf(limitRows)
const small: Http1Limits = { ...limits, fieldsBytes: 512, fieldLines: 8 }

function outcome(reader: ResponseReader, octets: Buffer, method = 'GET'): unknown {
  const kind = reader.read(octets, 0, octets.length, method)
  if (kind !== 'complete') return kind
  const { status, reason, minorVersion, framing, keepAlive, next } = reader
  return { status, reason, minorVersion, framing, keepAlive, next, lines: [...reader.head().fields] }
}

const read = (text: string, method?: string): unknown =>
  outcome(new ResponseReader(limits), Buffer.from(text, 'latin1'), method)

describe('the head of a response', () => {
  test('is read with its fields', () => {
    const text = 'HTTP/1.1 200 OK\r\nX-One: a\r\nContent-Length: 5\r\n\r\n'
    expect(read(`${text}12345`)).toEqual({
      status: 200,
      reason: 'OK',
      minorVersion: 1,
      framing: { kind: 'length', bytes: 5 },
      keepAlive: true,
      next: text.length,
      lines: [
        ['X-One', 'a'],
        ['Content-Length', '5'],
      ],
    })
  })

  test.each([
    ['HTTP/1.1 404 Nicht da\r\n\r\n', { status: 404, reason: 'Nicht da' }],
    ['HTTP/1.1 200\r\n\r\n', { status: 200, reason: '' }],
    ['HTTP/1.1 200 \r\n\r\n', { status: 200, reason: '' }],
    ['HTTP/1.0 200 OK\r\n\r\n', { minorVersion: 0, keepAlive: false, framing: { kind: 'close' } }],
    ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n', { keepAlive: true }],
    ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n', { keepAlive: false }],
    ['HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\n', { keepAlive: false }],
    ['HTTP/1.1 200 OK\r\nA : b\r\n\r\n', { lines: [['A', 'b']] }],
    [
      'HTTP/1.1 200 OK\r\nA: b\r\n   c\r\nD: e\r\n\r\n',
      {
        lines: [
          ['A', 'b     c'],
          ['D', 'e'],
        ],
      },
    ],
    ['HTTP/1.1 200 OK\r\nA:\r\n b\r\n\r\n', { lines: [['A', 'b']] }],
    ['HTTP/1.1 200 OK\r\nA: b\r\n \r\n\r\n', { lines: [['A', 'b']] }],
    ['HTTP/1.1 103 Early Hints\r\n\r\n', { status: 103, framing: { kind: 'none' } }],
  ])('%p', (text, expected) => {
    expect(read(text)).toMatchObject(expected as object)
  })

  test('after HEAD has no body, whatever it announces', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD')).toMatchObject({
      framing: { kind: 'none' },
      keepAlive: true,
    })
  })

  test.each([
    'SSH-2.0-OpenSSH\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 600 OK\r\n\r\n',
    'HTTP/1.x 200 OK\r\n\r\n',
    'HTTP/1.1 200 O\0K\r\n\r\n',
    'HTTP/1.1 200 OK\n\n',
    'HTTP/1.1 200 OK\r\n A: b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
    `HTTP/1.1 200 ${'O'.repeat(2000)}`,
    `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(40_000)}`,
    `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(200)}\r\n`,
  ])('is invalid: %p', (text) => {
    expect(read(text)).toBe('invalid')
  })

  test('says what is wrong', () => {
    const reader = new ResponseReader(limits)
    outcome(reader, Buffer.from('HTTP/1.1 200 OK\r\nA: b\r\nC d\r\n\r\n'))
    expect(reader.problem).toBe('field line 2 is not a field line')
  })
})

const line = fc.constantFrom(
  'A: b',
  'A : b',
  ' folded',
  '\t',
  'A:',
  'Content-Length: 5',
  'Content-Length: 0',
  'Transfer-Encoding: chunked',
  'Connection: close',
  'Set-Cookie: a=1',
  `X: ${'y'.repeat(200)}`,
)

test('property: a head, valid or damaged, comes to the same in any pieces', () => {
  const damaged = fc
    .tuple(
      fc.constantFrom(
        'HTTP/1.1 200 OK',
        'HTTP/1.1 204',
        'HTTP/1.0 200 OK',
        'HTTP/1.1 304 Not Modified',
        'HTTP/2',
      ),
      fc.array(line, { maxLength: 9 }),
      fc.array(fc.record({ at: fc.nat(400), octet: fc.constantFrom(0, 9, 10, 13, 32, 58, 65) }), {
        maxLength: 2,
      }),
    )
    .map(([status, lines, changes]) => {
      const octets = Buffer.from(`${status}\r\n${lines.map((text) => `${text}\r\n`).join('')}\r\n`)
      for (const { at, octet } of changes) octets[at % octets.length] = octet
      return octets
    })
  fc.assert(
    fc.property(damaged, fc.array(fc.nat(400), { maxLength: 8 }), fc.boolean(), (octets, cuts, each) => {
      const whole = outcome(new ResponseReader(small), Buffer.from(octets))
      const ends = each
        ? Array.from(octets, (_, i) => i)
        : cuts.map((cut) => cut % octets.length).toSorted((a, b) => a - b)
      const reader = new ResponseReader(small)
      let found: unknown = 'incomplete'
      // The same octets are read again, as a connection does: a fold that was replaced stays replaced.
      let kept = Buffer.alloc(0)
      let from = 0
      for (const end of [...ends, octets.length]) {
        kept = Buffer.concat([kept, octets.subarray(from, end)])
        from = Math.max(from, end)
        found = outcome(reader, kept)
        if (found !== 'incomplete') break
      }
      expect(found).toEqual(whole)
    }),
    { numRuns: 500 },
  )
})
