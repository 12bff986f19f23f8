// Time as a parameter. `Date.now`, `performance.now` and the timers are called in this file alone: everything else is
// given a Clock, so that tests can move time by hand (testing/fake-clock.ts).

/** Reads the time. */
export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch. May jump. */
  nowMs(): number
  /** Milliseconds since an arbitrary start; never goes back. For durations. */
  monotonicMs(): number
}

/** A timer that was started; `cancel` may be called at any time, and more than once. */
export interface Timer {
  cancel(): void
}

/** Starts timers. */
export interface Timers {
  /** Calls `run` once, after `delayMs`. */
  after(delayMs: number, run: () => void): Timer
  /** Calls `run` each `periodMs`, until cancelled. */
  every(periodMs: number, run: () => void): Timer
}

/** The machine's clock. */
export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/** The machine's timers. */
export const realTimers: Timers = {
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
  every(periodMs, run) {
    const handle = setInterval(run, periodMs)
    return { cancel: () => clearInterval(handle) }
  },
}

/** Calls `run` in the next turn of the runtime's event loop, in which it looks at its own events too. */
export function nextTurn(run: () => void): void {
  asked++
  setImmediate(run)
}

let asked = 0

/** How often `nextTurn` has been called: whoever stays within one turn sees by it that somebody waits for the next. */
export function turnsAsked(): number {
  return asked
}

/**
 * A clock that is read once in a turn of the event loop, however often it is asked: a request asks a dozen times within
 * microseconds. What must be exact within a turn takes the clock itself.
 */
export function perTurn(clock: Clock): Clock {
  let wallMs = 0
  let monotonicMs = 0
  let isRead = false
  const forget = (): void => {
    isRead = false
  }
  const read = (): void => {
    wallMs = clock.nowMs()
    monotonicMs = clock.monotonicMs()
    isRead = true
    queueMicrotask(forget)
  }
  return {
    nowMs() {
      if (!isRead) read()
      return wallMs
    },
    monotonicMs() {
      if (!isRead) read()
      return monotonicMs
    },
  }
}
