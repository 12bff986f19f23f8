// A clock that runs as the machine's does, and jumps ahead when a test says so: for schedules of days among peers that
// answer in real time.
import { realClock, realTimers, type Clock, type Timer, type Timers } from '../src/base/clock.ts'

interface Pending {
  readonly dueMs: number
  readonly run: () => void
  timer: Timer
}

/** Real time, and what has been jumped over. Timers that a jump makes due run soon after it. */
export class JumpingClock implements Clock, Timers {
  #aheadMs = 0
  readonly #pending = new Set<Pending>()

  nowMs(): number {
    return realClock.nowMs() + this.#aheadMs
  }

  monotonicMs(): number {
    return realClock.monotonicMs() + this.#aheadMs
  }

  /** Moves time on by `ms`, all at once. */
  jump(ms: number): void {
    this.#aheadMs += ms
    for (const pending of this.#pending) {
      pending.timer.cancel()
      this.#arm(pending)
    }
  }

  after(delayMs: number, run: () => void): Timer {
    const pending: Pending = { dueMs: this.monotonicMs() + delayMs, run, timer: { cancel: () => undefined } }
    this.#arm(pending)
    return {
      cancel: () => {
        this.#pending.delete(pending)
        pending.timer.cancel()
      },
    }
  }

  every(periodMs: number, run: () => void): Timer {
    let timer = this.after(periodMs, again.bind(this))
    function again(this: JumpingClock): void {
      timer = this.after(periodMs, again.bind(this))
      run()
    }
    return { cancel: () => timer.cancel() }
  }

  #arm(pending: Pending): void {
    this.#pending.add(pending)
    pending.timer = realTimers.after(Math.max(0, pending.dueMs - this.monotonicMs()), () => {
      this.#pending.delete(pending)
      pending.run()
    })
  }
}
