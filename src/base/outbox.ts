// What has been handed to a socket but not yet to the kernel. Bun's sockets write what the kernel takes and keep
// nothing: the rest stays here until `drain`.

/** The part of a socket that an outbox writes to; `write` returns how many bytes it took, negative when closed. */
export interface ByteSink {
  write(data: Uint8Array, byteOffset?: number, byteLength?: number): number
}

/** Bytes in order, on their way out of one socket. */
export class Outbox {
  #queue: Uint8Array[] = []
  /** Bytes that wait for the kernel. */
  waitingBytes = 0

  constructor(private readonly sink: ByteSink) {}

  /**
   * Sends bytes; returns whether the kernel has taken all that was ever sent. The outbox keeps a view of what is
   * left: the bytes must not change, unless `ownedBytes` says how many of the first must be copied because they will.
   */
  send(bytes: Uint8Array, from = 0, to = bytes.length, ownedBytes = 0): boolean {
    if (this.waitingBytes === 0) {
      const taken = this.sink.write(bytes, from, to - from)
      if (taken === to - from) return true
      if (taken > 0) from += taken
      ownedBytes -= Math.max(taken, 0)
    }
    if (ownedBytes > 0) {
      const owned = Math.min(ownedBytes, to - from)
      this.#queue.push(bytes.slice(from, from + owned))
      if (from + owned < to) this.#queue.push(bytes.subarray(from + owned, to))
    } else this.#queue.push(bytes.subarray(from, to))
    this.waitingBytes += to - from
    return false
  }

  /** Goes on when the socket drains; returns whether nothing waits any more. */
  flush(): boolean {
    const queue = this.#queue
    let sent = 0
    while (sent < queue.length) {
      const bytes = queue[sent]!
      const taken = this.sink.write(bytes, 0, bytes.length)
      if (taken > 0) this.waitingBytes -= taken
      if (taken < bytes.length) {
        if (taken > 0) queue[sent] = bytes.subarray(taken)
        break
      }
      sent++
    }
    if (sent > 0) this.#queue = queue.slice(sent)
    return this.waitingBytes === 0
  }

  /** Forgets what waits: the socket is gone. */
  clear(): void {
    this.#queue = []
    this.waitingBytes = 0
  }
}
