// Bytes as they arrive from a socket, and the waits of those who read them. Nothing here knows HTTP.

/** A growing buffer with one reader. */
export class ByteReader {
  #bytes = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined

  /** All that has arrived and was not taken. */
  get pending(): Buffer {
    return this.#bytes
  }

  /** Whether the peer has finished sending (by FIN, reset or a local close). */
  get ended(): boolean {
    return this.#ended
  }

  push(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk])
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** Waits for one more chunk, or for the end. */
  async more(): Promise<void> {
    if (this.#ended) return
    await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = undefined
  }

  /** Takes `count` bytes; undefined when the end comes before. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#bytes.length < count && !this.#ended) await this.more()
    return this.#bytes.length < count ? undefined : this.takeNow(count)
  }

  /** Takes up to and including `mark`; undefined when the end comes before. */
  async takeThrough(mark: string): Promise<Buffer | undefined> {
    let from = 0
    for (;;) {
      const at = this.#bytes.indexOf(mark, from, 'latin1')
      if (at >= 0) return this.takeNow(at + mark.length)
      if (this.#ended) return undefined
      from = Math.max(0, this.#bytes.length - mark.length)
      await this.more()
    }
  }

  /** Takes everything until the end. */
  async takeAll(): Promise<Buffer> {
    while (!this.#ended) await this.more()
    return this.takeNow(this.#bytes.length)
  }

  /** Takes at most `count` bytes that are already here. */
  takeNow(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    return taken
  }
}
