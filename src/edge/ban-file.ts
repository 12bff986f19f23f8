// Keeps a ban list as its file is: looks each second whether the file has changed, and reads it then. A file that cannot
// be read, or holds a wrong line, changes nothing: the list stays as it was, and the owner is told once.
import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import type { Timer, Timers } from '../base/clock.ts'
import { IpSet } from '../base/ip-ranges.ts'
import { messageOf } from '../base/thrown.ts'
import { banProblem, parseBans, type BanList } from './ban-list.ts'

const LOOK_MS = 1_000
/** About two million ranges. */
export const BAN_FILE_BYTES_MAX = 32 << 20

/** What the file watcher is given. */
export interface BanFileDeps {
  readonly timers: Timers
  readonly list: BanList
  /** The list has changed: those who are connected may be banned by now. */
  changed(): void
  /** Tells the owner why the file is not used. */
  tell(problem: string): void
}

/** Follows a file of bans. */
export class BanFile {
  readonly #path: string
  readonly #deps: BanFileDeps
  readonly #timer: Timer
  #version: string | undefined
  #isLooking = false
  /** The problem that has been told last. */
  #told: string | undefined

  /** Reads the file at once: nobody whom it bans is to be served first. The configuration has checked that it can be read. */
  constructor(path: string, deps: BanFileDeps) {
    this.#path = path
    this.#deps = deps
    try {
      this.#version = versionOf(statSync(path))
      this.#take(readFileSync(path, 'utf8'))
    } catch (error) {
      this.#tell(error)
    }
    this.#timer = deps.timers.every(LOOK_MS, () => void this.look())
  }

  /** Reads the file again if it has changed. */
  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const found = await stat(this.#path)
      const version = versionOf(found)
      if (version === this.#version) return
      if (found.size > BAN_FILE_BYTES_MAX) throw new Error(`larger than ${BAN_FILE_BYTES_MAX} bytes`)
      // What is written from here on is read at the next look.
      this.#version = version
      this.#take(await readFile(this.#path, 'utf8'))
      this.#told = undefined
      this.#deps.changed()
    } catch (error) {
      this.#tell(error)
    } finally {
      this.#isLooking = false
    }
  }

  /** Looks no more. */
  stop(): void {
    this.#timer.cancel()
  }

  /** Uses what the file holds; throws when that is wrong. */
  #take(text: string): void {
    const read = parseBans(text)
    if (read.kind === 'wrong') throw new Error(banProblem(read))
    this.#deps.list.replace(new IpSet(read.ranges))
  }

  #tell(error: unknown): void {
    const problem = messageOf(error)
    if (problem !== this.#told) this.#deps.tell(problem)
    this.#told = problem
  }
}

function versionOf({ mtimeMs, size, ino }: { mtimeMs: number; size: number; ino: number }): string {
  return `${mtimeMs} ${size} ${ino}`
}
