// Collapsing: 1,000 visitors ask for one page at the same time that nobody has asked for before, and that the origin
// needs half a second for. How often is the origin asked, and how long after it answers has the last visitor the first
// byte? HAProxy 2.6 is not here: it does not collapse.
import type { Bench, Comparison } from './comparison.ts'
import { OriginProcess } from './origin-process.ts'
import { openMany } from './paced.ts'
import { myriad } from './peers/myriad.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { varnish } from './peers/varnish.ts'
import { messageOf } from './visitors.ts'

const visitors = 1000
const originMs = 500

interface Collapsed {
  readonly name: string
  /** Requests that the origin saw, per run. */
  readonly asked: readonly number[]
  /** From the origin's answer to the last visitor's first byte, per run. */
  readonly lastMs: readonly number[]
}

export const collapse: Comparison = {
  name: 'collapse',
  sentence: '1,000 simultaneous requests for one page that is not stored yet',
  async run(bench) {
    const reason = missing(myriad)
    if (reason !== undefined) return [{ kind: 'skipped', subject: 'collapse', against: '', reason }]
    using folder = await TemporaryFolder.create()
    await using origin = await OriginProcess.start(folder.path)
    const ours = await collapsed(bench, myriad, origin)
    const peers = [nginxTuned, varnish].filter((peer) => missing(peer) === undefined)
    const theirs: Collapsed[] = []
    for (const peer of peers) theirs.push(await collapsed(bench, peer, origin))
    return [
      {
        kind: 'figure',
        subject: '1,000 requests for one cold page: origin requests',
        unit: 'requests',
        ours: ours.asked,
        theirs: theirs.map(({ name, asked }) => ({ name, values: asked })),
        bar: { is: 'at most', value: 1 },
      },
      {
        kind: 'figure',
        subject: '1,000 requests for one cold page: last first byte after the origin',
        unit: 'ms',
        ours: ours.lastMs,
        theirs: theirs.map(({ name, lastMs }) => ({ name, values: lastMs })),
        bar: { is: 'at most', value: 20 },
      },
    ]
  },
}

async function collapsed(bench: Bench, peer: Peer, origin: OriginProcess): Promise<Collapsed> {
  await using server = await RunningPeer.start(peer, origin.port)
  const asked: number[] = []
  const lastMs: number[] = []
  // The first run is a rehearsal, so that none is measured with code that has never run.
  for (let run = 0; run <= bench.pairs; run++) {
    const result = await oneRun(server, origin, `/delayed/${originMs}/${peer.name.length}-${run}`)
    if (run === 0) continue
    asked.push(result.asked)
    lastMs.push(result.lastMs)
    bench.progress(`${peer.name}: ${result.asked} origin requests, last first byte after ${result.lastMs} ms`)
  }
  return { name: peer.name, asked, lastMs }
}

async function oneRun(
  server: RunningPeer,
  origin: OriginProcess,
  path: string,
): Promise<{ asked: number; lastMs: number }> {
  const open = await openMany(server.port, visitors)
  const before = await origin.counters()
  const message = Buffer.from(messageOf(path), 'latin1')
  const answers = await Promise.all(open.map((connection) => connection.ask(message)))
  const after = await origin.counters()
  for (const connection of open) connection.close()
  const wrong = answers.find(({ status }) => status !== 200)
  if (wrong) throw new Error(`${server.peer.name} answered with ${wrong.status}`)
  const lastMs = Math.max(...answers.map(({ firstByteAtMs }) => firstByteAtMs)) - after.answeredAtMs
  return { asked: after.requests - before.requests, lastMs }
}
