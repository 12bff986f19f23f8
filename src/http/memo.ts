// Remembering what a pure function made of a field value: sites and browsers send the same few spellings again and
// again. Bounded, so that a stranger who sends ever new spellings costs a computation each time, and no memory.

/** Longer texts are computed each time: they are rare, and would make the bound in entries no bound in bytes. */
const TEXT_MAX = 512

/**
 * `compute`, remembering its latest results. When `entriesMax` texts are remembered all are forgotten: that is rare
 * for honest traffic, and cheaper than an order of use on every hit.
 */
export function remembered<T>(compute: (text: string) => T, entriesMax: number): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const value = compute(text)
    if (text.length > TEXT_MAX) return value
    if (known.size >= entriesMax) known.clear()
    known.set(text, value)
    return value
  }
}
