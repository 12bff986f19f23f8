// HTTP/2 that no honest client speaks (RFC 9113), frame by frame: none of it reaches the origin wrongly, ends the process or
// makes it grow.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import {
  Flag,
  fieldBlock,
  frame,
  FrameType,
  getLines,
  Http2Frames,
  type Outcome,
} from '../../testing/http2-frames.ts'
import { startHttp2Server } from '../../testing/http2-server.ts'
import { startMyriad } from '../../testing/myriad.ts'
import { type RawOrigin, startRawOrigin } from '../../testing/raw-origin.ts'
import { pass, within } from '../../testing/within.ts'

/** A server of HTTP/2 with the origin behind it. */
interface Server {
  readonly scheme: 'http' | 'https'
  readonly port: number
  readonly pid: number
  stop(): unknown
}

const config = { limits: { bodyBytes: '1MB' } }

async function startTls(): Promise<Server> {
  const myriad = await startMyriad(origin.url, config, {}, ['https://127.0.0.1:0'])
  return { scheme: 'https', port: myriad.port, pid: myriad.pid, stop: () => myriad.stop() }
}

async function startClear(): Promise<Server> {
  const { port, stop } = startHttp2Server(origin.url, config)
  return { scheme: 'http', port, pid: process.pid, stop }
}

let origin: RawOrigin
let server: Server
let before = 0
beforeEach(() => {
  before = origin.requests.length
})
const seen = () => origin.requests.slice(before).filter(({ target }) => !target.startsWith('/probe'))

type Line = readonly [name: string, value: string]
type Sent = (client: Http2Frames) => number

async function outcomeOf(sent: Sent): Promise<Outcome> {
  const client = await Http2Frames.connect(server.port, server.scheme)
  try {
    return await client.outcome(sent(client), 3_000)
  } finally {
    client.destroy()
  }
}

/** Whoever comes afterwards is served. */
async function stillServes(): Promise<void> {
  const got = await outcomeOf((client) => client.request(getLines('/probe')))
  expect(got).toMatchObject({ kind: 'status', status: 200 })
}

const get = (...more: Line[]): readonly Line[] => [...getLines('/c'), ...more]
const post = (...more: Line[]): readonly Line[] => [...getLines('/c', 'site.test', 'POST'), ...more]
const pseudo = (fields: Record<string, string>, ...more: Line[]): readonly Line[] => [
  ...Object.entries(fields),
  ...more,
]
const whole = { ':method': 'GET', ':scheme': 'https', ':authority': 'site.test', ':path': '/c' }

