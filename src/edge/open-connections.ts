// The open connections of a listener, and which of them gives way to a newcomer when there may be no more: the one that
// has waited longest for a request or for the rest of a head. That is what many slow clients have in common, and what a
// visitor who is being answered is not.
//
// The longest of some, not of all: a newcomer costs a few dozen looks however many connections there are. Half of them go to
// the oldest connections, where slow clients end up; the other half goes round, for the case that the oldest are all busy.

/** What is asked of a connection. */
export interface Waiting {
  /** Since when nothing is being done on it but to wait for the client; Infinity when something is. Monotonic. */
  readonly waitsSinceMs: number
  /** Ends it at once. */
  cut(): void
}

/** How many of the oldest connections are looked at for a newcomer, and how many others. */
const LOOKS_MAX = 32
/** Whoever waits for a shorter time may be a visitor whose request is on its way. */
const WAIT_MS_MIN = 1_000

/** A set of connections with room for `max`. */
export class OpenConnections<C extends Waiting> extends Set<C> {
  #round: Iterator<C> = this.values()

  constructor(public max: number) {
    super()
  }

  /** Whether one more may be added; one that has waited long is ended for it where that is needed. */
  makeRoom(nowMs: number): boolean {
    if (this.size < this.max) return true
    const looks = Math.min(LOOKS_MAX, this.size)
    const oldest = this.values()
    let longest: C | undefined
    let sinceMs = nowMs - WAIT_MS_MIN
    for (let i = 0; i < 2 * looks; i++) {
      const connection = i < looks ? (oldest.next().value as C) : this.#next()
      if (connection.waitsSinceMs > sinceMs) continue
      longest = connection
      sinceMs = connection.waitsSinceMs
    }
    longest?.cut()
    return this.size < this.max
  }

  /** The next in the round; there is at least one. */
  #next(): C {
    let next = this.#round.next()
    if (next.done === true) {
      this.#round = this.values()
      next = this.#round.next()
    }
    return next.value as C
  }
}
