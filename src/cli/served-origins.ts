// The origins of a site while it is served. A reload keeps those that are the same, with their connections, and closes the
// others when nothing has been asked of them for a while: requests that began before may still need them.
import { isDeepStrictEqual } from 'node:util'
import type { Timer } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import { startOrigin, type NamedOrigin, type OriginDeps } from './origins.ts'

/** How long an origin that has left the configuration is kept without an exchange, before it is closed. */
const UNUSED_MS = 60_000
const LOOK_MS = 1_000

interface Served {
  readonly made: NamedOrigin
  /** What it was made of: the same again is the same origin. */
  readonly from: unknown
}

/** Starts origins and closes them. */
export class ServedOrigins {
  #served: readonly Served[] = []
  readonly #leaving = new Map<Served, number>()
  #look: Timer | undefined

  constructor(private readonly deps: Omit<OriginDeps, 'limits' | 'php'>) {}

  /** The origins of a site, in the order of its services. */
  start(site: Site, php: OriginDeps['php']): readonly NamedOrigin[] {
    const before = [...this.#served]
    this.#served = site.services.map(({ origin }) => {
      const found = origin.kind === 'php' && origin.address === undefined ? php.get(origin.root) : undefined
      const from = [origin, site.limits, found]
      const same = before.findIndex((served) => isDeepStrictEqual(served.from, from))
      if (same >= 0) return before.splice(same, 1)[0]!
      return { made: startOrigin(origin, { ...this.deps, limits: site.limits, php }), from }
    })
    const nowMs = this.deps.clock.monotonicMs()
    for (const served of before) this.#leaving.set(served, nowMs)
    if (this.#leaving.size > 0) this.#look ??= this.deps.timers.every(LOOK_MS, () => this.#onLook())
    return this.#served.map(({ made }) => made)
  }

  close(): void {
    this.#look?.cancel()
    for (const { made } of [...this.#served, ...this.#leaving.keys()]) made.origin.close()
    this.#leaving.clear()
  }

  #onLook(): void {
    const nowMs = this.deps.clock.monotonicMs()
    for (const [served, sinceMs] of this.#leaving) {
      const { open, idle, queued } = served.made.origin.connections
      if (open > idle || queued > 0) this.#leaving.set(served, nowMs)
      else if (nowMs - sinceMs >= UNUSED_MS) {
        served.made.origin.close()
        this.#leaving.delete(served)
      }
    }
    if (this.#leaving.size > 0) return
    this.#look?.cancel()
    this.#look = undefined
  }
}
