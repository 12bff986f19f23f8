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
    const timer = new RealTimer(delayMs)
    const handle = setTimeout(() => {
      timer.cancel()
      run()
    }, delayMs)
    timer.stop = () => clearTimeout(handle)
    return timer
  },
  every(periodMs, run) {
    const timer = new RealTimer(periodMs)
    const handle = setInterval(() => {
      timer.isDueAfter(periodMs)
      run()
    }, periodMs)
    timer.stop = () => clearInterval(handle)
    return timer
  },
}

/** Those that have been started and neither called for the last time nor cancelled. */
const started = new Set<RealTimer>()
/** When the first of them is due, or was before it was cancelled. */
let firstMs = Infinity

class RealTimer implements Timer {
  dueMs = 0
  stop: () => void = () => {}

  constructor(delayMs: number) {
    this.isDueAfter(delayMs)
    started.add(this)
  }

  isDueAfter(delayMs: number): void {
    this.dueMs = performance.now() + delayMs
    firstMs = Math.min(firstMs, this.dueMs)
  }

  cancel(): void {
    started.delete(this)
    this.stop()
  }
}

/**
 * When the next of the machine's timers is due, in monotonic time; Infinity: there is none. For whoever waits for something
 * else than the runtime does, which sees to its timers only when it has its turn.
 */
export function nextTimerMs(nowMs: number): number {
  if (nowMs < firstMs) return firstMs
  firstMs = Infinity
  for (const { dueMs } of started) firstMs = Math.min(firstMs, dueMs)
  return firstMs
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
