// Heads that listeners have made of stored responses and keep for the next hit: as many as fit into a ring, so that what they take
// in memory is bounded and small beside what is stored.
import type { Representation } from '../request/representation.ts'

/** Heads that are kept; each takes about 1 KB. */
const KEPT_MAX = 16_384

/** What is made of a representation. */
export interface KeptHead {
  readonly representation: Representation
}

/** The heads of one kind, each of which its representation has at `place`. */
export class KeptHeads<Place extends 'served' | 'block'> {
  readonly #kept: (KeptHead | undefined)[] = []
  #next = 0

  constructor(private readonly place: Place) {}

  /** Keeps a head, and lets go of the one that was made longest ago. */
  keep(head: KeptHead): void {
    const { place } = this
    const { representation } = head
    // Parts and failures are made anew each time; of a 304 its variant keeps the representation.
    if (!representation.hasHeadroom && representation.status !== 304) return
    const before = this.#kept[this.#next]
    if (before !== undefined && before.representation[place] === before)
      before.representation[place] = undefined
    this.#kept[this.#next] = head
    this.#next = (this.#next + 1) % KEPT_MAX
    representation[place] = head
  }
}
