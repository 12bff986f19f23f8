// A histogram of durations with logarithmic buckets: four to each doubling, so that a percentile is wrong by at most
// an eighth. Fixed size, no allocation when a value is added.

const bucketsPerDoubling = 4
const doublings = 31

/** Durations below which 50%, 90% and 99% of the values lie, in milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** A bucket that is not empty, by its number, with how many values it holds. */
export type Bucket = readonly [bucket: number, values: number]

export class Histogram {
  readonly #counts = new Float64Array(bucketsPerDoubling * doublings)
  #total = 0

  /** Adds a duration in microseconds; what is below one counts as one, what is above half an hour as half an hour. */
  add(microseconds: number): void {
    this.#counts[bucketOf(microseconds)]!++
    this.#total++
  }

  /** The buckets that are not empty: what histograms are added up from. */
  buckets(): readonly Bucket[] {
    return [...this.#counts].flatMap((values, bucket) => (values === 0 ? [] : [[bucket, values] as const]))
  }

  addBuckets(buckets: readonly Bucket[]): void {
    for (const [bucket, values] of buckets) {
      if (bucket < 0 || bucket >= this.#counts.length) continue
      this.#counts[bucket]! += values
      this.#total += values
    }
  }

  /** Undefined while there are no values. */
  percentilesMs(): Percentiles | undefined {
    if (this.#total === 0) return undefined
    return { p50: this.#quantileMs(0.5), p90: this.#quantileMs(0.9), p99: this.#quantileMs(0.99) }
  }

  #quantileMs(share: number): number {
    const rank = Math.ceil(share * this.#total)
    let seen = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= rank) return middleOf(bucket) / 1000
    }
    return 0
  }
}

function bucketOf(microseconds: number): number {
  const whole = Math.min(Math.max(1, microseconds), 0x7fff_ffff) | 0
  const doubling = 31 - Math.clz32(whole)
  const within = doubling >= 2 ? (whole >> (doubling - 2)) & 3 : (whole << (2 - doubling)) & 3
  return doubling * bucketsPerDoubling + within
}

function middleOf(bucket: number): number {
  const start = 2 ** Math.floor(bucket / bucketsPerDoubling)
  return start * (1 + ((bucket % bucketsPerDoubling) + 0.5) / bucketsPerDoubling)
}
