// Counters of several processes: what is shown of their sum is what one process would have shown that saw it all.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeClock } from '../../testing/fake-clock.ts'
import { reasons, type Reason } from '../base/reason.ts'
import { tiers } from '../base/record.ts'
import { endedCounters, noCounters, snapshotOfCounters, sumOfCounters } from './counters.ts'
import { Funnel } from './funnel.ts'

const answers = fc.array(
  fc.record({
    tier: fc.constantFrom(...tiers),
    reason: fc.constantFrom(...(Object.keys(reasons) as Reason[])),
    status: fc.integer({ min: 100, max: 599 }),
    tookMs: fc.integer({ min: 0, max: 50_000 }),
    process: fc.integer({ min: 0, max: 3 }),
    waitMs: fc.integer({ min: 0, max: 400 }),
  }),
)

/** What is compared of a snapshot. */
const shown = (snapshot: ReturnType<Funnel['snapshot']>) => ({
  ...snapshot,
  // Equal counts come in any order.
  reasons: snapshot.reasons.toSorted((a, b) => `${a.tier}${a.reason}`.localeCompare(`${b.tier}${b.reason}`)),
})

test('the sum over processes is what one would have counted', () => {
  fc.assert(
    fc.property(answers, (list) => {
      const clock = new FakeClock()
      const one = new Funnel(clock)
      const several = [0, 1, 2, 3].map(() => new Funnel(clock))
      for (const { tier, reason, status, tookMs, process, waitMs } of list) {
        for (const funnel of [one, several[process]!]) {
          funnel.answered(tier, reason, status, clock.monotonicMs() - tookMs)
          funnel.bytes(status, tookMs)
        }
        clock.advance(waitMs)
      }
      // As they are told: over a socket, as JSON.
      const told = several.map((funnel) => JSON.parse(JSON.stringify(funnel.counters())))
      expect(shown(snapshotOfCounters(sumOfCounters(told)))).toEqual(shown(one.snapshot()))
    }),
  )
})

test('a process that has ended counts for good, but not for the present', () => {
  const clock = new FakeClock()
  const funnel = new Funnel(clock)
  funnel.answered('memory', 'fresh', 200, 0)
  clock.advance(2000)
  const sum = snapshotOfCounters(sumOfCounters([endedCounters(funnel.counters()), noCounters]))
  expect([sum.requests, sum.recent.perSecond]).toEqual([1, 0])
})

test('a bucket that this version does not know is left out', () => {
  const odd = { ...noCounters, latency: [['memory', [[999_999, 5]]] as const] }
  expect(snapshotOfCounters(sumOfCounters([odd])).latencyMs.memory).toBeUndefined()
})
