// Waiting for things that come by themselves: a pause, and a condition that is asked again and again.
import { realClock, realTimers } from '../src/base/clock.ts'

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  realTimers.after(ms, resolve)
  return promise
}

/** Asks `condition` each `everyMs` until it holds; throws after `limitMs`, naming `what` was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  everyMs = 10,
): Promise<void> {
  const startMs = realClock.monotonicMs()
  while (!(await condition())) {
    if (realClock.monotonicMs() - startMs > limitMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await pause(everyMs)
  }
}
