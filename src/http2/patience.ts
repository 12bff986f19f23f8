// How much of what costs a server and brings a client nothing is put up with on a connection. Two accounts, which fill up
// again with time: one of resets (streams begun and given up, by the client or through its faults: "rapid reset", and "made
// you reset"), and one of frames that ask for no page. What moves content earns frames, since windows are widened for it.

/** Streams that are begun and given up, at once and per second. */
const RESETS_MAX = 256
const RESETS_PER_SECOND = 32
/** What frames may cost, at once and per second. */
const COST_MAX = 4_000
const COST_PER_SECOND = 400
/** So many bytes of content earn one of cost. */
const EARNING_BYTES = 512

/** What a frame costs that asks for no page. */
export const FrameCost = {
  settings: 20,
  ping: 4,
  emptyData: 4,
  continuation: 4,
  other: 1,
} as const

/** What one client may still do. */
export class Patience {
  #resets = RESETS_MAX
  #cost = COST_MAX
  #earnedBytes = 0

  /** A stream was given up. False: one too many. */
  reset(): boolean {
    return --this.#resets >= 0
  }

  /** A frame has come. `contentBytes`: what has been sent and received in all. False: one too many. */
  spend(cost: number, contentBytes: number): boolean {
    this.#cost -= cost
    if (this.#cost >= 0) return true
    const earned = Math.floor((contentBytes - this.#earnedBytes) / EARNING_BYTES)
    this.#earnedBytes = contentBytes
    this.#cost = Math.min(COST_MAX, this.#cost + earned)
    return this.#cost >= 0
  }

  /** Time has passed. */
  rest(ms: number): void {
    this.#resets = Math.min(RESETS_MAX, this.#resets + (RESETS_PER_SECOND * ms) / 1000)
    this.#cost = Math.min(COST_MAX, this.#cost + (COST_PER_SECOND * ms) / 1000)
  }
}
