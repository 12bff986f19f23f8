// What has been handed to a socket but not yet to the kernel. Bun's sockets write what the kernel takes and keep
// nothing: the rest stays here until `drain`.

/** The part of a socket that an outbox writes to; `write` returns how many bytes it took, negative when closed. */
export interface ByteSink {
  write(data: Uint8Array, byteOffset?: number, byteLength?: number): number
}

/** Bytes that would be freed if nobody said that they are still needed. */
export interface Held {
  hold(): void
  release(): void
}

interface Waiting {
  bytes: Uint8Array
  readonly source: Held | undefined
}

/** Bytes in order, on their way out of one socket. */
export class Outbox {
  #queue: Waiting[] = []
  /** Bytes that wait for the kernel. */
  waitingBytes = 0

  constructor(private readonly sink: ByteSink) {}

  /**
   * Sends bytes; returns whether the kernel has taken all that was ever sent. What it has not taken is kept as a view,
   * and `source` is held meanwhile; the first `copiedBytes` are copied instead, because they will be overwritten.
   */
  send(bytes: Uint8Array, from = 0, to = bytes.length, copiedBytes = 0, source?: Held): boolean {
    let copied = copiedBytes
    let at = from
    if (this.waitingBytes === 0) {
      const taken = this.sink.write(bytes, from, to - from)
      if (taken === to - from) return true
      if (taken > 0) {
        at += taken
        copied -= taken
      }
    }
    this.waitingBytes += to - at
    if (copied > 0) {
      const end = Math.min(to, at + copied)
      // Not `bytes.slice`, which for a Buffer is a view.
      const copy = Uint8Array.prototype.slice.call(bytes, at, end)
      this.#queue.push({ bytes: copy, source: undefined })
      at = end
    }
    if (at < to) {
      source?.hold()
      this.#queue.push({ bytes: bytes.subarray(at, to), source })
    }
    return false
  }

  /** Goes on when the socket drains; returns whether nothing waits any more. */
  flush(): boolean {
    const queue = this.#queue
    let sent = 0
    while (sent < queue.length) {
      const waiting = queue[sent]!
      const { length } = waiting.bytes
      const taken = this.sink.write(waiting.bytes, 0, length)
      if (taken > 0) this.waitingBytes -= taken
      if (taken < length) {
        if (taken > 0) waiting.bytes = waiting.bytes.subarray(taken)
        break
      }
      waiting.source?.release()
      sent++
    }
    if (sent > 0) this.#queue = queue.slice(sent)
    return this.waitingBytes === 0
  }

  /** Forgets what waits: the socket is gone. */
  clear(): void {
    for (const { source } of this.#queue) source?.release()
    this.#queue = []
    this.waitingBytes = 0
  }
}
