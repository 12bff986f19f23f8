// Upgrades of the program under load: no request fails, and each time new processes serve and the old ones end.
import { until } from '../../bench/wait.ts'
import { realClock } from '../../src/base/clock.ts'
import { isAlive } from './processes.ts'
import { Rig } from './rig.ts'
import { outcomeOfLoad, type Trial } from './trial.ts'

/** `edge.drainTime`, and a moment. */
const endMsMax = 32_000

export const upgrades: Trial = {
  name: 'upgrades',
  sentence: 'upgrades by command and by SIGUSR2, under 64 connections of all protocols',
  times: 20,
  async run(bench, times) {
    await using rig = await Rig.start(bench, 4)
    const startMs = realClock.monotonicMs()
    const load = rig.load()
    let stayed = 0
    let endedMsMax = 0
    for (let n = 1; n <= times; n++) {
      const old = rig.edges
      await upgrade(rig, n)
      const fresh = rig.edges.filter((pid) => !old.includes(pid))
      if (old.length === 0 || fresh.length < old.length) stayed++
      const upgradedMs = realClock.monotonicMs()
      await until('the old processes to end', () => !old.some(isAlive), endMsMax, 20)
      endedMsMax = Math.max(endedMsMax, realClock.monotonicMs() - upgradedMs)
      bench.progress(`${n} upgrades, ${load.judge.failures.length} failures`)
    }
    const { findings, failures } = outcomeOfLoad(await load.stop(), startMs)
    return {
      findings: [
        ...findings,
        { subject: 'upgrades', unit: 'upgrades', value: times },
        {
          subject: 'upgrades without new processes',
          unit: 'upgrades',
          value: stayed,
          bar: { is: 'at most', value: 0 },
        },
        { subject: 'the old processes ended within', unit: 'ms', value: endedMsMax },
      ],
      failures,
    }
  },
}

async function upgrade(rig: Rig, n: number): Promise<void> {
  if (n % 2 === 0) return rig.command('upgrade')
  const done = 'new processes serve'
  const before = rig.count(done)
  rig.signal('SIGUSR2')
  await rig.untilCount(done, before + 1)
}
