// The folder that a site is served from, and what a request's path names in it. Resolved anew for each request, so that
// a root which is a symbolic link (current → releases/42) may be switched at any time: a request sees either release
// and never both, because the root is resolved once and everything else below what it was then.
//
// What leads out of the root is refused, however it does: links are followed, and what counts is the place where they
// end. Hidden names (dotfiles), what the owner or the application keeps from visitors (deny-list.ts, closed-folders.ts) and
// what is neither file nor folder are refused too. Nothing is opened here but by the system itself while it resolves a
// name; whoever opens what was found checks that it is that file (open-files.ts).
import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import { mergedPath } from '../../http/target.ts'
import { ClosedFolders } from './closed-folders.ts'
import { DenyList } from './deny-list.ts'
import { isHidden, requestPath, type Segment } from './request-path.ts'
import { isSameVersion } from './validators.ts'

/** What is served, and from where. */
export interface DocumentRootConfig {
  /** An absolute path; may be a symbolic link. */
  readonly root: string
  /** Folders outside the root that links in it may lead to (shared uploads, a framework's storage). */
  readonly linkTargets: readonly string[]
  /** What is kept from visitors; see `DenyList`. */
  readonly deny: readonly string[]
}

/** A file that a path names. */
export interface ResolvedFile {
  /** Without any symbolic link. */
  readonly realPath: string
  /** Of that path, just now. */
  readonly stat: Stats
  /** The part of the request's path that names it; percent-encoded, without empty segments: '/index.php'. */
  readonly name: string
}

/** Why a path is refused, whether or not something is there. */
export type RefusedPath =
  /** It names a hidden file or folder. */
  | 'hidden'
  /** It is kept from visitors, by the owner or by the application. */
  | 'denied'
  /** A link leads out of the root. */
  | 'outside'
  /** Neither a file nor a folder. */
  | 'not-regular'
  /** The system does not let this process look. */
  | 'not-permitted'
  /** The root itself is not there. */
  | 'no-root'
  /** The disk fails. */
  | 'unreadable'

/** What a path names. */
export type Resolution =
  | { readonly kind: 'file'; readonly file: ResolvedFile; readonly realRoot: string }
  /** `name`: the request's path without empty segments. */
  | {
      readonly kind: 'directory'
      readonly realPath: string
      readonly name: string
      readonly hasSlash: boolean
      readonly realRoot: string
    }
  /** `within`: a file that the path goes on behind, and the rest of the path ('/x', still encoded): PATH_INFO. */
  | {
      readonly kind: 'missing'
      readonly within: { readonly file: ResolvedFile; readonly rest: string } | undefined
      readonly realRoot: string
    }
  | { readonly kind: 'refused'; readonly reason: RefusedPath }

/** Where a path ends, and what lies there. */
interface Place {
  readonly realPath: string
  readonly stat: Stats
}

/** A place in the file system, or why there is none to be had. */
type Found =
  | ({ readonly kind: 'found' } & Place)
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly reason: RefusedPath }

const missing: Found = { kind: 'missing' }
const denied: Resolution = { kind: 'refused', reason: 'denied' }

/**
 * Where a path led to a moment ago. It leads there still if what it leads to now is the same file, unchanged: one look
 * instead of one for each folder on the way. A folder or a link that is switched is seen at once, since what it leads to
 * is another file then.
 */
interface Known {
  readonly realPath: string
  readonly stat: Stats
  readonly sinceMs: number
}

/** For the one thing that the look does not show: the same file, by then elsewhere, under a link. */
const KNOWN_MS = 1000
const KNOWN_MAX = 4096

/** A folder that is served. */
export class DocumentRoot {
  /** By path as it was asked for. */
  readonly #known = new Map<string, Known>()
  readonly #deny: DenyList
  readonly #closed: ClosedFolders

  /** `clock`: what was found is remembered for a moment (see `Known`); without it nothing is. */
  constructor(
    private readonly config: DocumentRootConfig,
    private readonly clock?: Clock,
  ) {
    this.#deny = new DenyList(config.deny)
    this.#closed = new ClosedFolders(clock)
  }

