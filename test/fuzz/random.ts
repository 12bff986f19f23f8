// Chance that comes back: the same seed gives the same inputs on every machine.

/** A generator of numbers (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** An integer from 0 up to and without `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below) | 0
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  /** Cuts octets into pieces at random places, seldom into single octets. */
  split(octets: Buffer): Buffer[] {
    if (octets.length < 400 && this.once(16)) return Array.from(octets, (octet) => Buffer.from([octet]))
    const cuts = new Set<number>()
    for (let i = 1 + this.below(4); i > 0; i--) cuts.add(this.below(octets.length + 1))
    const pieces: Buffer[] = []
    let from = 0
    for (const cut of [...cuts, octets.length].toSorted((a, b) => a - b)) {
      // Copies: a reader may not rely on what lies behind its piece.
      if (cut > from) pieces.push(Buffer.from(octets.subarray(from, cut)))
      from = cut
    }
    return pieces
  }
}
