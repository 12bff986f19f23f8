// Medians, percentiles and spreads of small samples: pure arithmetic. No means: one slow run on a shared machine would
// move them.

/** The middle of a sample, and its ends. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The middle value; of an even number of values the mean of the two in the middle. Throws on an empty sample. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of an empty sample')
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** The smallest value that at least `share` (0 to 1) of the sample does not exceed (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('percentile of an empty sample')
  const sorted = Float64Array.from(values).toSorted()
  const rank = Math.ceil(share * sorted.length)
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1]!
}

/** Median, smallest and largest value. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}
