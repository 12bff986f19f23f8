// Which script answers a request for a folder with PHP in it, in the order of nginx's `try_files $uri $uri/ /index.php`:
// the file itself, the index of the folder, the front controller. What a path names is looked up by ../files/root.ts,
// confined to the root; here it is decided what of that may be executed.
//
// Executed is a file that is called `.php`, in exactly this spelling, that lies in the root itself (and not where a link
// leads out of it), and in none of the folders that the owner keeps from it (uploads). A path that goes on behind such a
// file is its PATH_INFO. A path in which another name ends in `.php` is not found, and reaches no front controller: so
// `/a.jpg/x.php` executes nothing. That what looks like a
// script is never sent as it is, ../files/files-origin.ts sees to.
import type { DocumentRoot, ResolvedFile } from '../files/root.ts'
import type { Script } from './variables.ts'

/** Which scripts a folder has. */
export interface ScriptsConfig {
  /** Names of scripts that are shown for a folder; the first that is there. */
  readonly index: readonly string[]
  /** Paths of the script that answers what names no file, '/index.php'; the first that is there. */
  readonly frontController: readonly string[]
  /** Folders below the root in which nothing is executed: '/uploads'; `*` stands for any one name. */
  readonly noExec: readonly string[]
}

/** A name of a script in a path, in all the spellings that some PHP somewhere is set up to execute. */
const scriptLike = /\.(?:php\d?|phps|phtml|phar)(?:[/\s]|$)/i

/** Decides which script answers. */
export class Scripts {
  readonly #noExec: readonly RegExp[]

  constructor(
    private readonly root: DocumentRoot,
    private readonly config: ScriptsConfig,
  ) {
    this.#noExec = config.noExec.map(folderPattern)
  }

  /**
   * The script that answers a path (in normal form, percent-encoded, without the query). Undefined: none does, and it is
   * for the files beside the scripts to say what is there.
   */
  decide(path: string): Script | undefined {
    const found = this.root.resolve(path)
    switch (found.kind) {
      case 'file':
        return this.#execute(found.file, found.realRoot, '')
      case 'directory':
        return found.hasSlash
          ? this.#first(this.config.index.map((name) => found.name + encodeURIComponent(name)))
          : undefined
      case 'missing': {
        const { within } = found
        if (within !== undefined && isScript(within.file))
          return this.#execute(within.file, found.realRoot, decoded(within.rest))
        if (scriptLike.test(decoded(path))) return undefined
        return this.#first(this.config.frontController)
      }
      case 'refused':
        return undefined
    }
  }

  /** The first of these that is there. */
  #first(paths: readonly string[]): Script | undefined {
    for (const path of paths) {
      const found = this.root.resolve(path)
      if (found.kind === 'file') return this.#execute(found.file, found.realRoot, '')
    }
    return undefined
  }

  #execute(file: ResolvedFile, realRoot: string, pathInfo: string): Script | undefined {
    const below = realRoot === '/' ? '' : realRoot
    if (!isScript(file) || !file.realPath.startsWith(`${below}/`)) return undefined
    const name = decoded(file.name)
    // Below a folder that is called like a script nothing is executed: where such a path ends its script, servers differ.
    if (scriptLike.test(name.slice(0, name.lastIndexOf('/') + 1))) return undefined
    // By the name that was asked for, and by the place where it lies: a link may lead from one to the other.
    const realName = octets(file.realPath.slice(below.length))
    if (this.#noExec.some((folder) => folder.test(name) || folder.test(realName))) return undefined
    return { documentRoot: octets(realRoot), filename: octets(file.realPath), name, pathInfo }
  }
}

function isScript({ realPath, name }: ResolvedFile): boolean {
  return realPath.endsWith('.php') && name.endsWith('.php')
}

/** Matches everything below a folder. Both sides are octets, one character for each. */
function folderPattern(folder: string): RegExp {
  const names = folder.split('/').filter((name) => name !== '')
  const patterns = names.map((name) =>
    name === '*'
      ? '[^/]+'
      : octets(name).replaceAll(/[^\w-]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`),
  )
  return new RegExp(`^/${patterns.map((pattern) => `${pattern}/`).join('')}`)
}

/** A part of a path without percent-encoding, as octets, one character for each. */
function decoded(path: string): string {
  if (!path.includes('%')) return path
  return path.replaceAll(/%([0-9A-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** A name of the file system as octets, one character for each. */
function octets(name: string): string {
  return Buffer.from(name, 'utf8').latin1Slice()
}
