// What of a request stands in its line, and when the line is written.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeClock } from '../../testing/fake-clock.ts'
import type { Matcher } from '../cube/y/pattern.ts'
import { defaultsOf } from '../base/setting.ts'
import { limitRows } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import type { Client } from '../request/reply.ts'
import { AccessLog, type AccessLogSettings } from './access-log.ts'
import { LineBuffer } from './line-buffer.ts'

const limits = defaultsOf(limitRows)
const health: Matcher = (path) => path === '/health'
const stranger: Client = { address: '192.0.2.7', trusted: false }
const settings: AccessLogSettings = {
  format: 'json',
  mask: [],
  hide: new Set(),
  clients: 'whole',
  except: [],
}

function setUp(some: Partial<AccessLogSettings> = {}, size = 1 << 16) {
  const clock = new FakeClock(Date.UTC(2026, 10, 28, 4, 7, 40))
  const buffer = new LineBuffer(size)
  const log = new AccessLog({
    clock,
    exact: clock,
    buffer,
    settings: { ...settings, ...some },
    added: () => undefined,
  })
  const lines = (): Record<string, unknown>[] => {
    const filled = buffer.take()
    if (filled === undefined) return []
    const text = filled.bytes.toString('latin1', 0, filled.length)
    buffer.giveBack(filled)
    expect(text).toEndWith('\n')
    return text
      .slice(0, -1)
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  const begin = (target: string, fields: Readonly<Record<string, string>> = {}, client = stranger) => {
    const names = Object.entries({ Host: 'a.test', ...fields })
    const octets = Buffer.from(
      `GET ${target} HTTP/1.1\r\n${names.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      'latin1',
    )
    const reader = new RequestReader(limits)
    expect(reader.read(octets, 0, octets.length)).toBe('complete')
    const entry = log.begin(reader, client, 'HTTP/1.1')
    // The codec reads on.
    octets.fill(0)
    return entry
  }
  const line = (target: string, fields?: Readonly<Record<string, string>>, client?: Client) => {
    const entry = begin(target, fields, client)!
    entry.answered('memory', 'fresh', 200)
    entry.ended(100, true)
    return lines()[0]!
  }
  return { clock, buffer, begin, line, lines }
}

test('a line tells who asked for what, and what came of it', () => {
  const { clock, begin, lines } = setUp()
  const entry = begin('/a?b=1', {
    Referer: 'https://b.test/?token=x',
    'User-Agent': 'test',
    'X-Request-Id': '7',
    Cookie: 'session=COOKIE',
    Authorization: 'Basic SECRET',
  })!
  clock.advance(12)
  entry.answered('origin', 'miss', 404)
  clock.advance(30)
  entry.ended(1234, true)
  expect(lines()).toEqual([
    {
      time: '2026-11-28T04:07:40.000Z',
      client: '192.0.2.7',
      method: 'GET',
      scheme: 'http',
      host: 'a.test',
      path: '/a?b=1',
      protocol: 'HTTP/1.1',
      status: 404,
      bytes: 1234,
      ms: 42,
      whole: true,
      tier: 'origin',
      reason: 'miss',
      referer: 'https://b.test/?token=***',
      userAgent: 'test',
      requestId: '7',
    },
  ])
})

test('the answer may be over before it is told who gave it', () => {
  const { begin, lines } = setUp()
  const entry = begin('/')!
  entry.ended(10, true)
  expect(lines()).toEqual([])
  entry.answered('browser', 'fresh', 304)
  expect(lines()).toMatchObject([{ status: 304, tier: 'browser', bytes: 10 }])
})

test('a client that left early has a line, and one alone', () => {
  const { begin, lines } = setUp()
  const entry = begin('/')!
  entry.ended(0, false)
  entry.answered('origin', 'miss', 200)
  entry.ended(5, true)
  expect(lines()).toMatchObject([{ status: 499, whole: false, tier: 'self', reason: 'incomplete', bytes: 0 }])
})

test('an answer that was broken off says so', () => {
  const { begin, lines } = setUp()
  const entry = begin('/')!
  entry.answered('origin', 'miss', 200)
  entry.ended(50, false)
  expect(lines()).toMatchObject([{ status: 200, whole: false, bytes: 50 }])
})

test('the visitor of a trusted proxy is the one whom it names', () => {
  const { line } = setUp()
  const fields = { 'X-Forwarded-For': '203.0.113.9' }
  expect(line('/', fields)['client']).toBe('192.0.2.7')
  expect(line('/', fields, { address: '10.0.0.1', trusted: true })['client']).toBe('203.0.113.9')
})

test('members are hidden, and addresses shortened', () => {
  const all = setUp({ hide: new Set(['client', 'host', 'query', 'referer', 'userAgent', 'requestId']) })
  expect(all.line('/a?b=1', { Referer: 'x', 'User-Agent': 'y', 'X-Request-Id': 'z' })).toMatchObject({
    client: '',
    host: '',
    path: '/a?',
    referer: null,
    userAgent: null,
    requestId: null,
  })
  expect(setUp({ clients: 'network' }).line('/')['client']).toBe('192.0.2.0')
  expect(setUp({ mask: ['email'] }).line('/?email=a@b.test&key=1&x=2')['path']).toBe(
    '/?email=***&key=***&x=2',
  )
})

test('paths that nobody wants to see are not logged', () => {
  const { begin } = setUp({ except: [health] })
  expect(begin('/health?x=1')).toBeUndefined()
  expect(begin('/healthy')).toBeDefined()
})

test('any fields that the codec lets through give one line', () => {
  const value = fc
    .uint8Array({ maxLength: 200 })
    .map((octets) => octets.filter((octet) => octet === 9 || (octet >= 32 && octet !== 127)))
    .map((octets) => Buffer.from(octets).toString('latin1').trim())
  const { line } = setUp()
  fc.assert(
    fc.property(value, value, (agent, id) => {
      expect(line('/', { 'User-Agent': agent, 'X-Request-Id': id })).toMatchObject({
        userAgent: agent,
        requestId: id,
      })
    }),
  )
})

test('the longest of lines never reaches beyond the buffer', () => {
  const { begin, lines, buffer } = setUp({}, 256 << 10)
  for (let i = 0; i < 40; i++) {
    const entry = begin('/', { 'User-Agent': '\xff'.repeat(8000), 'X-Request-Id': '\xff'.repeat(4000) })!
    entry.answered('memory', 'fresh', 200)
    entry.ended(1, true)
  }
  expect(lines().length + buffer.dropped).toBe(40)
  expect(buffer.dropped).toBeGreaterThan(0)
})
