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
    if (text.length > TEXT_MAX) return compute(text)
    const own = copyOf(text)
    const value = compute(own)
    if (known.size >= entriesMax) known.clear()
    known.set(own, value)
    return value
  }
}

/**
 * The same text in memory of its own. A text that was cut out of a larger one (a head, a Cookie field) holds on to all
 * of that: remembered, it would keep kilobytes for a word, and so would what was computed from it.
 */
function copyOf(text: string): string {
  const copy = Buffer.from(text, 'latin1').toString('latin1')
  return copy === text ? copy : Buffer.from(text, 'utf16le').toString('utf16le')
}
