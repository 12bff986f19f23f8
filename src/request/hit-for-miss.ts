// Keys whose last answer was shareable with nobody: requests for them do not wait for one another. Bounded, and
// forgotten after a while, so that a page that becomes cacheable is collapsed again.
import { digest } from '../base/digest.ts'

/** Of each of two generations. */
const KEYS_MAX = 10_000
const REMEMBERED_MS = 10_000
/** A longer key is remembered by its digest: targets may be long, and this many of them would fill memory. */
const KEY_CHARACTERS_MAX = 256

/** Remembers keys for a while. */
export class HitForMiss {
  /**
   * Two generations: when the younger is full, the older is let go as a whole. To take the oldest key out of one map is
   * slow: each time it looks through the places of all that were taken out before (8 µs for 10,000 keys).
   */
  #untilMs = new Map<string, number>()
  #older = new Map<string, number>()

  add(longKey: string, nowMs: number): void {
    const key = short(longKey)
    const untilMs = this.#untilMs.get(key) ?? this.#older.get(key)
    if (untilMs !== undefined && untilMs - nowMs > REMEMBERED_MS / 2) return
    if (this.#untilMs.size >= KEYS_MAX) {
      this.#older = this.#untilMs
      this.#untilMs = new Map()
    }
    this.#untilMs.set(key, nowMs + REMEMBERED_MS)
  }

  has(longKey: string, nowMs: number): boolean {
    if (this.#untilMs.size === 0) return false
    const key = short(longKey)
    const until = this.#untilMs.get(key) ?? this.#older.get(key)
    return until !== undefined && nowMs < until
  }

  delete(longKey: string): void {
    const key = short(longKey)
    this.#untilMs.delete(key)
    this.#older.delete(key)
  }

  clear(): void {
    this.#untilMs.clear()
    this.#older.clear()
  }
}

function short(key: string): string {
  return key.length > KEY_CHARACTERS_MAX ? digest(key) : key
}
