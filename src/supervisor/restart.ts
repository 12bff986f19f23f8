// How long to wait before a process that has ended is started again. One that has served for a moment is started at once,
// however often: its place is empty meanwhile, and whatever ended it need not come again. One that ends while it starts
// would do so as fast as it can be started: pauses double.

/** Who has served for so long has started well. */
const SETTLED_MS = 1_000
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 30_000

/** The pause before the next start, after the pause before this one; `servedMs` is 0 when it never was ready. */
export function pauseAfter(previousPauseMs: number, servedMs: number): number {
  if (servedMs >= SETTLED_MS) return 0
  return Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, previousPauseMs * 2))
}
