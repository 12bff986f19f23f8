// Files that are open. One descriptor for all who read the same version of a file at the same time: a file that is
// replaced is another one, and who reads the old goes on reading the old. Nothing is mapped into memory: a file that is
// cut short would end the process.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import type { Timer, Timers } from '../../base/clock.ts'
import type { ContentCoding } from '../../http/encode.ts'
import type { Fields } from '../../http/fields.ts'
import type { ResolvedFile } from './root.ts'
import { isSameVersion } from './validators.ts'

/** A link that has taken the file's place since is not followed; a pipe that has is not waited for. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** Files that nobody reads stay open for so long at most: the disk keeps the content of a deleted file meanwhile. */
const IDLE_MS = 1000
const IDLE_MAX = 1024

/** The fields that a file is usually answered with, made once; and for which of its names and forms they were made. */
export interface UsualAnswer {
  readonly fields: Fields
  readonly name: string
  readonly coding: ContentCoding | undefined
  readonly varies: boolean
}

/** A file of which one version is being read. */
export class OpenFile {
  usual: UsualAnswer | undefined
  #readers = 1

  constructor(
    readonly fd: number,
    private readonly file: ResolvedFile,
    private readonly closed: (file: OpenFile) => void,
  ) {}

  get realPath(): string {
    return this.file.realPath
  }

  /** Whether this is the version that `file` was seen to be. */
  is(file: ResolvedFile): boolean {
    return isSameVersion(this.file.stat, file.stat)
  }

  /**
   * Whether the file has not been written to since it was opened. By its modification time alone: the time of its last
   * change tells as well that another file has taken its name, which does not concern who reads this one. What cannot be
   * looked at any more has changed.
   */
  get unchanged(): boolean {
    const now = statOf(this.fd)
    return now?.size === this.file.stat.size && now.mtimeMs === this.file.stat.mtimeMs
  }

  /** Reads into `buffer` from a position of the file; returns how many bytes were to be had: 0 also when the disk fails. */
  read(buffer: Uint8Array, bytes: number, position: number): number {
    try {
      return readSync(this.fd, buffer, 0, bytes, position)
    } catch {
      return 0
    }
  }

  hold(): void {
    this.#readers++
  }

  release(): void {
    if (--this.#readers === 0) this.closed(this)
  }
}

/** Why a file that was there cannot be opened. */
export type NotOpened = 'gone' | 'not-permitted' | 'too-many'

/** All files that are open for one origin. */
export class OpenFiles {
  readonly #byPath = new Map<string, OpenFile>()
  /** Also those whose path another version has taken. */
  #open = 0
  /** Read by nobody just now; the longest first. */
  readonly #idle = new Set<OpenFile>()
  #sweep: Timer | undefined
  #closing = false

  constructor(
    private readonly max: number,
    private readonly timers: Timers,
  ) {}

  get count(): number {
    return this.#open
  }

  get idleCount(): number {
    return this.#idle.size
  }

  /** Closes what nobody reads; what is being read is closed when that is over. */
  closeIdle(): void {
    this.#closing = true
    this.#sweep?.cancel()
    for (const file of this.#idle) this.#close(file)
  }

  /** Opens the version of a file that was seen; 'gone' when it is no longer that one. Its reader releases it. */
  open(file: ResolvedFile): OpenFile | NotOpened {
    const shared = this.#byPath.get(file.realPath)
    if (shared?.is(file) === true) {
      this.#idle.delete(shared)
      shared.hold()
      return shared
    }
    if (this.#open >= this.max) {
      const [idle] = this.#idle
      if (idle === undefined) return 'too-many'
      this.#close(idle)
    }
    const fd = opened(file.realPath)
    if (typeof fd !== 'number') return fd
    const stat = statOf(fd)
    // What is open is what was looked at, and so lies where it may: nothing has been put in its place.
    if (stat?.isFile() !== true || !isSameVersion(stat, file.stat)) {
      close(fd)
      return 'gone'
    }
    const open = new OpenFile(fd, file, (unread) => this.#onUnread(unread))
    this.#open++
    this.#byPath.set(file.realPath, open)
    return open
  }

  /** A file that is asked for again and again is opened once in a while only. */
  #onUnread(file: OpenFile): void {
    if (this.#closing || this.#idle.size >= IDLE_MAX || this.#byPath.get(file.realPath) !== file)
      return this.#close(file)
    this.#idle.add(file)
    this.#sweep ??= this.timers.after(IDLE_MS, () => {
      this.#sweep = undefined
      for (const idle of this.#idle) this.#close(idle)
    })
  }

  #close(file: OpenFile): void {
    close(file.fd)
    this.#open--
    this.#idle.delete(file)
    if (this.#byPath.get(file.realPath) === file) this.#byPath.delete(file.realPath)
  }
}

/** What lies behind a descriptor; undefined when the disk, or the server that it is on, does not say so (ESTALE, EIO). */
function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd)
  } catch {
    return undefined
  }
}

function close(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // The descriptor is given back all the same (close(2)), and nothing was written.
  }
}

function opened(path: string): number | NotOpened {
  try {
    return openSync(path, flags)
  } catch (error) {
    switch ((error as { code?: unknown }).code) {
      case 'EACCES':
      case 'EPERM':
        return 'not-permitted'
      case 'EMFILE':
      case 'ENFILE':
        return 'too-many'
      default:
        return 'gone'
    }
  }
}
