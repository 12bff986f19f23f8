// Folders that an application keeps from visitors by an .htaccess file of its own (htaccess.ts): one look for each folder
// on the way to a file, remembered for a second.
import { constants, readFileSync, statSync } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import { deniesAll } from './htaccess.ts'

/** Longer ones are lists of addresses, and no refusal of everybody. */
const BYTES_MAX = 64 << 10
const KNOWN_MS = 1000
const KNOWN_MAX = 4096

/** Tells which folders are closed. */
export class ClosedFolders {
  readonly #known = new Map<string, { readonly isClosed: boolean; readonly sinceMs: number }>()

  /** Without a clock nothing is remembered. */
  constructor(private readonly clock?: Clock) {}

  /** Whether a folder, an absolute path, is closed by a file in it; those above are not looked at. */
  isClosed(folder: string): boolean {
    const nowMs = this.clock?.monotonicMs()
    if (nowMs === undefined) return look(folder)
    const known = this.#known.get(folder)
    if (known !== undefined && nowMs - known.sinceMs < KNOWN_MS) return known.isClosed
    const isClosed = look(folder)
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(folder, { isClosed, sinceMs: nowMs })
    return isClosed
  }
}

function look(folder: string): boolean {
  const path = `${folder}/.htaccess`
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined || !stat.isFile() || stat.size > BYTES_MAX) return false
    // Should a pipe take its place in this moment, it is not waited for.
    return deniesAll(
      readFileSync(path, { encoding: 'latin1', flag: constants.O_RDONLY | constants.O_NONBLOCK }),
    )
  } catch (error) {
    // What it says cannot be known: Apache, too, then shows nothing of the folder.
    return (error as { code?: unknown }).code !== 'ENOENT'
  }
}
