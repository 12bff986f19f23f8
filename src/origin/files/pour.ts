// A file, or a part of one, on its way into a socket. By sendfile(2) where that can be, else through one small buffer
// that all share: however many clients read however slowly, what they have not taken stays in the file.
//
// Before each piece the file is looked at: one that has been written to since it was opened, or cut short, breaks the
// transfer off. Only what begins in the turn of the event loop in which the file was found needs no second look; behind
// another answer on the same connection it may wait for long. Replacing a file (rename) does not disturb those who read
// the old one.
import type { ByteSink, Pourable } from '../../base/outbox.ts'
import type { OpenFile } from './open-files.ts'

/** For one call: the kernel stops at the socket's buffer long before, unless the client reads as fast as it writes. */
const PIECE_BYTES_MAX = 2 << 20
/** What one client gets before it is the turn of others. */
const TURN_BYTES_MAX = 16 << 20

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
  ) {
    this.#position = first
    this.leftBytes = bytes
    queueMicrotask(() => {
      this.#isFresh = false
    })
  }

  pour(sink: ByteSink): 'done' | 'full' | 'broken' {
    if (!this.#isFresh && !this.file.unchanged) return 'broken'
    this.#isFresh = false
    const until = this.leftBytes - TURN_BYTES_MAX
    while (this.leftBytes > until) {
      const outcome = sink.sendFile === undefined ? this.#copy(sink) : this.#send(sink)
      if (outcome !== 'more') return outcome
    }
    sink.askDrain()
    return 'full'
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.file.release()
  }

  #send(sink: ByteSink): 'done' | 'more' | 'full' | 'broken' {
    const bytes = Math.min(this.leftBytes, PIECE_BYTES_MAX)
    const sent = sink.sendFile!(this.file.fd, this.#position, bytes)
    // The end of the file, before that of what was promised.
    if (sent === 0) return 'broken'
    return this.#taken(sent, bytes)
  }

  #copy(sink: ByteSink): 'done' | 'more' | 'full' | 'broken' {
    const read = this.file.read(buffer, Math.min(this.leftBytes, buffer.length), this.#position)
    if (read === 0) return 'broken'
    return this.#taken(sink.write(buffer, 0, read), read)
  }

  #taken(taken: number, bytes: number): 'done' | 'more' | 'full' {
    if (taken <= 0) return 'full'
    this.#position += taken
    this.leftBytes -= taken
    if (this.leftBytes === 0) return 'done'
    return taken < bytes ? 'full' : 'more'
  }
}
