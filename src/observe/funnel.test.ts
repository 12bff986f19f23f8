// The funnel: what is counted adds up, and the share and the rates are those of the requests.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeClock } from '../../testing/fake-clock.ts'
import { reasons, type Reason } from '../base/reason.ts'
import { tiers } from '../base/record.ts'
import { Funnel } from './funnel.ts'

const reasonNames = Object.keys(reasons) as Reason[]

test('counts requests by tier and by reason, the most frequent reason first', () => {
  const clock = new FakeClock()
  const funnel = new Funnel(clock)
  for (let i = 0; i < 3; i++) funnel.answered('memory', 'fresh', 200, clock.monotonicMs())
  funnel.answered('origin', 'miss', 404, clock.monotonicMs())
  const snapshot = funnel.snapshot()
  expect(snapshot.requests).toBe(4)
  expect(snapshot.tiers.memory).toBe(3)
  expect(snapshot.reasons).toEqual([
    { reason: 'fresh', tier: 'memory', requests: 3 },
    { reason: 'miss', tier: 'origin', requests: 1 },
  ])
  expect(snapshot.statusClasses).toEqual([0, 3, 0, 1, 0])
})

test('the share without application code leaves refusals out and counts a confirmation as asked', () => {
  const clock = new FakeClock()
  const funnel = new Funnel(clock)
  const count = (tier: (typeof tiers)[number], times: number): void => {
    for (let i = 0; i < times; i++) funnel.answered(tier, 'fresh', 200, clock.monotonicMs())
  }
  count('browser', 1)
  count('memory', 4)
  count('collapsed', 1)
  count('revalidated', 1)
  count('origin', 1)
  expect(funnel.snapshot().withoutApplication).toBe(0.75)
  count('self', 100)
  expect(funnel.snapshot().withoutApplication).toBe(0.75)
})

test('there is no share before the first request', () => {
  const snapshot = new Funnel(new FakeClock()).snapshot()
  expect(snapshot.withoutApplication).toBeUndefined()
  expect(snapshot.recent).toEqual({ seconds: 1, perSecond: 0, withoutApplication: undefined })
  expect(snapshot.latencyMs.memory).toBeUndefined()
})

test('the rate is that of the last whole seconds', () => {
  const clock = new FakeClock()
  const funnel = new Funnel(clock)
  for (let second = 0; second < 100; second++) {
    for (let i = 0; i < 7; i++) funnel.answered('memory', 'fresh', 200, clock.monotonicMs())
    clock.advance(1000)
  }
  expect(funnel.snapshot(10).recent).toEqual({ seconds: 10, perSecond: 7, withoutApplication: 1 })
  clock.advance(5000)
  expect(funnel.snapshot(10).recent.perSecond).toBe(3.5)
  clock.advance(600_000)
  expect(funnel.snapshot(10).recent.perSecond).toBe(0)
})

test('latency percentiles are right within an eighth', () => {
  const durationsMs = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(durationsMs, (values) => {
      const clock = new FakeClock()
      const funnel = new Funnel(clock)
      for (const ms of values) funnel.answered('origin', 'miss', 200, clock.monotonicMs() - ms)
      const sorted = values.toSorted((a, b) => a - b)
      const median = sorted[Math.ceil(values.length / 2) - 1]!
      const p50 = funnel.snapshot().latencyMs.origin!.p50
      expect(Math.abs(p50 - median) / median).toBeLessThanOrEqual(0.13)
    }),
  )
})

test('whatever is counted adds up', () => {
  const answers = fc.array(fc.tuple(fc.constantFrom(...tiers), fc.constantFrom(...reasonNames)))
  fc.assert(
    fc.property(answers, (list) => {
      const clock = new FakeClock()
      const funnel = new Funnel(clock)
      for (const [tier, reason] of list) funnel.answered(tier, reason, 200, clock.monotonicMs())
      const snapshot = funnel.snapshot()
      expect(snapshot.requests).toBe(list.length)
      expect(snapshot.reasons.reduce((all, row) => all + row.requests, 0)).toBe(list.length)
      expect(Object.values(snapshot.tiers).reduce((all, count) => all + count, 0)).toBe(list.length)
    }),
  )
})

test('bytes are added up', () => {
  const funnel = new Funnel(new FakeClock())
  funnel.bytes(10, 4)
  funnel.bytes(1, 0)
  expect(funnel.snapshot().bytes).toEqual({ toClients: 11, fromOrigins: 4 })
})
