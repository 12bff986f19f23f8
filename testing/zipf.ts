// Requests as visitors make them: a few objects are asked for often, most of them seldom (Zipf's law). From a seed, so
// that every run sees the same requests.

/** A generator of numbers in [0, 1) from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Draws ranks 0 … `objects - 1`; rank r is drawn in proportion to 1 / (r + 1)^`skew`. */
export function zipf(objects: number, skew: number, random: () => number): () => number {
  const cumulative = new Float64Array(objects)
  let total = 0
  for (let rank = 0; rank < objects; rank++) cumulative[rank] = total += 1 / (rank + 1) ** skew
  return () => {
    const at = random() * total
    let low = 0
    let high = objects - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cumulative[middle]! > at) high = middle
      else low = middle + 1
    }
    return low
  }
}
