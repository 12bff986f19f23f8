// Which script answers a path, remembered for a moment: the file system is asked about each path once in a second, and
// about a root that a link leads to once in a millisecond, whether it is still the same folder. A link that is switched is
// seen by the next request; other changes, a second later at most.
import { realpathSync, statSync, type Stats } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import type { Scripts } from './script.ts'
import type { Script } from './variables.ts'

const PATHS_MAX = 1024
const REMEMBERED_MS = 1000
/** Two requests within it could as well have come in the other order. */
const SAME_ROOT_MS = 1

/** Remembers what was decided lately. */
export class RecentScripts {
  readonly #scripts = new Map<string, Script | undefined>()
  /** What was decided last: a request asks twice within a moment. */
  #lastTarget = ''
  #lastMs = -Infinity
  #last: Script | undefined
  #sinceMs = -Infinity
  #lookedMs = -Infinity
  #device = 0
  #inode = 0
  #isLinked = true

  constructor(
    private readonly root: string,
    private readonly scripts: Scripts,
    private readonly clock: Clock,
  ) {}

  /** As `Scripts.decide`, of a path with its query. */
  decide(pathAndQuery: string): Script | undefined {
    const nowMs = this.clock.monotonicMs()
    if (nowMs === this.#lastMs && pathAndQuery === this.#lastTarget) return this.#last
    if (nowMs - this.#lookedMs >= (this.#isLinked ? SAME_ROOT_MS : REMEMBERED_MS)) this.#lookAtRoot(nowMs)
    this.#lastTarget = pathAndQuery
    this.#lastMs = nowMs
    return (this.#last = this.#decide(pathOf(pathAndQuery)))
  }

  #decide(path: string): Script | undefined {
    const known = this.#scripts.get(path)
    if (known !== undefined || this.#scripts.has(path)) return known
    const script = this.scripts.decide(path)
    if (this.#scripts.size < PATHS_MAX) this.#scripts.set(path, script)
    return script
  }

  #lookAtRoot(nowMs: number): void {
    this.#lookedMs = nowMs
    const stat = statOf(this.root)
    const isSame = stat !== undefined && stat.ino === this.#inode && stat.dev === this.#device
    if (isSame && nowMs - this.#sinceMs < REMEMBERED_MS) return
    this.#scripts.clear()
    this.#sinceMs = nowMs
    this.#isLinked = isLinked(this.root)
    this.#inode = stat?.ino ?? 0
    this.#device = stat?.dev ?? 0
  }
}

function pathOf(pathAndQuery: string): string {
  const query = pathAndQuery.indexOf('?')
  return query < 0 ? pathAndQuery : pathAndQuery.slice(0, query)
}

/** Whether links lead to a folder, or nowhere. */
function isLinked(path: string): boolean {
  try {
    return realpathSync(path) !== path
  } catch {
    return true
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // Not to be looked at: what that means for a request, the resolution of its path tells.
    return undefined
  }
}
