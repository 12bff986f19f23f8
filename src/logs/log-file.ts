// A log's file, to which several processes may append. Opened so that nothing here ever waits: a pipe that nobody reads
// takes nothing, and says so.
//
// Before a batch it is looked whether the name still belongs to the open file. So a file that somebody else renames
// (logrotate, another process of Myriad) is followed without being told; SIGUSR1 tells it at once. Of large batches hundreds are
// written in a second, and each look is a call on another thread, which costs more than the writing: for them it is looked
// every few milliseconds.
import { constants } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { messageOf } from '../base/thrown.ts'
import { putAside, tidyUp } from './rotate.ts'
import { isDue, type RotationSettings } from './rotation.ts'

/** How often it is looked at the file for large batches. */
const LOOK_MS = 20
/** From so many bytes on a batch is a large one: more of them come within a moment. */
const LARGE_BYTES = 16_384

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants

/** Takes bytes. */
export interface LogDestination {
  /** As a person would call it. */
  readonly name: string
  /** Before a batch of whole lines, of so many bytes; throws what keeps it from being written. */
  ready(bytes: number): Promise<void>
  /** Writes what it can, and returns how many bytes that were; throws EAGAIN where it takes none now. */
  write(bytes: Buffer, from: number, to: number): Promise<number>
  /** The next batch goes to the file that has the name then. */
  reopen(): void
  close(): Promise<void>
}

/** What a log file needs of the process around it. */
export interface LogFileParts {
  readonly nowMs: () => number
  readonly settings: RotationSettings
  /** What went wrong beside the writing itself. */
  problem(text: string): void
}

/** A file by its path. */
export class LogFile implements LogDestination {
  #file: FileHandle | undefined
  #inode = 0
  #device = 0
  #lookedMs = -Infinity
  #isStale = false
  #isTidying = false

  constructor(
    readonly name: string,
    private readonly parts: LogFileParts,
  ) {}

  async ready(bytes: number): Promise<void> {
    const { nowMs, settings } = this.parts
    const now = nowMs()
    // A clock that is put back makes it look once too often.
    const wasSeen = bytes >= LARGE_BYTES && Math.abs(now - this.#lookedMs) < LOOK_MS
    if (this.#file !== undefined && !this.#isStale && wasSeen) return
    this.#lookedMs = now
    if (this.#file !== undefined && (this.#isStale || !(await this.#isNamed()))) await this.close()
    if (this.#file === undefined) await this.#open()
    if (settings.rotateSize === undefined && settings.rotateTime === undefined) return
    const state = await this.#file!.stat()
    if (!state.isFile() || !isDue(state, now, settings)) return
    try {
      if (!(await putAside(this.name, this.#inode, now, settings))) return
    } catch (error) {
      // Lines are worth more than the size of their file.
      this.parts.problem(`${this.name} could not be put aside: ${messageOf(error)}`)
      return
    }
    await this.close()
    await this.#open()
    this.#tidy(now)
  }

  async write(bytes: Buffer, from: number, to: number): Promise<number> {
    const { bytesWritten } = await this.#file!.write(bytes, from, to - from, null)
    return bytesWritten
  }

  reopen(): void {
    this.#isStale = true
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #open(): Promise<void> {
    this.#isStale = false
    // Others may read a log only as far as the group goes: it tells who asked for what.
    const file = await open(this.name, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640)
    const { ino, dev } = await file.stat()
    this.#file = file
    this.#inode = ino
    this.#device = dev
  }

  async #isNamed(): Promise<boolean> {
    try {
      const { ino, dev } = await stat(this.name)
      return ino === this.#inode && dev === this.#device
    } catch {
      // Gone, or not to be seen: opening it again tells which.
      return false
    }
  }

  /** Behind the back of the writing; one at a time. */
  #tidy(nowMs: number): void {
    if (this.#isTidying) return
    this.#isTidying = true
    void tidyUp(this.name, nowMs, this.parts.settings)
      .catch((error: unknown) =>
        this.parts.problem(`old files of ${this.name} could not be tidied: ${messageOf(error)}`),
      )
      .finally(() => (this.#isTidying = false))
  }
}
