// Visitors over HTTP/2. Each call is the life of one connection.
import { pause } from '../../../bench/wait.ts'
import { realClock } from '../../../src/base/clock.ts'
import type { Random } from '../../fuzz/random.ts'
import { type Asked, download, page, upload } from './asked.ts'
import { Http2Client } from './http2-client.ts'
import { patienceMs, type Visit } from './http1-visitors.ts'
import type { Connection } from './judge.ts'

const pauseMsMax = 25
const requestsMax = 40
const refusedPauseMs = 100

/** A request, with the pieces of its body where it has one. */
type AskedWithBody = Asked & { readonly pieces?: readonly Buffer[] }

/** Asks for pages, some at a time. */
export const browseHttp2 = (visit: Visit): Promise<void> => ask(visit, page, 6)

/** Fetches what takes its time, several at once. */
export const fetchSlowHttp2 = (visit: Visit): Promise<void> => ask(visit, download, 3)

/** Sends bodies, several at once. */
export const sendHttp2 = (visit: Visit): Promise<void> => ask(visit, upload, 2)

async function ask(visit: Visit, next: (random: Random) => AskedWithBody, atOnceMax: number): Promise<void> {
  const { visitor, port, judge, random } = visit
  const startMs = realClock.monotonicMs()
  let client: Http2Client
  let connection: Connection | undefined
  try {
    client = await Http2Client.connect(port, (local) => {
      connection = { port: local, beganMs: startMs }
    })
  } catch (error) {
    // A handshake that broke off had a connection already.
    judge.fail({ visitor, what: 'connect', sentMs: startMs, connection }, error)
    return pause(refusedPauseMs)
  }
  const times = 1 + random.below(requestsMax)
  for (let i = 0; i < times && judge.going && !client.ended; i++) {
    const atOnce = 1 + random.below(atOnceMax)
    await Promise.all(Array.from({ length: atOnce }, () => one(visit, client, connection, next(random))))
    await pause(random.below(pauseMsMax))
  }
  client.destroy()
}

async function one(
  { visitor, judge, random }: Visit,
  client: Http2Client,
  connection: Connection | undefined,
  asked: AskedWithBody,
): Promise<void> {
  const about = { visitor, what: `${asked.method} ${asked.path}`, connection }
  const sentMs = realClock.monotonicMs()
  const lines = [
    [':method', asked.method],
    [':scheme', 'https'],
    [':authority', 'localhost'],
    [':path', asked.path],
    ...asked.fields,
  ] as const
  try {
    const outcome = await client.ask(lines, patienceMs, asked.pieces && paced(asked.pieces, random))
    if (outcome === 'repeat') {
      judge.repeated++
      return
    }
    const problem = asked.problem(outcome)
    if (problem === undefined) judge.pass(visitor)
    else judge.fail({ ...about, sentMs }, problem)
  } catch (error) {
    judge.fail({ ...about, sentMs }, error)
  }
}

async function* paced(pieces: readonly Buffer[], random: Random): AsyncIterable<Buffer> {
  for (const piece of pieces) {
    yield piece
    await pause(random.below(100))
  }
}
