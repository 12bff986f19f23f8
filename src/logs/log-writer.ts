// Brings lines from a buffer to their destination: when enough have come together, or after a time. What the
// destination does not take is tried again; meanwhile the buffer fills, and what finds no room in it is counted.
import type { Timer, Timers } from '../base/clock.ts'
import { messageOf } from '../base/thrown.ts'
import type { FilledLines, LineBuffer } from './line-buffer.ts'
import { type LogDestination } from './log-file.ts'

/** So much is written without waiting for more: few calls, and memory that the processor's cache holds. */
const ENOUGH_BYTES = 65_536
/** Of a small buffer no more than this share: it fills while it is being written. */
const ENOUGH_SHARE = 0.25
/** After so long a destination that took nothing is tried again. */
const RETRY_MS = 100

const LF = 10

/** What a writer is made of. */
export interface LogWriterParts {
  readonly buffer: LineBuffer
  readonly destination: LogDestination
  readonly timers: Timers
  readonly flushMs: number
  /** Lines could not be written, or were dropped. */
  problem(text: string): void
}

/** Writes the lines of one log. */
export class LogWriter {
  readonly #parts: LogWriterParts
  readonly #enoughBytes: number
  readonly #tick: Timer
  #writing: Promise<void> | undefined
  #isClosed = false
  #toldDropped = 0
  #endPause: (() => void) | undefined

  constructor(parts: LogWriterParts) {
    this.#parts = parts
    this.#enoughBytes = Math.min(ENOUGH_BYTES, parts.buffer.size * ENOUGH_SHARE)
    this.#tick = parts.timers.every(parts.flushMs, () => {
      this.flush()
      this.#tellDropped()
    })
  }

  /** To be called when a line has been added. */
  added(): void {
    if (this.#parts.buffer.length >= this.#enoughBytes) this.flush()
  }

  /** Begins to write what there is, unless that is going on. */
  flush(): void {
    if (this.#writing !== undefined || this.#parts.buffer.length === 0) return
    this.#writing = this.#write().finally(() => (this.#writing = undefined))
  }

  /** The lines to come go to the file that has the log's name then. */
  reopen(): void {
    this.#parts.destination.reopen()
    this.flush()
  }

  /** Writes what is left; gives up what cannot be written within `waitMs`. */
  async close(waitMs: number): Promise<void> {
    this.#tick.cancel()
    const { timers, buffer, destination } = this.#parts
    const given = Promise.withResolvers<void>()
    const timer = timers.after(waitMs, () => {
      this.#isClosed = true
      this.#endPause?.()
      given.resolve()
    })
    const left = async (): Promise<void> => {
      while (!this.#isClosed && (this.#writing !== undefined || buffer.length > 0)) {
        this.flush()
        await this.#writing
      }
    }
    await Promise.race([left(), given.promise])
    timer.cancel()
    this.#isClosed = true
    this.#tellDropped()
    if (this.#writing === undefined) await destination.close()
  }

  async #write(): Promise<void> {
    const { buffer } = this.#parts
    for (let lines = buffer.take(); lines !== undefined && !this.#isClosed; lines = buffer.take()) {
      await this.#writeAll(lines)
      buffer.giveBack(lines)
      if (buffer.length < this.#enoughBytes) return
    }
  }

  async #writeAll({ bytes, length }: FilledLines): Promise<void> {
    const { destination } = this.#parts
    let isReady = false
    for (let at = 0; at < length && !this.#isClosed;) {
      try {
        // Only between lines: the rest of one belongs behind its beginning.
        if (!isReady) await destination.ready(length - at)
        isReady = true
        at += await destination.write(bytes, at, length)
      } catch (error) {
        const { code } = error as { code?: string }
        if (code !== 'EAGAIN')
          this.#parts.problem(`${destination.name} cannot be written to: ${messageOf(error)}`)
        if (code === 'EPIPE') {
          // Its reader has gone with a part of a line; the next one begins with a whole one.
          destination.reopen()
          isReady = false
          if (at > 0 && bytes[at - 1] !== LF) at = bytes.indexOf(LF, at) + 1
        }
        await this.#pause()
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#parts.timers.after(RETRY_MS, resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #tellDropped(): void {
    const { buffer, destination } = this.#parts
    const more = buffer.dropped - this.#toldDropped
    if (more === 0) return
    this.#toldDropped = buffer.dropped
    this.#parts.problem(`${more} lines were dropped: ${destination.name} does not take them fast enough`)
  }
}
