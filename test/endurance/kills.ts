// Processes that are killed under load: only what was in flight on the one that is killed fails. Then the supervisor is
// killed, and nothing fails.
//
// Whose connection it was is asked of the kernel, of the process while it is stopped, so that nothing changes between the
// question and the kill. What waits in its listen queue is nobody's yet: the successor must take it up.
import { pause } from '../../bench/wait.ts'
import { realClock } from '../../src/base/clock.ts'
import type { Failure } from './load/judge.ts'
import { clientPortsOf, isAlive } from './processes.ts'
import { Rig } from './rig.ts'
import { outcomeOfLoad, type Outcome, type Trial } from './trial.ts'

const everyMs = 1_000
/** How long they go on without the supervisor: as long as one after another was killed, but not longer than this. */
const withoutSupervisorMsMax = 5_000

interface Kill {
  readonly atMs: number
  readonly ports: ReadonlySet<number>
}

export const kills: Trial = {
  name: 'kills',
  sentence: 'kill -9 of a process each second, then of the supervisor, under 64 connections of all protocols',
  times: 30,
  async run(bench, times) {
    await using rig = await Rig.start(bench, 4)
    if (rig.edges.length === 0) throw new Error('one process serves: there is none to be killed')
    const startMs = realClock.monotonicMs()
    const load = rig.load()
    const done: Kill[] = []
    for (let n = 1; n <= times; n++) {
      await pause(everyMs)
      done.push(killOne(rig, n))
      if (n % 5 === 0) bench.progress(`${n} kills, ${load.judge.failures.length} failures, excused or not`)
    }
    await pause(everyMs)
    const withSupervisor = load.judge.failures.length
    await rig.killSupervisor()
    await pause(Math.min(times * everyMs, withoutSupervisorMsMax))
    const judge = await load.stop()
    const ended = rig.edges.filter((pid) => !isAlive(pid)).length
    const [excused, failed] = parted(judge.failures.slice(0, withSupervisor), done)
    const after = judge.failures.slice(withSupervisor)
    bench.progress(`${excused.length} excused, ${failed.length} not, ${after.length} without the supervisor`)
    return outcomeOf(outcomeOfLoad(judge, startMs, [...failed, ...after]), {
      excused: excused.length,
      after: after.length,
      kills: done,
      ended,
    })
  },
}

/** Kills one of those that serve, each in its turn. */
function killOne(rig: Rig, n: number): Kill {
  const { edges, listenPorts } = rig
  const pid = edges[n % edges.length]!
  process.kill(pid, 'SIGSTOP')
  const ports = clientPortsOf(pid, listenPorts)
  const atMs = realClock.monotonicMs()
  process.kill(pid, 'SIGKILL')
  return { atMs, ports }
}

/** Failures on connections of a process that was killed and had them, and the others. */
function parted(failures: readonly Failure[], done: readonly Kill[]): readonly [Failure[], Failure[]] {
  const isExcused = ({ connection, failedMs }: Failure): boolean =>
    connection !== undefined &&
    done.some(
      ({ atMs, ports }) => ports.has(connection.port) && connection.beganMs <= atMs && failedMs >= atMs,
    )
  return [failures.filter(isExcused), failures.filter((failure) => !isExcused(failure))]
}

interface Seen {
  readonly excused: number
  readonly after: number
  readonly kills: readonly Kill[]
  readonly ended: number
}

function outcomeOf({ findings, failures }: Outcome, { excused, after, kills: done, ended }: Seen): Outcome {
  const connections = done.reduce((sum, { ports }) => sum + ports.size, 0)
  return {
    findings: [
      ...findings,
      { subject: 'kills', unit: 'processes', value: done.length },
      { subject: 'connections of those that were killed', unit: 'connections', value: connections },
      { subject: 'failed in flight on them, which is no failure', unit: 'requests', value: excused },
      {
        subject: 'failed without the supervisor',
        unit: 'requests',
        value: after,
        bar: { is: 'at most', value: 0 },
      },
      {
        subject: 'processes that ended with the supervisor',
        unit: 'processes',
        value: ended,
        bar: { is: 'at most', value: 0 },
      },
    ],
    failures,
  }
}
