// A line of the access log: whatever a stranger sends, it is one line, and says what was sent.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { parseCombined } from '../../testing/combined-log.ts'
import { tiers } from '../base/record.ts'
import { combinedLine } from './combined-line.ts'
import type { Entry, LineFormat } from './entry.ts'
import { jsonLine } from './json-line.ts'
import { logMembers } from './members.ts'
import { digits, TEXT_CHARS_MAX } from './octets.ts'

const into = Buffer.alloc(1 << 20)

/** The line of an entry, behind another that must not be touched. */
function lineOf(format: LineFormat, entry: Entry): string {
  const from = into.write('before|')
  const end = format(entry, into, from)
  expect(into.latin1Slice(0, from)).toBe('before|')
  return into.latin1Slice(from, end)
}

const entry: Entry = {
  timeMs: Date.UTC(2026, 10, 28, 4, 7, 40, 5),
  client: '192.0.2.7',
  method: 'GET',
  scheme: 'https',
  host: 'example.com',
  path: '/a?b=1',
  protocol: 'HTTP/1.1',
  status: 200,
  bytes: 8312,
  durationMs: 1.2345,
  whole: true,
  tier: 'memory',
  reason: 'fresh',
  referer: undefined,
  userAgent: 'Mozilla/5.0 (X11)',
  requestId: undefined,
}

test('a JSON line has all members, in order', () => {
  const line = lineOf(jsonLine, entry)
  expect(line).toBe(
    '{"time":"2026-11-28T04:07:40.005Z","client":"192.0.2.7","method":"GET","scheme":"https","host":"example.com","path":"/a?b=1","protocol":"HTTP/1.1","status":200,"bytes":8312,"ms":1.235,"whole":true,"tier":"memory","reason":"fresh","referer":null,"userAgent":"Mozilla/5.0 (X11)","requestId":null}\n',
  )
  expect(Object.keys(JSON.parse(line) as object)).toEqual(Object.keys(logMembers))
})

test('a combined line is one of Apache', () => {
  expect(lineOf(combinedLine, entry)).toBe(
    '192.0.2.7 - - [28/Nov/2026:04:07:40 +0000] "GET /a?b=1 HTTP/1.1" 200 8312 "-" "Mozilla/5.0 (X11)"\n',
  )
})

test('a combined line escapes as Apache does', () => {
  const userAgent = 'a"b\\c\n\t\x01\x7f\xff'
  expect(lineOf(combinedLine, { ...entry, userAgent })).toEndWith('"-" "a\\"b\\\\c\\n\\t\\x01\\x7f\\xff"\n')
})

test('a request that could not be read has no request line', () => {
  expect(lineOf(combinedLine, { ...entry, client: '', method: '', path: '' })).toStartWith(
    '- - - [28/Nov/2026:04:07:40 +0000] "-" 200',
  )
})

/** Any octets, one character each. */
const octets = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const optional = fc.option(octets, { nil: undefined })
const entries: fc.Arbitrary<Entry> = fc.record({
  timeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  client: fc.oneof(fc.ipV4(), fc.ipV6()),
  method: fc.stringMatching(/^[A-Z-]{1,20}$/),
  scheme: fc.constantFrom('http', 'https'),
  host: octets,
  // What the codec lets through in a target, and in a method: no spaces.
  path: octets.map((text) => text.replaceAll(' ', '')),
  protocol: fc.constantFrom('HTTP/1.0', 'HTTP/1.1', 'HTTP/2'),
  status: fc.integer({ min: 100, max: 599 }),
  bytes: fc.maxSafeNat(),
  durationMs: fc.integer({ min: 0, max: 100_000_000 }).map((microseconds) => microseconds / 1000),
  whole: fc.boolean(),
  tier: fc.constantFrom(...tiers),
  reason: fc.constantFrom('fresh', 'miss', 'bad-request'),
  referer: optional,
  userAgent: optional,
  requestId: optional,
})

describe('any request gives one line that can be read back', () => {
  test('as JSON', () => {
    fc.assert(
      fc.property(entries, (any) => {
        const line = lineOf(jsonLine, any)
        expect(line).toMatch(/^[\x20-\x7e]*\n$/)
        const { timeMs, durationMs, ...same } = any
        expect(JSON.parse(line)).toEqual({
          ...same,
          time: new Date(timeMs).toISOString(),
          ms: durationMs,
          referer: any.referer ?? null,
          userAgent: any.userAgent ?? null,
          requestId: any.requestId ?? null,
        })
      }),
    )
  })

  test('in the combined format', () => {
    fc.assert(
      fc.property(entries, (any) => {
        const line = lineOf(combinedLine, any)
        expect(line).toMatch(/^[\x20-\x7e]*\n$/)
        expect(parseCombined(line)).toEqual({
          client: any.client,
          timeMs: Math.floor(any.timeMs / 1000) * 1000,
          request: `${any.method} ${any.path} ${any.protocol}`,
          status: any.status,
          bytes: any.bytes,
          referer: any.referer ?? '-',
          userAgent: any.userAgent ?? '-',
        })
      }),
    )
  })
})

test('a text without end is cut', () => {
  const long = '\x00'.repeat(TEXT_CHARS_MAX + 1)
  const { userAgent } = JSON.parse(lineOf(jsonLine, { ...entry, userAgent: long })) as Entry
  expect(userAgent).toHaveLength(TEXT_CHARS_MAX)
})

test('numbers are written as they are', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(into.latin1Slice(0, digits(value, into, 0))).toBe(String(value))
    }),
  )
  expect(into.latin1Slice(0, digits(7, into, 0, 3))).toBe('007')
})
