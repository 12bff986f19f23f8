// A file, or a part of one, on its way into a socket. By sendfile(2) where that can be, else through one small buffer
// that all share: however many clients read however slowly, what they have not taken stays in the file.
//
// Before each piece the file is looked at: one that has been written to since it was opened, or cut short, breaks the
// transfer off. Only what begins in the turn of the event loop in which the file was found needs no second look; behind
// another answer on the same connection it may wait for long. Replacing a file (rename) does not disturb those who read
// the old one.
import type { Timers } from '../../base/clock.ts'
import type { ByteSink, Pourable } from '../../base/outbox.ts'
import type { OpenFile } from './open-files.ts'
import { sendFile, sendMore } from './sendfile.ts'

/** For one call: the kernel stops at the socket's buffer long before, unless the client reads as fast as it writes. */
const PIECE_BYTES_MAX = 2 << 20
/** What one client gets before it is the turn of others. */
const TURN_BYTES_MAX = 16 << 20

/**
 * An ordinary write that is not taken whole is what makes Bun's socket tell when it takes more. To a slow client a short
 * one will do; a fast one takes it between two reads, and then a longer one is tried, so that there is room for a long
 * piece when the socket tells.
 */
const REFUSED_BYTES_MIN = 64 << 10

/** A client that takes so much at once has room again a moment later: to look then costs less than such a write. */
const FAST_BYTES = 256 << 10
const SOON_MS = 1

/** Half of a usual second-level cache: what is read into it is still there when it is written. */
const buffer = Buffer.allocUnsafeSlow(256 << 10)

/** What a file can still be asked for. */
export class FilePour implements Pourable {
  leftBytes: number
  #position: number
  /** Whether the file was looked at in this turn. */
  #isFresh = true
  #closed = false

  /** Releases the file in the end. */
  constructor(
    private readonly file: OpenFile,
    first: number,
    bytes: number,
    private readonly timers: Timers,
  ) {
    this.#position = first
    this.leftBytes = bytes
    queueMicrotask(() => {
      this.#isFresh = false
    })
  }

  pour(sink: ByteSink, socketFd: number, again: () => void): 'done' | 'full' | 'later' | 'broken' {
    if (!this.#isFresh && !this.file.unchanged) return 'broken'
    this.#isFresh = false
    let copied = buffer.length
    let refused = REFUSED_BYTES_MIN
    const until = this.leftBytes - TURN_BYTES_MAX
    while (this.leftBytes > until) {
      const bytes = Math.min(this.leftBytes, PIECE_BYTES_MAX)
      const sent = socketFd < 0 ? -1 : sendFile(socketFd, this.file.fd, this.#position, bytes)
      // The end of the file, before that of what was promised.
      if (sent === 0) return 'broken'
      if (sent > 0) {
        if (this.#taken(sent) === 'done') return 'done'
        if (sent === bytes) continue
        if (sent >= FAST_BYTES) return this.#later(SOON_MS, again)
        copied = refused
        refused = Math.min(4 * refused, buffer.length)
      }
      const outcome = this.#copy(sink, copied)
      if (outcome !== 'more') return outcome
    }
    return this.#later(0, again)
  }

  announce(socketFd: number, bytes: Uint8Array, count: number): number {
    return sendMore(socketFd, bytes, count)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.file.release()
  }

  #later(delayMs: number, again: () => void): 'later' {
    this.timers.after(delayMs, again)
    return 'later'
  }

  #taken(bytes: number): 'done' | 'more' {
    this.#position += bytes
    this.leftBytes -= bytes
    return this.leftBytes === 0 ? 'done' : 'more'
  }

  #copy(sink: ByteSink, bytesMax: number): 'done' | 'more' | 'full' | 'broken' {
    const read = this.file.read(buffer, Math.min(this.leftBytes, bytesMax), this.#position)
    if (read === 0) return 'broken'
    const taken = sink.write(buffer, 0, read)
    if (taken <= 0) return 'full'
    const outcome = this.#taken(taken)
    return outcome === 'more' && taken < read ? 'full' : outcome
  }
}
