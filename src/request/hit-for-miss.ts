// Keys whose last answer was shareable with nobody: requests for them do not wait for one another. Bounded, and
// forgotten after a while, so that a page that becomes cacheable is collapsed again.

const KEYS_MAX = 10_000
const REMEMBERED_MS = 10_000

/** Remembers keys for a while. */
export class HitForMiss {
  /** In the order of insertion, which is the order in which they end. */
  readonly #untilMs = new Map<string, number>()

  add(key: string, nowMs: number): void {
    const untilMs = this.#untilMs.get(key)
    if (untilMs !== undefined && untilMs - nowMs > REMEMBERED_MS / 2) return
    this.#untilMs.delete(key)
    if (this.#untilMs.size >= KEYS_MAX) this.#untilMs.delete(this.#untilMs.keys().next().value!)
    this.#untilMs.set(key, nowMs + REMEMBERED_MS)
  }

  has(key: string, nowMs: number): boolean {
    const until = this.#untilMs.get(key)
    if (until === undefined) return false
    if (nowMs < until) return true
    this.#untilMs.delete(key)
    return false
  }

  delete(key: string): void {
    this.#untilMs.delete(key)
  }
}
