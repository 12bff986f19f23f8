// Two servers in alternating pairs of runs, and what a run costs the whole process tree of the server.
import { figureOf, ratioRow, type Bar, type Bench, type Figures, type Row } from './comparison.ts'
import type { RunningPeer } from './peers/peer.ts'

/** What a row is about. */
export interface Subject {
  readonly subject: string
  /** The peer's name. */
  readonly against: string
}

/** What is done again and again in a run: requests, handshakes. */
export interface Counted {
  readonly what: string
  readonly bar?: Bar | undefined
}

/** Measures both in pairs: peer, ours, peer, ours … `once` is a run of one of them. */
export async function inPairs(
  bench: Bench,
  { subject, against, what, bar }: Subject & Counted,
  [theirs, ours]: readonly [RunningPeer, RunningPeer],
  once: (server: RunningPeer) => Promise<Figures>,
): Promise<Row> {
  const runs: { theirs: Figures; ours: Figures }[] = []
  for (let pair = 1; pair <= bench.pairs; pair++) {
    const run = { theirs: await once(theirs), ours: await once(ours) }
    runs.push(run)
    const said = [run.theirs, run.ours].map((each) =>
      Math.round(figureOf(each, 'perCpuSecond')).toLocaleString('en'),
    )
    bench.progress(`${subject}, pair ${pair}: ${against} ${said[0]}, Myriad ${said[1]} per CPU-second`)
  }
  const figure = { figure: 'perCpuSecond', beside: 'perSecond', unit: `${what} per CPU-second` }
  return ratioRow({ subject, against, ...figure, ...(bar && { bar }) }, runs)
}

/** The row, or one that says why there is none. */
export async function orFailed({ subject, against }: Subject, row: () => Promise<Row>): Promise<Row> {
  try {
    return await row()
  } catch (error) {
    return { kind: 'failed', subject, against, reason: String(error) }
  }
}

/**
 * A run of a server that takes `seconds`. `load` tells how much of `what` was done, in how many `seconds`, and with how
 * many `errors` where it knows; throws when there were some, or nothing was done.
 */
export async function measured(
  server: RunningPeer,
  what: string,
  seconds: number,
  load: () => Promise<Figures>,
): Promise<Figures> {
  const { peer, process } = server
  const cpuBefore = process.cpuSeconds()
  const [run] = await Promise.all([load(), peer.meanwhile?.(server, seconds)])
  const cpuSeconds = process.cpuSeconds() - cpuBefore
  const count = figureOf(run, what)
  const errors = run['errors'] ?? 0
  if (errors > 0) throw new Error(`${peer.name}: ${errors} errors in ${count} ${what}`)
  if (count === 0) throw new Error(`${peer.name} answered nothing`)
  return {
    perCpuSecond: count / cpuSeconds,
    perSecond: count / figureOf(run, 'seconds'),
    cpuSeconds,
    ...run,
    residentBytes: process.rssBytes(),
  }
}
