// Back-off: who served is started at once, who cannot start is started ever more rarely.
import { expect, test } from 'bun:test'
import { FakeClock } from '../../testing/fake-clock.ts'
import { pauseAfter } from './restart.ts'

/** How often a process is started within a time, when it serves for `servesMs` and then ends. */
function starts(servesMs: number, withinMs: number): number {
  const clock = new FakeClock()
  let pauseMs = 0
  let count = 0
  const start = (): void => {
    count++
    clock.after(servesMs, () => {
      pauseMs = pauseAfter(pauseMs, servesMs)
      clock.after(pauseMs, start)
    })
  }
  start()
  clock.advance(withinMs)
  return count
}

test('a process that is killed now and then is never waited for', () => {
  expect(starts(1_000, 60_000)).toBe(61)
})

test('one that cannot start is tried often at first, then twice a minute', () => {
  expect([starts(0, 1_000), starts(0, 60_000), starts(0, 3_600_000)]).toEqual([4, 10, 128])
})

test('after it has served, the pauses begin anew', () => {
  expect(pauseAfter(30_000, 1_000)).toBe(0)
  expect(pauseAfter(0, 999)).toBe(100)
})
