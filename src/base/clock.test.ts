// When the machine's own timers are due, for whoever waits in the runtime's place.
import { expect, test } from 'bun:test'
import { nextTimerMs, realClock, realTimers } from './clock.ts'

test('the next timer that is due is told, until it has been called or cancelled', async () => {
  const before = nextTimerMs(Infinity)
  const startMs = realClock.monotonicMs()
  const late = realTimers.after(3_600_000, () => {})
  const repeated = realTimers.every(5, () => {})
  const done = Promise.withResolvers<void>()
  realTimers.after(2, done.resolve)
  expect(nextTimerMs(startMs) - startMs).toBeWithin(2, 5)
  await done.promise
  const dueMs = nextTimerMs(Infinity)
  expect(dueMs).toBeLessThanOrEqual(realClock.monotonicMs() + 5)
  repeated.cancel()
  late.cancel()
  late.cancel()
  expect(nextTimerMs(Infinity)).toBe(before)
})
