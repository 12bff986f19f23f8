// Visitors over HTTP/1.1, in clear text or with TLS. Each call is the life of one connection.
//
// What counts as answered (RFC 9112 §9.6): after an answer that says `close` the requests behind it are to be sent again
// and are no failures; a connection that ends in any other way with a request unanswered is one. One that ends while
// nothing is asked is not.
import { pause } from '../../../bench/wait.ts'
import { realClock } from '../../../src/base/clock.ts'
import { RawClient } from '../../../testing/raw-client.ts'
import { within } from '../../../testing/within.ts'
import type { Random } from '../../fuzz/random.ts'
import { download, page, upload, type Asked } from './asked.ts'
import type { Connection, Judge } from './judge.ts'

/** Whom a visitor asks, and who judges. */
export interface Visit {
  /** How the visitor is called in what is told of it. */
  readonly visitor: string
  readonly port: number
  readonly tls: boolean
  readonly judge: Judge
  readonly random: Random
}

/** How long an answer is waited for. */
export const patienceMs = 15_000
/** How long visitors pause at most before they ask again. */
const pauseMsMax = 25
const requestsMax = 40
/** How long one that was refused stays away. */
const refusedPauseMs = 100

/** A connection that is open, with what is told of it. */
export interface OpenConnection {
  readonly client: RawClient
  readonly connection: Connection
}

/** Connects; undefined when it failed, which is judged. */
export async function open({ visitor, port, tls, judge }: Visit): Promise<OpenConnection | undefined> {
  const sentMs = realClock.monotonicMs()
  let connection: Connection | undefined
  const connected = (local: number): void => {
    connection = { port: local, beganMs: sentMs }
  }
  try {
    const opening = tls ? RawClient.connectTls(port, connected) : RawClient.connect(port)
    const client = await within(patienceMs, 'a connection', opening)
    connection ??= { port: client.localPort!, beganMs: sentMs }
    return { client, connection }
  } catch (error) {
    // A handshake that broke off had a connection already.
    judge.fail({ visitor, what: 'connect', sentMs, connection }, error)
    await pause(refusedPauseMs)
    return undefined
  }
}

/** Asks for one page after another. */
export const browse = (visit: Visit): Promise<void> => ask(visit, page, 1)

/** Asks for several pages without waiting for the answers. */
export const pipeline = (visit: Visit): Promise<void> => ask(visit, page, 6)

/** Fetches what takes its time. */
export const fetchSlow = (visit: Visit): Promise<void> => ask(visit, download, 1)

async function ask(visit: Visit, next: (random: Random) => Asked, atOnceMax: number): Promise<void> {
  const { judge, random } = visit
  const opened = await open(visit)
  if (opened === undefined) return
  const { client } = opened
  const times = 1 + random.below(requestsMax)
  for (let i = 0; i < times && judge.going && !client.ended; i++) {
    const asked = Array.from({ length: 1 + random.below(atOnceMax) }, () => next(random))
    const sentMs = realClock.monotonicMs()
    void client.send(asked.map((each) => headOf(each, '')).join(''))
    if (!(await judged(visit, opened, asked, sentMs))) break
    await pause(random.below(pauseMsMax))
  }
  client.destroy()
}

/** Sends bodies, piece by piece. */
export async function send(visit: Visit): Promise<void> {
  const { judge, random } = visit
  const opened = await open(visit)
  if (opened === undefined) return
  const { client } = opened
  for (let i = 0; i < 3 && judge.going && !client.ended; i++) {
    const asked = upload(random)
    const chunked = random.once(2)
    const length = asked.pieces.reduce((sum, piece) => sum + piece.length, 0)
    const sentMs = realClock.monotonicMs()
    void client.send(
      headOf(asked, chunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`),
    )
    for (const piece of asked.pieces) {
      if (client.ended) break
      void client.send(chunked ? chunkOf(piece) : piece)
      await pause(random.below(100))
    }
    if (chunked) void client.send('0\r\n\r\n')
    if (!(await judged(visit, opened, [asked], sentMs))) break
  }
  client.destroy()
}

/** Judges the answers to what was asked on a connection; whether it can be asked for more. */
async function judged(
  { visitor, judge }: Visit,
  { client, connection }: OpenConnection,
  all: readonly Asked[],
  sentMs: number,
): Promise<boolean> {
  for (const [i, asked] of all.entries()) {
    const about = { visitor, what: `${asked.method} ${asked.path}`, sentMs, connection }
    try {
      const answer = await client.response(asked.method, patienceMs)
      const problem = answer.end === 'cut' ? 'the answer was cut' : asked.problem(answer)
      if (problem === undefined) judge.pass(visitor)
      else judge.fail(about, problem)
      if (answer.field('connection')?.toLowerCase() === 'close') {
        judge.repeated += all.length - i - 1
        return false
      }
    } catch (error) {
      for (const unanswered of all.slice(i))
        judge.fail({ ...about, what: `${unanswered.method} ${unanswered.path}` }, error)
      return false
    }
  }
  return true
}

function headOf({ method, path, fields }: Asked, framing: string): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${lines}${framing}\r\n`
}

const chunkOf = (piece: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
