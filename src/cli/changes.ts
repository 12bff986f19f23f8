// Changes of what `myriad serve` serves while it does: another configuration, another version of the program. One after
// another; a change that cannot be made leaves everything as it is.
import { messageOf } from '../base/thrown.ts'
import type { ChangeOutcome } from '../admin/change.ts'
import type { Site } from '../config/site.ts'
import type { Given, World } from './command.ts'
import { listenProblem } from './listen-problem.ts'
import type { PhpPools } from './php-pools.ts'
import { processesOf } from './process-count.ts'
import { restartNeeded } from './restart-needed.ts'
import type { Served } from './served.ts'
import { siteFrom, type FoundSite } from './site.ts'

/** What changes are made to. */
export interface ChangedParts {
  readonly served: Served
  /** The site that it was started with. */
  readonly started: Site
  readonly php: PhpPools
  /** What `serve` was called with. */
  readonly given: Given
  readonly world: World
  /** Told of each configuration that is served from now on. */
  readonly changed: (found: FoundSite) => void
}

/** Makes changes. */
export class Changes {
  #last: Promise<unknown> = Promise.resolve()

  constructor(private readonly parts: ChangedParts) {}

  /** Reads the configuration anew and serves from it. */
  reload(): Promise<ChangeOutcome> {
    return this.#next(() => this.#reload())
  }

  /** Has the program as it lies on the disk serve. */
  upgrade(): Promise<ChangeOutcome> {
    return this.#next(() => this.#upgrade())
  }

  async #reload(): Promise<ChangeOutcome> {
    const { served, php, given, world, changed } = this.parts
    let problems = ''
    const telling: World = { ...world, err: (text) => ((problems += text), true) }
    const refused = (code: 1 | 2): ChangeOutcome => ({ kind: 'refused', code, error: problems.trimEnd() })
    const found = await siteFrom(given, telling)
    if (found === undefined) return refused(2)
    const provided = await php.need(found.site, telling)
    if (typeof provided === 'number') return refused(provided === 2 ? 2 : 1)
    try {
      await served.reload(found, php.byFolder)
    } catch (error) {
      problems += `myriad: ${listenProblem(error) ?? messageOf(error)}\n`
      return refused(1)
    }
    changed(found)
    const lines = [...provided.lines, 'the configuration was read anew']
    const later = this.#laterWith(found.site)
    if (later.length > 0) lines.push(`not before Myriad is started anew: ${later.join(', ')}`)
    return { kind: 'changed', lines }
  }

  /** The settings of a site that are not in force before the process is started anew. */
  #laterWith(site: Site): readonly string[] {
    const { started, given } = this.parts
    const later = restartNeeded(started, site)
    return processesOf(given, started) === processesOf(given, site) ? later : [...later, 'processes']
  }

  async #upgrade(): Promise<ChangeOutcome> {
    const { served } = this.parts
    if (served.upgrade === undefined) {
      const error = 'myriad: one process cannot be upgraded while it serves: start it anew, or use several'
      return { kind: 'refused', code: 1, error }
    }
    try {
      await served.upgrade()
      return {
        kind: 'changed',
        lines: ['new processes serve; the old ones end when their requests are done'],
      }
    } catch (error) {
      const text = `myriad: the program on the disk does not serve: ${messageOf(error)}; the one that runs stays`
      return { kind: 'refused', code: 1, error: text }
    }
  }

  #next(run: () => Promise<ChangeOutcome>): Promise<ChangeOutcome> {
    const mine = this.#last.then(run)
    this.#last = Promise.allSettled([mine])
    return mine
  }
}
