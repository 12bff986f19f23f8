// The addresses of an origin's name, asked again when they are older than the setting says, so that an origin that
// moves is followed. While a new answer is awaited, or when none comes, the old ones are used.
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/** Resolves one name. */
export class Resolver {
  #addresses: readonly string[]
  #resolvedMs = -Infinity
  #pending: Promise<readonly string[]> | undefined
  #next = 0

  constructor(
    private readonly hostname: string,
    private readonly maxAgeMs: number,
    private readonly nowMs: () => number,
    private readonly ask: (name: string) => Promise<readonly string[]> = askSystem,
  ) {
    this.#addresses = isIP(hostname) > 0 ? [hostname] : []
    if (this.#addresses.length > 0) this.#resolvedMs = Infinity
  }

  /** The addresses to try, best first; at once when they are known. Rejects when the name has none. */
  addresses(): readonly string[] | Promise<readonly string[]> {
    if (this.nowMs() - this.#resolvedMs >= this.maxAgeMs) {
      const pending = (this.#pending ??= this.#resolve())
      if (this.#addresses.length === 0) return pending
      // The old addresses serve on; a failure is tried again with the next connection.
      pending.catch(() => undefined)
    }
    return this.#rotated()
  }

  /** The first address did not answer: others go first from now on. */
  failed(): void {
    this.#next++
  }

  async #resolve(): Promise<readonly string[]> {
    try {
      const addresses = await this.ask(this.hostname)
      if (addresses.length === 0) throw new Error(`'${this.hostname}' has no address`)
      this.#addresses = addresses
      this.#resolvedMs = this.nowMs()
      return this.#rotated()
    } finally {
      this.#pending = undefined
    }
  }

  #rotated(): readonly string[] {
    const from = this.#next % this.#addresses.length
    return from === 0 ? this.#addresses : [...this.#addresses.slice(from), ...this.#addresses.slice(0, from)]
  }
}

async function askSystem(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map((found) => found.address)
}