  /** What a path names: in normal form, percent-encoded, beginning with a slash, without the query. */
  resolve(path: string): Resolution {
    const found = this.#resolve(path)
    // A folder may have become a link a moment ago: then what lies below it seems to lie elsewhere.
    if (found.kind !== 'refused' || found.reason !== 'outside' || !this.#known.delete(this.config.root))
      return found
    return this.#resolve(path)
  }

  #resolve(path: string): Resolution {
    const root = this.#rootNow()
    if (root.kind !== 'found' || !root.stat.isDirectory()) return { kind: 'refused', reason: 'no-root' }
    const realRoot = root.realPath
    const parsed = path.startsWith('/') ? requestPath(path) : undefined
    if (parsed === undefined) return { kind: 'missing', within: undefined, realRoot }
    const { segments, asFolder } = parsed
    // What most requests ask for is there: one look at the whole path.
    const direct = segments.every(({ name, hidden }) => name !== undefined && !hidden)
      ? this.#below(realRoot, segments, segments.length)
      : missing
    if (direct.kind !== 'missing') {
      const names = segments.map(({ name }) => name!)
      if (this.#deniesAny(names)) return denied
      if (direct.kind === 'refused') return direct
      if (this.#isClosed(realRoot, names, direct.stat)) return denied
    }
    if (direct.kind === 'found' && direct.stat.isDirectory()) {
      const name = mergedPath(path)
      return { kind: 'directory', realPath: direct.realPath, name, hasSlash: asFolder, realRoot }
    }
    if (direct.kind === 'found' && !asFolder) return this.#file(realRoot, direct, mergedPath(path))
    return this.#walk(realRoot, path, segments)
  }

  /** Follows a path that does not name anything as a whole, up to the last part of it that is there. */
  #walk(realRoot: string, path: string, segments: readonly Segment[]): Resolution {
    const names: string[] = []
    for (const [i, { name, hidden, end }] of segments.entries()) {
      // All before it are folders: this is a hidden entry of one of them, whether or not it exists.
      if (hidden) return { kind: 'refused', reason: 'hidden' }
      if (name === undefined) break
      names.push(name)
      if (this.#deny.denies(names, i + 1)) return denied
      const found = this.#below(realRoot, segments, i + 1)
      if (found.kind === 'missing') break
      if (found.kind === 'refused') return found
      if (found.stat.isDirectory()) {
        if (this.#closed.isClosed(placeBelow(realRoot, names))) return denied
        continue
      }
      const resolved = this.#file(realRoot, found, mergedPath(path.slice(0, end)))
      if (resolved.kind !== 'file') return resolved
      return { kind: 'missing', within: { file: resolved.file, rest: path.slice(end) }, realRoot }
    }
    return { kind: 'missing', within: undefined, realRoot }
  }

  #file(realRoot: string, found: Place, name: string): Resolution {
    if (!found.stat.isFile()) return { kind: 'refused', reason: 'not-regular' }
    return { kind: 'file', file: { realPath: found.realPath, stat: found.stat, name }, realRoot }
  }

  /** The place of the first `count` segments, if it lies where it may. */
  #below(realRoot: string, segments: readonly Segment[], count: number): Found {
    let path = realRoot === '/' ? '' : realRoot
    for (let i = 0; i < count; i++) path += `/${segments[i]!.name!}`
    const found = this.#find(path === '' ? '/' : path)
    if (found.kind !== 'found' || found.realPath === path) return found
    const reason = this.#refusal(realRoot, found)
    return reason === undefined ? found : { kind: 'refused', reason }
  }

  /** Why a place that a link has led to may not be served. */
  #refusal(realRoot: string, { realPath, stat }: Place): RefusedPath | undefined {
    const below = namesBelow(realRoot, realPath)
    if (below !== undefined) {
      if (below.some(isHidden)) return 'hidden'
      return this.#deniesAny(below) || this.#isClosed(realRoot, below, stat) ? 'denied' : undefined
    }
    for (const target of this.config.linkTargets) {
      const base = this.#find(target)
      const names = base.kind === 'found' ? namesBelow(base.realPath, realPath) : undefined
      if (base.kind !== 'found' || names === undefined) continue
      if (names.some(isHidden)) return 'hidden'
      if (names.some((name) => this.#deny.deniesName(name))) return 'denied'
      return this.#isClosed(base.realPath, names, stat) ? 'denied' : undefined
    }
    return 'outside'
  }

  /** Whether the owner keeps from visitors what these names lead to from the root, or a folder on the way. */
  #deniesAny(names: readonly string[]): boolean {
    for (let count = 1; count <= names.length; count++) if (this.#deny.denies(names, count)) return true
    return false
  }

  /** As `#deniesAny`, but the application. The folder where they begin is served because the owner said so. */
  #isClosed(base: string, names: readonly string[], stat: Stats): boolean {
    const folders = stat.isDirectory() ? names.length : names.length - 1
    let path = base === '/' ? '' : base
    for (let i = 0; i < folders; i++) {
      path += `/${names[i]!}`
      if (this.#closed.isClosed(path)) return true
    }
    return false
  }

  /** A root that is no link leads where it leads: only that it is one still has to be looked at, now and then. */
  #rootNow(): Found {
    const { root } = this.config
    const known = this.#known.get(root)
    if (known?.realPath === root && this.clock!.monotonicMs() - known.sinceMs < KNOWN_MS)
      return { kind: 'found', realPath: root, stat: known.stat }
    return this.#find(root)
  }

  #find(path: string): Found {
    try {
      // First a look that costs little when nothing is there: on sites with a front controller that is most requests.
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat === undefined) return missing
      const nowMs = this.clock?.monotonicMs()
      if (nowMs === undefined) return look(path)
      const known = this.#known.get(path)
      if (known !== undefined && nowMs - known.sinceMs < KNOWN_MS && isSameVersion(known.stat, stat)) {
        return { kind: 'found', realPath: known.realPath, stat }
      }
      const found = look(path)
      if (found.kind === 'found') {
        if (this.#known.size >= KNOWN_MAX) this.#known.clear()
        this.#known.set(path, { ...found, sinceMs: nowMs })
      }
      return found
    } catch (error) {
      return notFound(error)
    }
  }
}

/** Where a path ends, and what lies there: the second is asked of the place, in case a link is switched in between. */
function look(path: string): Found {
  const realPath = realpathSync.native(path)
  return { kind: 'found', realPath, stat: lstatSync(realPath) }
}

/** The path to which names lead from a folder. */
function placeBelow(base: string, names: readonly string[]): string {
  return `${base === '/' ? '' : base}/${names.join('/')}`
}

/** The names that lead from one folder to a place below it, or to itself; undefined when it is elsewhere. */
function namesBelow(base: string, realPath: string): readonly string[] | undefined {
  if (realPath === base) return []
  const prefix = base.endsWith('/') ? base : `${base}/`
  return realPath.startsWith(prefix) ? realPath.slice(prefix.length).split('/') : undefined
}

/** What the system says of a path that it does not resolve. */
function notFound(error: unknown): Found {
  switch ((error as { code?: unknown }).code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return missing
    // A chain of links without an end leads nowhere within the root.
    case 'ELOOP':
      return { kind: 'refused', reason: 'outside' }
    case 'EACCES':
    case 'EPERM':
      return { kind: 'refused', reason: 'not-permitted' }
    default:
      return { kind: 'refused', reason: 'unreadable' }
  }
}
