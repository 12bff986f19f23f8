// The folder that the processes of one Myriad have in common: their sockets, the table of rates. Its supervisor holds a
// lock on it (flock(2)), which the kernel releases however the supervisor ends: a folder that can be locked has none. What
// processes without a supervisor go on for stands in orphans.ts.
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { libc } from '../net/libc.ts'
import { isAlive, meshPids } from './mesh.ts'
import { RUNTIME_FOLDER_ENDING, runtimeFolderNames } from './runtime-folder-name.ts'

const LOCK_EX = 2
const LOCK_NB = 4

/** A folder that this process holds. */
export class RuntimeFolder {
  private constructor(
    /** Tells the Myriad that it is of from others. */
    readonly instance: string,
    readonly path: string,
    private readonly lock: number,
  ) {}

  /** A new folder in the base, which is private. */
  static make(base: string): RuntimeFolder {
    for (;;) {
      const instance = randomBytes(6).toString('hex')
      mkdirSync(join(base, instance + RUNTIME_FOLDER_ENDING), { mode: 0o700 })
      // Another Myriad that starts may take it for one that was left behind, and remove it.
      const made = RuntimeFolder.#hold(base, instance)
      if (made !== undefined) return made
    }
  }

  /** Those in the base that had no supervisor; now this process is it. */
  static abandoned(base: string): readonly RuntimeFolder[] {
    return runtimeFolderNames(base).flatMap(
      (name) => RuntimeFolder.#hold(base, name.slice(0, -RUNTIME_FOLDER_ENDING.length)) ?? [],
    )
  }

  static #hold(base: string, instance: string): RuntimeFolder | undefined {
    const path = join(base, instance + RUNTIME_FOLDER_ENDING)
    let lock: number
    try {
      lock = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    } catch {
      // Removed by another Myriad.
      return undefined
    }
    const isThere = statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(lock).ino
    if (libc()?.flock(lock, LOCK_EX | LOCK_NB) === 0 && isThere)
      return new RuntimeFolder(instance, path, lock)
    closeSync(lock)
    return undefined
  }

  /** The processes that serve in it. */
  get pids(): readonly number[] {
    return meshPids(this.path).filter(isAlive)
  }

  /** Holds it no more; it is removed unless processes go on in it. */
  release(): void {
    if (this.pids.length === 0) rmSync(this.path, { recursive: true, force: true })
    closeSync(this.lock)
  }
}
