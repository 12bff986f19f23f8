// What has been handed to a socket but not yet to the kernel. Bun's sockets write what the kernel takes and keep
// nothing: the rest stays here until `drain`.
import { free } from './free.ts'

/** The part of a socket that an outbox writes to. What is written is the writer's again at once. */
export interface ByteSink {
  /** Returns how many bytes it took, negative when it is closed. `drain` follows when it took less than it was given. */
  write(data: Uint8Array, byteOffset?: number, byteLength?: number): number
  /**
   * As `write`, of a piece of a file, without a copy through memory. 0: the end of the file; negative: it takes none now.
   * Only where the kernel may write to the socket by itself, which is never so with TLS.
   */
  sendFile?(fileFd: number, position: number, bytes: number): number
  /** Has `drain` follow as soon as it takes something, although nothing was refused. */
  askDrain(): void
  /** Breaks the connection off; called when what was to be poured into it cannot be had any more. */
  terminate(): void
}

/** Bytes that would be freed if nobody said that they are still needed. */
export interface Held {
  hold(): void
  release(): void
}

/** Shorter pieces are left to the collector. */
const FREED_BYTES_MIN = 4096

/** Bytes that are nobody else's: whoever sends them holds them only until the kernel has taken them. */
export class OwnBytes implements Held {
  constructor(private readonly bytes: Uint8Array) {}

  hold(): void {
    // By the one who made it.
  }

  release(): void {
    if (this.bytes.length >= FREED_BYTES_MIN) free(this.bytes)
  }
}

/** Bytes that lie elsewhere than in memory, in a file, and are put into the socket piece by piece, as it takes them. */
export interface Pourable {
  /** What no socket has taken yet. */
  readonly leftBytes: number
  /**
   * Puts into a socket what it takes. 'full': it takes no more for now, and `drain` follows; 'broken': the rest will never
   * come, and the other side must see that.
   */
  pour(sink: ByteSink): 'done' | 'full' | 'broken'
  /** Nobody needs it any more; may be called more than once. */
  close(): void
}

interface Waiting {
  bytes: Uint8Array
  readonly source: Held | undefined
  readonly pourable?: Pourable
}

const noBytes = new Uint8Array(0)
/** Of an outbox in which nothing waits, as of most connections at most times: none has an array of its own for it. */
const nothing: readonly Waiting[] = []

/** Bytes in order, on their way out of one socket. */
export class Outbox {
  #queue: readonly Waiting[] = nothing
  /** Bytes that wait for the kernel. */
  waitingBytes = 0

  constructor(private readonly sink: ByteSink) {}

  /**
   * Sends what is not in memory, behind a head, the first `headBytes` of bytes that will be overwritten. Returns whether
   * the kernel has taken all that was ever sent.
   */
  sendFrom(pourable: Pourable, head: Uint8Array, headBytes: number): boolean {
    if (headBytes > 0) this.send(head, 0, headBytes, headBytes)
    const isFirst = this.waitingBytes === 0
    this.waitingBytes += pourable.leftBytes
    this.#wait({ bytes: noBytes, source: undefined, pourable })
    return isFirst && this.flush()
  }

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
      this.#wait({ bytes: copy, source: new OwnBytes(copy) })
      at = end
    }
    if (at < to) {
      source?.hold()
      this.#wait({ bytes: bytes.subarray(at, to), source })
    }
    return false
  }

  /** Goes on when the socket drains; returns whether nothing waits any more. */
  flush(): boolean {
    const queue = this.#queue
    let sent = 0
    while (sent < queue.length) {
      const waiting = queue[sent]!
      if (waiting.pourable !== undefined) {
        const outcome = this.#pour(waiting.pourable)
        // Closed meanwhile: nothing waits any more.
        if (this.#queue !== queue) return false
        if (outcome === 'broken') {
          this.#queue = queue.slice(sent)
          this.clear()
          this.sink.terminate()
          return false
        }
        if (outcome !== 'done') break
        waiting.pourable.close()
        sent++
        continue
      }
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
    if (sent > 0) this.#queue = sent === queue.length ? nothing : queue.slice(sent)
    return this.waitingBytes === 0
  }

  #wait(waiting: Waiting): void {
    if (this.#queue === nothing) this.#queue = [waiting]
    else (this.#queue as Waiting[]).push(waiting)
  }

  #pour(pourable: Pourable): 'done' | 'full' | 'broken' {
    const before = pourable.leftBytes
    const outcome = pourable.pour(this.sink)
    this.waitingBytes -= before - pourable.leftBytes
    return outcome
  }

  /** Forgets what waits: the socket is gone. */
  clear(): void {
    const queue = this.#queue
    this.#queue = nothing
    for (const { source, pourable } of queue) {
      source?.release()
      pourable?.close()
    }
    this.waitingBytes = 0
  }
}
