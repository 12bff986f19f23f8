// Visitors that behave well, before and while a crowd is there: what they wait, whether all are served, and what memory it
// takes. Requests are due at given times, and a latency counts from when its request was due (bench/paced.ts).
import { ClientConnection } from '../../../bench/client.ts'
import { type AskedConnection, openMany, paced } from '../../../bench/paced.ts'
import { median } from '../../../bench/statistics.ts'
import { pause } from '../../../bench/wait.ts'
import { startChild } from '../../../testing/child.ts'
import type { Config } from '../../../testing/myriad.ts'
import { getLines } from '../../../testing/http2-frames.ts'
import { within } from '../../../testing/within.ts'
import { Http2Client } from '../load/http2-client.ts'
import { patienceMs } from '../load/http1-visitors.ts'
import { forgetPeaks, peakBytes } from '../processes.ts'
import { Rig } from '../rig.ts'
import type { Bench, Finding, Outcome } from '../trial.ts'
import type { CrowdFigures } from './crowd.ts'

/** A crowd that is to be borne. */
export interface CrowdCase {
  /** In what is told of it, before every figure. */
  readonly subject: string
  /** The crowd, as crowd-process.ts calls it. */
  readonly kind: string
  readonly count: number
  readonly path: string
  readonly overTls: boolean
  readonly config: Config
  /** What else has to be true of the crowd, for it to be what it should. */
  readonly crowd: (figures: CrowdFigures) => readonly Finding[]
}

const guardMegabytes = 300
const measuredSeconds = 10
const connectionsOfVisitors = 64
const perSecond = 1_000
const newcomersPerSecond = 50
const crowdMsMax = 60_000
/** Until the crowd has done what it does once: to come, and what it asks for to fill the sockets' buffers. */
const arrivalMs = 2_000
/** Until what the crowd has left behind is away. */
const settleMs = 1_500
const pages = Array.from({ length: 50 }, (_, n) => `/large/${8_192 + n}`)

interface Measured {
  readonly p99Ms: number
  readonly newcomersP99Ms: number
  readonly errors: number
}

/** One round: before, and while the crowd is there. */
interface Round {
  readonly before: Measured
  readonly during: Measured
  readonly peakBytes: number
  readonly crowd: CrowdFigures
}

/** Bears a crowd `times` times. */
export async function bear(bench: Bench, times: number, what: CrowdCase): Promise<Outcome> {
  const protocols = what.overTls ? (['http1', 'http2'] as const) : (['http1'] as const)
  const config = { tiers: { memory: '64MB', guard: `${guardMegabytes}MB` }, ...what.config }
  await using rig = await Rig.start({ ...bench, protocols }, 1, config)
  const visitors = await Visitors.come(rig, what.overTls)
  // What is not in the cache, or not yet compiled, is not what is measured.
  await visitors.measure()
  const rounds: Round[] = []
  for (let n = 1; n <= times; n++) {
    const before = await visitors.measure()
    forgetPeaks(rig.pid)
    const crowd = await RunningCrowd.start(bench, what, what.overTls ? rig.tlsPort : rig.clearPort)
    await pause(arrivalMs)
    const during = await visitors.measure()
    const round = { before, during, peakBytes: peakBytes(rig.pid), crowd: await crowd.stop() }
    rounds.push(round)
    bench.progress(
      `${what.subject}, ${n}: p99 ${before.p99Ms.toFixed(2)} ms, then ${during.p99Ms.toFixed(2)}; newcomers ${before.newcomersP99Ms.toFixed(2)}, then ${during.newcomersP99Ms.toFixed(2)}; ${JSON.stringify(round.crowd)}`,
    )
    await pause(settleMs)
  }
  visitors.go()
  return { findings: findingsOf(what, rounds), failures: [] }
}

function findingsOf({ subject, crowd }: CrowdCase, rounds: readonly Round[]): Finding[] {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of))
  const twice = { is: 'at most', value: 2 } as const
  const last = rounds.at(-1)!.crowd
  const findings: Finding[] = [
    { subject: 'p99 before', unit: 'ms', value: middle(({ before }) => before.p99Ms) },
    { subject: 'p99', unit: 'ms', value: middle(({ during }) => during.p99Ms) },
    {
      subject: 'p99, times that of before',
      unit: 'times',
      value: middle(({ before, during }) => during.p99Ms / before.p99Ms),
      bar: twice,
    },
    {
      subject: 'p99 of new connections before',
      unit: 'ms',
      value: middle(({ before }) => before.newcomersP99Ms),
    },
    { subject: 'p99 of new connections', unit: 'ms', value: middle(({ during }) => during.newcomersP99Ms) },
    {
      subject: 'p99 of new connections, times that of before',
      unit: 'times',
      value: middle(({ before, during }) => during.newcomersP99Ms / before.newcomersP99Ms),
      bar: twice,
    },
    {
      subject: 'visitors not served',
      unit: 'requests',
      value: rounds.reduce((sum, { before, during }) => sum + before.errors + during.errors, 0),
      bar: { is: 'at most', value: 0 },
    },
    {
      subject: 'most memory',
      unit: 'MB',
      value: Math.max(...rounds.map((round) => round.peakBytes)) / 2 ** 20,
      bar: { is: 'at most', value: guardMegabytes },
    },
    ...crowd(last),
  ]
  return findings.map((finding) => ({ ...finding, subject: `${subject}: ${finding.subject}` }))
}

