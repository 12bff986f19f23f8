// Standard output as the place of a log.
import { constants, fstatSync, write } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { LogDestination } from './log-file.ts'

const STDOUT = 1
const { O_APPEND, O_NONBLOCK, O_WRONLY } = constants
const writeTo = promisify(write)

/** What whoever started the process gave it to write to. */
export class StandardOutput implements LogDestination {
  readonly name = 'standard output'
  #file: FileHandle | undefined

  /**
   * A pipe or a terminal may have a reader that does not read: it is opened once more, so that writing to it never waits,
   * and nothing changes for others who have it. A regular file always takes what comes; a socket cannot be opened by a
   * name, and a thread of its own waits for it.
   */
  async ready(): Promise<void> {
    if (this.#file !== undefined) return
    const state = fstatSync(STDOUT)
    if (!state.isFIFO() && !state.isCharacterDevice()) return
    this.#file = await open(`/proc/self/fd/${STDOUT}`, O_WRONLY | O_APPEND | O_NONBLOCK)
  }

  async write(bytes: Buffer, from: number, to: number): Promise<number> {
    const { bytesWritten } = await writeTo(this.#file?.fd ?? STDOUT, bytes, from, to - from, null)
    return bytesWritten
  }

  reopen(): void {
    // It has no name that could come to be another's.
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
