// The table of rates that several processes count in together: a file in their private folder, mapped by each of them.
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import { RateTable } from '../cube/y/rate-table.ts'
import { limitsOf, limitsRates } from './protection.ts'

interface Table {
  readonly limits: unknown
  readonly file: string
}

/** Makes the files: another one for other limits, since tokens are counted by a limit's place among all. */
export class SharedRates {
  #present: Table | undefined
  #next: Table | undefined
  #count = 0

  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
  ) {}

  /** The file for a site that is about to be served; undefined: nothing is counted. */
  prepare(site: Site): string | undefined {
    this.#next = limitsRates(site) ? this.#tableFor(site) : undefined
    return this.#next?.file
  }

  /** Whether that site is served now; the file of the other one goes, and who has mapped it keeps it. */
  settle(isServed: boolean): void {
    const gone = isServed ? this.#present : this.#next
    if (isServed) this.#present = this.#next
    if (gone !== undefined && gone !== this.#present) rmSync(gone.file, { force: true })
  }

  #tableFor(site: Site): Table {
    const limits = limitsOf(site)
    if (this.#present !== undefined && isDeepStrictEqual(this.#present.limits, limits)) return this.#present
    // Processes of a supervisor before this one may be using theirs.
    const file = join(this.folder, `rates.${process.pid}.${++this.#count}`)
    const memory = RateTable.memory(site.edge.rateKeysMax, randomBytes(8), this.clock.nowMs())
    writeFileSync(file, new Uint8Array(memory), { mode: 0o600 })
    return { limits, file }
  }
}
