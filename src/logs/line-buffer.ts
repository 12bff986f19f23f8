// Lines on their way to a file: two pieces of memory, taken once. One is filled while the other is being written; when
// the one is full and the other not back yet, lines are dropped, and counted. So nobody ever waits for a log.

/** Lines that are handed over to be written. */
export interface FilledLines {
  readonly bytes: Buffer
  readonly length: number
}

/** Bounded, in bytes. */
export class LineBuffer {
  #filling: Buffer
  #spare: Buffer | undefined
  #length = 0
  /** Lines that found no room, ever. */
  dropped = 0

  constructor(readonly size: number) {
    this.#filling = Buffer.allocUnsafeSlow(size)
    this.#spare = Buffer.allocUnsafeSlow(size)
  }

  /** How much has been filled. */
  get length(): number {
    return this.#length
  }

  /**
   * Adds a line of at most `bytesMax`: `write` puts what is told of `what` at a position and returns the one after it.
   * Returns whether there was room.
   */
  add<T>(bytesMax: number, write: (what: T, into: Buffer, at: number) => number, what: T): boolean {
    if (this.#length + bytesMax > this.size) {
      this.dropped++
      return false
    }
    this.#length = write(what, this.#filling, this.#length)
    return true
  }

  /** The lines so far, which are the caller's until `giveBack`; undefined: none, or the last are not back yet. */
  take(): FilledLines | undefined {
    if (this.#length === 0 || this.#spare === undefined) return undefined
    const filled = { bytes: this.#filling, length: this.#length }
    this.#filling = this.#spare
    this.#spare = undefined
    this.#length = 0
    return filled
  }

  giveBack({ bytes }: FilledLines): void {
    this.#spare = bytes
  }
}
