// The nearest right spelling of a word that is not known: restricted Damerau-Levenshtein distance (insertions,
// deletions, substitutions, and swaps of neighbours), without regard to case.

/** The word of `words` that `word` was most probably meant to be; undefined when none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const distanceMax = Math.max(1, Math.floor(word.length / 3))
  let best: string | undefined
  let bestDistance = distanceMax + 1
  // A word of a stranger's length costs its length squared.
  if (word.length > 64) return undefined
  for (const candidate of words) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase())
    if (d < bestDistance) [best, bestDistance] = [candidate, d]
  }
  return best
}

function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(substituted, last[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, beforeLast[j - 2]! + 1)
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
