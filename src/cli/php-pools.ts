// PHP for a site that may change while it is served: what was found or started stays, and more is found or started for
// folders that come in.
import type { Site } from '../config/site.ts'
import type { ExitCode, World } from './command.ts'
import type { ServedPhp } from './provided-php.ts'
import type { PhpByFolder } from './served.ts'

/** The pools that answer for a site's folders. */
export class PhpPools {
  readonly #provided: ServedPhp[] = []

  /** `say` takes what happens to PHP while it serves. */
  constructor(private readonly say: (line: string) => void) {}

  /** Finds or starts what these folders need; an exit code when there is none, and why has been written. */
  async need(site: Site, world: World): Promise<ServedPhp | ExitCode> {
    const { phpFor } = await import('./provided-php.ts')
    const found = await phpFor(site, world, this.byFolder, this.say)
    if (typeof found !== 'number') this.#provided.push(found)
    return found
  }

  get byFolder(): PhpByFolder {
    return new Map(this.#provided.flatMap(({ byFolder }) => [...byFolder]))
  }

  /** Ends what was started. */
  async end(): Promise<void> {
    await Promise.all(this.#provided.map((each) => each.end()))
  }
}
