// A clock and timers that move only when a test says so.
import type { Clock, Timer, Timers } from '../src/base/clock.ts'

/** Time in the test's hand: `advance(ms)` runs every timer that falls due, in order. */
export class FakeClock implements Clock, Timers {
  #nowMs: number
  #startMs: number
  #pending: { dueMs: number; periodMs: number; run: () => void }[] = []

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs
    this.#startMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#add(delayMs, 0, run)
  }

  every(periodMs: number, run: () => void): Timer {
    return this.#add(periodMs, periodMs, run)
  }

  /** Moves time on by `ms`, running what falls due on the way. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const next = this.#pending.filter((t) => t.dueMs <= endMs).toSorted((a, b) => a.dueMs - b.dueMs)[0]
      if (!next) break
      this.#nowMs = next.dueMs
      if (next.periodMs > 0) next.dueMs += next.periodMs
      else this.#pending.splice(this.#pending.indexOf(next), 1)
      next.run()
    }
    this.#nowMs = endMs
  }

  #add(delayMs: number, periodMs: number, run: () => void): Timer {
    const entry = { dueMs: this.#nowMs + delayMs, periodMs, run }
    this.#pending.push(entry)
    return {
      cancel: () => {
        const at = this.#pending.indexOf(entry)
        if (at >= 0) this.#pending.splice(at, 1)
      },
    }
  }
}
