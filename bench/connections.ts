// 10,000 visitors at once on one core. Each run has a fresh server: its memory before and with 10,000 open connections
// (each has asked once), latency while every visitor asks once a second (open loop), and then while all ask as fast
// as they are answered (wrk, closed loop). Only 1,000 pages: this is about connections, not about the store.
import { readFileSync } from 'node:fs'
import { figureOf, ratioRow, type Bench, type Comparison, type Figures, type Row } from './comparison.ts'
import { askForEveryPage } from './load.ts'
import { OriginProcess } from './origin-process.ts'
import { openMany, paced } from './paced.ts'
import { myriad } from './peers/myriad.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { ordinaryCrowd, requestsOf } from './visitors.ts'
import { pause } from './wait.ts'
import { runWrk, writeScript } from './wrk.ts'

const connectionsOpen = 10_000
const perSecond = 10_000
/** What wrk needs to open its connections. */
const rampSeconds = 2
const crowd = { ...ordinaryCrowd, pages: 1000 }

export const connections: Comparison = {
  name: 'connections',
  sentence: '10,000 connections at once: idle, asking once a second each, and asking all the time',
  async run(bench) {
    const subject = '10,000 connections'
    const reason = missing(nginxTuned) ?? missing(myriad) ?? tooFewFiles()
    if (reason !== undefined) return [{ kind: 'skipped', subject, against: nginxTuned.name, reason }]
    using folder = await TemporaryFolder.create()
    const script = await writeScript(folder.path, requestsOf(crowd, 20_000))
    await using origin = await OriginProcess.start(folder.path)
    const runs: { theirs: Figures; ours: Figures }[] = []
    for (let pair = 1; pair <= bench.pairs; pair++) {
      const theirs = await oneRun(bench, nginxTuned, origin.port, script)
      const ours = await oneRun(bench, myriad, origin.port, script)
      runs.push({ theirs, ours })
      const said = [theirs, ours].map((run) => figureOf(run, 'pacedP99Ms').toFixed(1))
      bench.progress(`${subject}, pair ${pair}: p99 ${nginxTuned.name} ${said[0]}, Myriad ${said[1]} ms`)
    }
    return rowsOf(runs)
  },
}

function rowsOf(runs: readonly { readonly theirs: Figures; readonly ours: Figures }[]): Row[] {
  const figure = (subject: string, unit: string, name: string, atMost: number): Row => ({
    kind: 'figure',
    subject,
    unit,
    ours: runs.map((run) => figureOf(run.ours, name)),
    theirs: [{ name: nginxTuned.name, values: runs.map((run) => figureOf(run.theirs, name)) }],
    bar: { is: 'at most', value: atMost },
  })
  const against = nginxTuned.name
  const atMostTheirs = { is: 'at most', value: 1 } as const
  return [
    figure('10,000 connections, errors', 'errors', 'errors', 0),
    ratioRow(
      {
        subject: '10,000 connections, p99 at 10,000 requests/s',
        against,
        unit: 'ms',
        figure: 'pacedP99Ms',
        bar: atMostTheirs,
      },
      runs,
    ),
    ratioRow(
      {
        subject: '10,000 connections, p99 when all ask at once',
        against,
        unit: 'ms',
        figure: 'saturatedP99Ms',
        bar: atMostTheirs,
      },
      runs,
    ),
    ratioRow(
      {
        subject: '10,000 connections, all ask at once',
        against,
        unit: 'requests per CPU-second',
        figure: 'perCpuSecond',
        beside: 'perSecond',
      },
      runs,
    ),
    figure('10,000 connections, most resident memory', 'MB', 'peakMegabytes', 100),
    figure('an idle connection', 'bytes', 'idleBytes', 2048),
  ]
}

async function oneRun(bench: Bench, peer: Peer, originPort: number, script: string): Promise<Figures> {
  await using server = await RunningPeer.start(peer, originPort)
  await askForEveryPage(server.port, crowd)
  await runWrk(server.port, script, 64, bench.warmupSeconds)
  const residentBefore = server.process.rssBytes()
  server.process.forgetPeak()
  const messages = requestsOf(crowd, connectionsOpen).map((text) => Buffer.from(text, 'latin1'))
  const open = await openMany(server.port, connectionsOpen)
  const first = await paced(open, messages, perSecond, connectionsOpen / perSecond)
  await pause(1000)
  const idleBytes = (server.process.rssBytes() - residentBefore) / connectionsOpen
  const steady = await paced(open, messages, perSecond, bench.seconds)
  for (const connection of open) connection.close()
  await pause(500)
  const cpuBefore = server.process.cpuSeconds()
  const saturated = await runWrk(server.port, script, connectionsOpen, bench.seconds + rampSeconds)
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
