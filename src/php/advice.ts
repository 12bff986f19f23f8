// What an advice is, and all of them together. Each rule is a pure function of what was read; none speaks without a
// reading, and each names those that it speaks from.
import { cacheAdvice } from './advice-cache.ts'
import { freshnessAdvice } from './advice-freshness.ts'
import { poolAdvice } from './advice-pools.ts'
import { sharingAdvice } from './advice-sharing.ts'
import type { Report } from './report.ts'

/** How much it matters: it costs visitors time now; it will, or something is not safe; it would be faster. */
export const weights = ['fault', 'risk', 'gain'] as const

export type Weight = (typeof weights)[number]

/** An advice. */
export interface Advice {
  readonly weight: Weight
  /** The master whose php.ini, or whose pool's configuration, it is about. */
  readonly master: string
  /** The pool that it is about; undefined: all of the master's. */
  readonly pool: string | undefined
  /** The setting, or what else is at stake. */
  readonly subject: string
  /** What to write into php.ini, or into the pool's section; none where a setting does not help. */
  readonly lines: readonly string[]
  readonly reason: string
  /** What was read, in PHP's own names, with what it means where that helps. */
  readonly readings: readonly string[]
}

/** All advice, the weightiest first. */
export function advise(report: Report): readonly Advice[] {
  const found = report.masters.flatMap((master) => [
    ...(master.opcache === undefined ? [] : cacheAdvice(master, master.opcache, report)),
    ...(master.opcache?.state === 'on' ? freshnessAdvice(master, master.opcache, report) : []),
    ...(master.opcache?.state === 'on' ? sharingAdvice(master, master.opcache) : []),
    ...poolAdvice(master, report.availableBytes),
  ])
  return found.toSorted((a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight))
}
