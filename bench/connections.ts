// 10,000 visitors at once on one core, in clear text and over TLS. Each run has a fresh server: its memory before and with 10,000 open connections
// (each has asked once), latency while every visitor asks once a second (open loop), and then while all ask as fast
// as they are answered (wrk, closed loop). Only 1,000 pages: this is about connections, not about the store.
import { readFileSync } from 'node:fs'
import { figureOf, ratioRow, type Bench, type Comparison, type Figures, type Row } from './comparison.ts'
import { askForEveryPage } from './load.ts'
import { OriginProcess } from './origin-process.ts'
import { openMany, paced } from './paced.ts'
import { myriad, myriadTls } from './peers/myriad.ts'
import { nginxTuned, nginxTunedTls } from './peers/nginx-tuned.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { ordinaryCrowd, requestsOf } from './visitors.ts'
import { pause } from './wait.ts'
import { runWrk, writeScript } from './wrk.ts'

const connectionsOpen = 10_000
const perSecond = 10_000
const crowd = { ...ordinaryCrowd, pages: 1000 }

/** Two servers under 10,000 connections, and what is asked of ours. */
interface Case {
  /** As the tables call them. */
  readonly subject: string
  readonly theirs: Peer
  readonly ours: Peer
  /** What wrk needs to open its connections. */
  readonly rampSeconds: number
  readonly megabytesMax?: number
  readonly idleBytesMax: number
}

export const connections = comparisonOf(
  'connections',
  '10,000 connections at once: idle, asking once a second each, and asking all the time',
  {
    subject: '10,000 connections',
    theirs: nginxTuned,
    ours: myriad,
    rampSeconds: 2,
    megabytesMax: 100,
    idleBytesMax: 2048,
  },
)

export const tlsConnections = comparisonOf('tls-connections', 'The same over TLS', {
  subject: '10,000 connections over TLS',
  theirs: nginxTunedTls,
  ours: myriadTls,
  rampSeconds: 10,
  idleBytesMax: 4096,
})

function comparisonOf(name: string, sentence: string, one: Case): Comparison {
  const { subject, theirs, ours } = one
  return {
    name,
    sentence,
    async run(bench) {
      const reason = missing(theirs) ?? missing(ours) ?? tooFewFiles()
      if (reason !== undefined) return [{ kind: 'skipped', subject, against: theirs.name, reason }]
      using folder = await TemporaryFolder.create()
      const script = await writeScript(folder.path, requestsOf(crowd, 20_000))
      await using origin = await OriginProcess.start(folder.path)
      const runs: Runs = []
      for (let pair = 1; pair <= bench.pairs; pair++) {
        const run = {
          theirs: await oneRun(bench, theirs, one, origin.port, script),
          ours: await oneRun(bench, ours, one, origin.port, script),
        }
        runs.push(run)
        const said = [run.theirs, run.ours].map((each) => figureOf(each, 'pacedP99Ms').toFixed(1))
        bench.progress(`${subject}, pair ${pair}: p99 ${theirs.name} ${said[0]}, Myriad ${said[1]} ms`)
      }
      return rowsOf(one, runs)
    },
  }
}

type Runs = { readonly theirs: Figures; readonly ours: Figures }[]

function rowsOf({ subject, theirs, megabytesMax, idleBytesMax }: Case, runs: Runs): Row[] {
  const against = theirs.name
  const figure = (about: string, unit: string, name: string, atMost: number | undefined): Row => ({
    kind: 'figure',
    subject: about,
    unit,
    ours: runs.map((run) => figureOf(run.ours, name)),
    theirs: [{ name: against, values: runs.map((run) => figureOf(run.theirs, name)) }],
    ...(atMost !== undefined && { bar: { is: 'at most', value: atMost } }),
  })
  const bar = { is: 'at most', value: 1 } as const
  const latency = (about: string, name: string): Row =>
    ratioRow({ subject: `${subject}, p99 ${about}`, against, unit: 'ms', figure: name, bar }, runs)
  const cpu = { unit: 'requests per CPU-second', figure: 'perCpuSecond', beside: 'perSecond' }
  const idle = subject === '10,000 connections' ? 'an idle connection' : 'an idle connection over TLS'
  return [
    figure(`${subject}, errors`, 'errors', 'errors', 0),
    latency('at 10,000 requests/s', 'pacedP99Ms'),
    latency('when all ask at once', 'saturatedP99Ms'),
    ratioRow({ subject: `${subject}, all ask at once`, against, ...cpu }, runs),
    figure(`${subject}, most resident memory`, 'MB', 'peakMegabytes', megabytesMax),
    figure(idle, 'bytes', 'idleBytes', idleBytesMax),
  ]
}

async function oneRun(
  bench: Bench,
  peer: Peer,
  { rampSeconds }: Case,
  originPort: number,
  script: string,
): Promise<Figures> {
  const { scheme } = peer
  await using server = await RunningPeer.start(peer, originPort)
  await askForEveryPage(server.port, crowd, scheme)
  await runWrk(server.port, script, 64, bench.warmupSeconds, scheme)
  const residentBefore = server.process.rssBytes()
  server.process.forgetPeak()
  const messages = requestsOf(crowd, connectionsOpen).map((text) => Buffer.from(text, 'latin1'))
  const open = await openMany(server.port, connectionsOpen, scheme)
  const first = await paced(open, messages, perSecond, connectionsOpen / perSecond)
  await pause(1000)
  const idleBytes = (server.process.rssBytes() - residentBefore) / connectionsOpen
  const steady = await paced(open, messages, perSecond, bench.seconds)
  for (const connection of open) connection.close()
  await pause(500)
  const cpuBefore = server.process.cpuSeconds()
  const saturated = await runWrk(server.port, script, connectionsOpen, bench.seconds + rampSeconds, scheme)
  return {
    errors: first.errors + steady.errors + saturated.errors,
    pacedP50Ms: steady.p50Ms,
    pacedP99Ms: steady.p99Ms,
    saturatedP50Ms: saturated.p50Ms,
    saturatedP99Ms: saturated.p99Ms,
    perCpuSecond: saturated.requests / (server.process.cpuSeconds() - cpuBefore),
    perSecond: saturated.requests / saturated.seconds,
    idleBytes,
    peakMegabytes: server.process.peakRssBytes() / 1e6,
  }
}

/** Each connection is an open file, for the server and for the generator. */
function tooFewFiles(): string | undefined {
  const limit = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))
  const files = Number(limit?.[1] ?? Number.POSITIVE_INFINITY)
  return files < connectionsOpen + 1000 ? `only ${files} open files are allowed (ulimit -n)` : undefined
}