/** Visitors with connections that stay open, and newcomers. */
class Visitors {
  readonly #port: number
  readonly #clear: readonly ClientConnection[]
  readonly #http2: readonly Http2Client[]

  private constructor(port: number, clear: readonly ClientConnection[], http2: readonly Http2Client[]) {
    this.#port = port
    this.#clear = clear
    this.#http2 = http2
  }

  static async come({ clearPort, tlsPort }: Rig, overTls: boolean): Promise<Visitors> {
    const count = overTls ? connectionsOfVisitors / 2 : connectionsOfVisitors
    const clear = await openMany(clearPort, count)
    const http2 = overTls
      ? await Promise.all(Array.from({ length: count }, () => Http2Client.connect(tlsPort)))
      : []
    return new Visitors(clearPort, clear, http2)
  }

  async measure(): Promise<Measured> {
    const connections = [...this.#clear.map(overHttp1), ...this.#http2.map(overHttp2)]
    const newcomer = {
      ask: async (path: string) => {
        const connection = await within(patienceMs, 'a connection', ClientConnection.open(this.#port))
        try {
          return await within(patienceMs, 'an answer', connection.ask(message(path)))
        } finally {
          connection.close()
        }
      },
    }
    const newcomers = Array.from({ length: newcomersPerSecond }, () => newcomer)
    const [stayed, came] = await Promise.all([
      paced(connections, pages, perSecond, measuredSeconds),
      paced(newcomers, pages, newcomersPerSecond, measuredSeconds),
    ])
    return { p99Ms: stayed.p99Ms, newcomersP99Ms: came.p99Ms, errors: stayed.errors + came.errors }
  }

  go(): void {
    for (const connection of this.#clear) connection.close()
    for (const connection of this.#http2) connection.destroy()
  }
}

const message = (path: string): Buffer =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 'latin1')

const overHttp1 = (connection: ClientConnection): AskedConnection<string> =>
  untilBroken((path) => within(patienceMs, 'an answer', connection.ask(message(path))))

const overHttp2 = (client: Http2Client): AskedConnection<string> =>
  untilBroken(async (path) => {
    const outcome = await client.ask(getLines(path, 'localhost'), patienceMs)
    if (outcome === 'repeat') throw new Error('told to go elsewhere')
    return outcome
  })

/** A connection that has failed once is not waited for again. */
function untilBroken(ask: AskedConnection<string>['ask']): AskedConnection<string> {
  let broken: Error | undefined
  return {
    async ask(path) {
      if (broken !== undefined) throw broken
      try {
        return await ask(path)
      } catch (error) {
        broken = error instanceof Error ? error : new Error(String(error))
        throw broken
      }
    },
  }
}

/** A crowd that is there. */
class RunningCrowd {
  private constructor(private readonly child: ReturnType<typeof startChild>) {}

  /** Starts it and waits until all are there. */
  static async start(bench: Bench, { kind, count, path }: CrowdCase, port: number): Promise<RunningCrowd> {
    const program = `${import.meta.dir}/crowd-process.ts`
    // Visitors come first: the crowd takes what they leave of the load's core.
    const line = ['nice', '-n', '19', process.execPath, program, kind, String(port), String(count), path]
    const pinned = bench.pinned ? ['taskset', '-c', '1', ...line] : line
    const child = startChild(pinned)
    await within(crowdMsMax, `the crowd of ${kind}`, child.prints(/\n/))
    return new RunningCrowd(child)
  }

  /** Ends it; what it has done. */
  async stop(): Promise<CrowdFigures> {
    const figures = /^\{.*\}$/gm
    const last = this.child.printed().match(figures)?.at(-1)
    await this.child.stop()
    if (last === undefined) throw new Error(`the crowd has told nothing: ${this.child.printed()}`)
    return JSON.parse(last) as CrowdFigures
  }
}