/** Malformed requests (RFC 9113 §8.1.1, §8.2, §8.3): each is a stream error, or refused. */
const malformed: Readonly<Record<string, readonly Line[]>> = {
  'a name in upper case': get(['X-Upper', '1']),
  'a name with a space': get(['x y', '1']),
  'a name with a colon': get(['x:y', '1']),
  'a name with a line end': get(['x\r\ny', '1']),
  'no name': get(['', '1']),
  'a value with CR LF': get(['x', 'a\r\nb: c']),
  'a value with LF': get(['x', 'a\nb']),
  'a value with NUL': get(['x', 'a\0b']),
  'a value that begins with a space': get(['x', ' a']),
  'a value that ends with a tab': get(['x', 'a\t']),
  connection: get(['connection', 'close']),
  'keep-alive': get(['keep-alive', '1']),
  'proxy-connection': get(['proxy-connection', 'close']),
  'transfer-encoding': get(['transfer-encoding', 'chunked']),
  upgrade: get(['upgrade', 'websocket']),
  'te other than trailers': get(['te', 'gzip']),
  'a pseudo-field behind a field': [
    [':method', 'GET'],
    ['x', '1'],
    [':scheme', 'https'],
    [':authority', 'site.test'],
    [':path', '/c'],
  ],
  'a pseudo-field that is none': get([':proto', 'x']),
  'a pseudo-field of responses': get([':status', '200']),
  'two paths': get([':path', '/d']),
  'two methods': get([':method', 'POST']),
  'two authorities': get([':authority', 'other.test']),
  'no path': pseudo({ ':method': 'GET', ':scheme': 'https', ':authority': 'site.test' }),
  'an empty path': pseudo({ ...whole, ':path': '' }),
  'a path without a slash': pseudo({ ...whole, ':path': 'c' }),
  'an absolute path': pseudo({ ...whole, ':path': 'https://other.test/c' }),
  'a path with a space': pseudo({ ...whole, ':path': '/c HTTP/1.1' }),
  'a path with CR LF': pseudo({ ...whole, ':path': '/c\r\nX: y' }),
  'a path with NUL': pseudo({ ...whole, ':path': '/c\0' }),
  'a path with %00': pseudo({ ...whole, ':path': '/c%00' }),
  'a path with a broken triplet': pseudo({ ...whole, ':path': '/c%2' }),
  'a path with a fragment': pseudo({ ...whole, ':path': '/c#d' }),
  'a path in octets that are no UTF-8': pseudo({ ...whole, ':path': '/\xe4' }),
  'no method': pseudo({ ':scheme': 'https', ':authority': 'site.test', ':path': '/c' }),
  'a method with a space': pseudo({ ...whole, ':method': 'GET /x' }),
  'a method with a line end': pseudo({ ...whole, ':method': 'GET\r\n' }),
  'no authority and no host': pseudo({ ':method': 'GET', ':scheme': 'https', ':path': '/c' }),
  'an empty authority': pseudo({ ...whole, ':authority': '' }),
  'an authority with user information': pseudo({ ...whole, ':authority': 'user@site.test' }),
  'an authority with a path': pseudo({ ...whole, ':authority': 'site.test/x' }),
  'an authority with a space': pseudo({ ...whole, ':authority': 'site test' }),
  'an authority with a port that is none': pseudo({ ...whole, ':authority': 'site.test:x' }),
  'a host other than the authority': get(['host', 'other.test']),
  'two hosts': get(['host', 'site.test'], ['host', 'other.test']),
  'two lengths': post(['content-length', '0'], ['content-length', '1']),
  'a length that is none': post(['content-length', '+0']),
  'a length without a body': post(['content-length', '5']),
  CONNECT: pseudo({ ':method': 'CONNECT', ':authority': 'site.test:443' }),
  'CONNECT with a protocol': pseudo({ ...whole, ':method': 'CONNECT' }, [':protocol', 'websocket']),
  TRACE: pseudo({ ...whole, ':method': 'TRACE' }),
  'an expectation that is none': post(['expect', 'a-miracle']),
}

/** Resident memory of the process, in bytes. */
function rssBytes(): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'latin1'))![1]
  return Number(kilobytes) * 1024
}

/** Sends as much as the other side takes, for as long as it takes it, but no more than `count` times. */
async function flood(
  count: number,
  octets: (client: Http2Frames, i: number) => Uint8Array,
): Promise<Http2Frames> {
  const client = await Http2Frames.connect(server.port, server.scheme)
  for (let i = 0; i < count && !client.ended; i++) {
    client.send(octets(client, i))
    if (i % 200 === 199) await pass(0)
  }
  return client
}
const many = (n: number, octets: Uint8Array): Buffer => Buffer.concat(Array.from({ length: n }, () => octets))

