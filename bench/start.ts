// From the start of the process to its first answer, which comes through it from the origin.
import type { Bench, Comparison } from './comparison.ts'
import { OriginProcess } from './origin-process.ts'
import { haproxy } from './peers/haproxy.ts'
import { myriad } from './peers/myriad.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { varnish } from './peers/varnish.ts'
import { realClock } from '../src/base/clock.ts'

export const start: Comparison = {
  name: 'start',
  sentence: 'From the start of the process to the first answer',
  async run(bench) {
    const reason = missing(myriad)
    if (reason !== undefined) return [{ kind: 'skipped', subject: 'start', against: '', reason }]
    using folder = await TemporaryFolder.create()
    await using origin = await OriginProcess.start(folder.path)
    const ours = await startTimesMs(bench, myriad, origin.port)
    const peers = [nginxTuned, varnish, haproxy].filter((peer) => missing(peer) === undefined)
    const theirs: { name: string; values: number[] }[] = []
    for (const peer of peers) {
      theirs.push({ name: peer.name, values: await startTimesMs(bench, peer, origin.port) })
    }
    const bar = { is: 'at most', value: 2000 } as const
    return [{ kind: 'figure', subject: 'first answer after the start', unit: 'ms', ours, theirs, bar }]
  },
}

async function startTimesMs(bench: Bench, peer: Peer, originPort: number): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < bench.pairs; run++) {
    const startedMs = realClock.monotonicMs()
    await using server = await RunningPeer.start(peer, originPort, 2)
    times.push(realClock.monotonicMs() - startedMs)
    bench.progress(`${server.peer.name}: ${Math.round(times.at(-1)!)} ms`)
  }
  return times
}
