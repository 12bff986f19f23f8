// Popularity as websites see it: the k-th most popular of `count` pages is asked for in proportion to 1 / k^s (Zipf's
// law). The generator behind it is seeded, so that every run sends the same requests.

/** Numbers from 0 (included) to 1 (excluded). */
export type Random = () => number

/** A repeatable sequence (a 32-bit Weyl sequence, mixed by multiplication and shifts). Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** A sampler of ranks 0 … count − 1, where rank k has the weight 1 / (k + 1)^s. */
export function zipf(count: number, s: number, random: Random): () => number {
  const cumulative = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) cumulative[rank] = sum += (rank + 1) ** -s
  return () => {
    const at = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle]! > at) high = middle
      else low = middle + 1
    }
    return low
  }
}
