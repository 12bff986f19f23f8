// A file, or a part of one, as an origin's answer: read in pieces, as fast as the receiver takes them. This is the way
// into the cache; to clients that a file can be poured to directly it goes by pour.ts.
import type { Timers } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import type { ResponseHead } from '../../http/message.ts'
import type { OriginCall, OriginEvents } from '../origin.ts'
import type { OpenFile } from './open-files.ts'

const PIECE_BYTES_MAX = 256 << 10
/** What is read before it is the turn of others. */
const TURN_BYTES_MAX = 2 << 20
/** What is read is lent, and read by the receiver before the next piece is. */
const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES_MAX)

/** A call that is answered from a file. Releases it in the end. */
export class FileStream implements OriginCall {
  #left: number
  #position: number
  #paused = false
  #reading = false
  #over = false

  constructor(
    private readonly file: OpenFile,
    part: { readonly first: number; readonly bytes: number },
    private readonly events: OriginEvents,
    private readonly timers: Timers,
  ) {
    this.#position = part.first
    this.#left = part.bytes
  }

  begin(head: ResponseHead): void {
    if (this.#over) return
    this.events.head(head, this.#left)
    this.read()
  }

  /** Takes it up; again after each turn, and after each pause. */
  read(): void {
    if (this.#reading) return
    this.#reading = true
    for (let turn = TURN_BYTES_MAX; !this.#paused && !this.#over;) {
      if (this.#left === 0) {
        this.#finish()
        break
      }
      if (turn <= 0) {
        this.timers.after(0, () => this.read())
        break
      }
      turn -= this.#piece()
    }
    this.#reading = false
  }

  write(): boolean {
    return true
  }

  finish(): void {}

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.read()
  }

  abort(): void {
    this.#close()
  }

  /** Returns how many bytes it was. */
  #piece(): number {
    const bytes = Math.min(this.#left, PIECE_BYTES_MAX)
    const read = this.file.read(buffer, bytes, this.#position)
    if (read === 0) {
      this.#break()
      return bytes
    }
    this.#position += read
    this.#left -= read
    this.events.part(buffer, 0, read)
    return read
  }

  /** What has been sent is one version only if nobody has written to the file meanwhile. */
  #finish(): void {
    if (!this.file.unchanged) return this.#break()
    this.#close()
    this.events.end(undefined)
  }

  #break(): void {
    this.#close()
    this.events.fail(
      new Failure('origin-closed', `${this.file.realPath} has changed while it was being read`),
    )
  }

  #close(): void {
    if (this.#over) return
    this.#over = true
    this.file.release()
  }
}