function strictness(start: () => Promise<Server>): void {
  beforeAll(async () => {
    origin = await startRawOrigin()
    server = await start()
  })
  afterAll(async () => {
    await server.stop()
    await origin.stop()
    expect(origin.problems).toEqual([])
  })

  test('malformed requests are refused and reach nobody', async () => {
    const problems: string[] = []
    for (const [name, lines] of Object.entries(malformed)) {
      const got = await outcomeOf((client) => client.request(lines))
      if (got.kind === 'status' && got.status < 400) problems.push(`${name}: ${got.status}`)
      await stillServes()
      for (const { method, target } of seen()) problems.push(`${name}: the origin saw ${method} ${target}`)
      before = origin.requests.length
    }
    expect(problems).toEqual([])
  })

  test('well-formed requests are served', async () => {
    const lines: Readonly<Record<string, readonly Line[]>> = {
      plain: get(),
      'te: trailers': get(['te', 'trailers']),
      'host as the authority': get(['host', 'site.test']),
      'host alone': pseudo({ ':method': 'GET', ':scheme': 'https', ':path': '/c' }, ['host', 'site.test']),
      'cookies in crumbs': get(['cookie', 'a=b'], ['cookie', 'c=d']),
      'no cookies': get(['cookie', '']),
    }
    for (const [name, each] of Object.entries(lines)) {
      const got = await outcomeOf((client) => client.request(each))
      expect([name, got.kind === 'status' && got.body.toString()]).toEqual([name, 'seen GET /c\n'])
      expect(seen().at(-1)!.field('host')).toBe('site.test')
      expect(seen().at(-1)!.field('te')).toBe(undefined)
    }
    // RFC 9113 §8.2.3: as one line to a server of HTTP/1.1.
    expect(seen().some((request) => request.field('cookie') === 'a=b; c=d')).toBe(true)
  })

  test('DATA of another length than Content-Length is no request', async () => {
    for (const [length, body] of [
      ['5', 'four'],
      ['3', 'four'],
      ['0', 'four'],
    ] as const) {
      const got = await outcomeOf((client) => client.request(post(['content-length', length]), body))
      expect(got.kind === 'reset' || (got.kind === 'status' && got.status === 400)).toBe(true)
      await stillServes()
      for (const request of seen()) {
        const all = await Promise.race([request.body.catch(() => undefined), pass(100)])
        // Where no octet is announced none is waited for: what the origin sees is what was announced, and nothing else.
        expect([length, all?.toString()]).toEqual([length, length === '0' ? '' : undefined])
      }
      before = origin.requests.length
    }
  })

  test('trailers do not become fields', async () => {
    const got = await outcomeOf((client) => {
      const stream = client.stream()
      client.send(
        frame(FrameType.headers, Flag.endHeaders, stream, fieldBlock(post())),
        frame(FrameType.data, 0, stream, Buffer.from('body')),
        frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, fieldBlock([['x-late', '1']])),
      )
      return stream
    })
    expect(got).toMatchObject({ kind: 'status', status: 200 })
    expect(seen()[0]!.field('x-late')).toBe(undefined)
    expect((await seen()[0]!.body).toString()).toBe('body')
  })

  /** Frames that break the rules of the connection; the stream whose outcome is asked for is 1. */
  const broken: Readonly<Record<string, (client: Http2Frames) => void>> = {
    'DATA on a stream that is idle': (client) =>
      client.send(frame(FrameType.data, Flag.endStream, 1, Buffer.from('a'))),
    'HEADERS on an even stream': (client) =>
      client.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 2, fieldBlock(get()))),
    'HEADERS on stream 0': (client) =>
      client.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 0, fieldBlock(get()))),
    'CONTINUATION without HEADERS': (client) =>
      client.send(frame(FrameType.continuation, Flag.endHeaders, 1, fieldBlock(get()))),
    'HEADERS between HEADERS and CONTINUATION': (client) =>
      client.send(
        frame(FrameType.headers, Flag.endStream, 1, fieldBlock(get())),
        frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 3, fieldBlock(get())),
      ),
    'a frame that is too large': (client) => client.send(frame(FrameType.data, 0, 1, Buffer.alloc(20_000))),
    'SETTINGS of no whole entry': (client) => client.send(frame(FrameType.settings, 0, 0, Buffer.alloc(5))),
    'SETTINGS on a stream': (client) => client.send(frame(FrameType.settings, 0, 1)),
    'PING of another size': (client) => client.send(frame(FrameType.ping, 0, 0, Buffer.alloc(7))),
    'PUSH_PROMISE from a client': (client) =>
      client.send(
        frame(FrameType.pushPromise, Flag.endHeaders, 1, Buffer.concat([Buffer.alloc(4), fieldBlock(get())])),
      ),
    'RST_STREAM on a stream that is idle': (client) =>
      client.send(frame(FrameType.rstStream, 0, 1, Buffer.alloc(4))),
    'a window that grows by nothing': (client) =>
      client.send(frame(FrameType.windowUpdate, 0, 0, Buffer.alloc(4))),
    'a window that grows beyond its limit': (client) =>
      client.send(frame(FrameType.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))),
    'padding that is longer than its frame': (client) =>
      client.send(
        frame(FrameType.headers, Flag.endHeaders | Flag.endStream | Flag.padded, 1, Buffer.from([200, 0])),
      ),
    'a field block that is none': (client) =>
      client.send(
        frame(
          FrameType.headers,
          Flag.endHeaders | Flag.endStream,
          1,
          Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]),
        ),
      ),
    'an index that is not in the table': (client) =>
      client.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, Buffer.from([0xfe]))),
  }

  test('broken frames end the connection, reach nobody, and disturb nobody', async () => {
    const problems: string[] = []
    for (const [name, sent] of Object.entries(broken)) {
      const got = await outcomeOf((client) => {
        sent(client)
        return 1
      }).catch((error: Error) => ({ kind: 'silent', message: error.message }) as const)
      if (!['goaway', 'closed', 'reset'].includes(got.kind)) problems.push(`${name}: ${JSON.stringify(got)}`)
      await stillServes()
      for (const { method, target } of seen()) problems.push(`${name}: the origin saw ${method} ${target}`)
      before = origin.requests.length
    }
    expect(problems).toEqual([])
  })

  describe('floods', () => {
    const floods: Readonly<Record<string, (client: Http2Frames, i: number) => Uint8Array>> = {
      'of streams that are reset at once': (client) => {
        const stream = client.stream()
        return Buffer.concat([
          frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, fieldBlock(getLines('/reset'))),
          frame(FrameType.rstStream, 0, stream, Buffer.from([0, 0, 0, 8])),
        ])
      },
      'of SETTINGS': () => many(20, frame(FrameType.settings, 0, 0, Buffer.from([0, 4, 0, 0, 255, 255]))),
      'of PING': () => many(20, frame(FrameType.ping, 0, 0, Buffer.alloc(8))),
      'of CONTINUATION': (_, i) =>
        i === 0
          ? frame(FrameType.headers, Flag.endStream, 1, fieldBlock(getLines('/c')))
          : frame(FrameType.continuation, 0, 1, fieldBlock([[`x-${i}`, 'a'.repeat(1000)]])),
      'of empty CONTINUATION': (_, i) =>
        i === 0
          ? frame(FrameType.headers, Flag.endStream, 1, fieldBlock(getLines('/c')))
          : many(20, frame(FrameType.continuation, 0, 1)),
      'of empty DATA': (client, i) =>
        i === 0
          ? frame(
              FrameType.headers,
              Flag.endHeaders,
              client.stream(),
              fieldBlock(getLines('/c', 'site.test', 'POST')),
            )
          : many(20, frame(FrameType.data, 0, 1)),
      'of PRIORITY': () => many(20, frame(FrameType.priority, 0, 1, Buffer.alloc(5))),
      'of window updates': () => many(20, frame(FrameType.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1]))),
      'of requests whose answers are not read': (client) =>
        frame(
          FrameType.headers,
          Flag.endHeaders | Flag.endStream,
          client.stream(),
          fieldBlock(getLines('/flood')),
        ),
    }

    for (const [name, octets] of Object.entries(floods)) {
      test(
        name,
        async () => {
          await stillServes()
          const restBytes = rssBytes()
          const clients = await within(
            30_000,
            'the flood',
            Promise.all(Array.from({ length: 4 }, () => flood(5_000, octets))),
          )
          await stillServes()
          const grownBytes = rssBytes() - restBytes
          for (const client of clients) client.destroy()
          await stillServes()
          expect(grownBytes).toBeLessThan(200 << 20)
          expect(origin.requests.slice(before).every(({ method }) => ['GET', 'POST'].includes(method))).toBe(
            true,
          )
        },
        60_000,
      )
    }
  })
}

describe('over TLS', () => strictness(startTls))
describe('in clear text', () => strictness(startClear))
