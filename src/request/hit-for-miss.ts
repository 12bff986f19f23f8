// Keys whose last answer was shareable with nobody: requests for them do not wait for one another. Bounded, and
// forgotten after a while, so that a page that becomes cacheable is collapsed again.
import { digest } from '../base/digest.ts'

const KEYS_MAX = 10_000
const REMEMBERED_MS = 10_000
/** A longer key is remembered by its digest: targets may be long, and this many of them would fill memory. */
const KEY_CHARACTERS_MAX = 256

/** Remembers keys for a while. */
export class HitForMiss {
  /** In the order of insertion, which is the order in which they end. */
  readonly #untilMs = new Map<string, number>()

  add(longKey: string, nowMs: number): void {
    const key = short(longKey)
    const untilMs = this.#untilMs.get(key)
    if (untilMs !== undefined && untilMs - nowMs > REMEMBERED_MS / 2) return
    this.#untilMs.delete(key)
    if (this.#untilMs.size >= KEYS_MAX) this.#untilMs.delete(this.#untilMs.keys().next().value!)
    this.#untilMs.set(key, nowMs + REMEMBERED_MS)
  }

  has(longKey: string, nowMs: number): boolean {
    if (this.#untilMs.size === 0) return false
    const key = short(longKey)
    const until = this.#untilMs.get(key)
    if (until === undefined) return false
    if (nowMs < until) return true
    this.#untilMs.delete(key)
    return false
  }

  delete(key: string): void {
    this.#untilMs.delete(short(key))
  }

  clear(): void {
    this.#untilMs.clear()
  }
}

function short(key: string): string {
  return key.length > KEY_CHARACTERS_MAX ? digest(key) : key
}
