// The body of a request on an HTTP/2 stream: on to the engine as it comes, and no more granted than that takes (RFC 9113 §6.9).
import type { Fields } from '../http/fields.ts'
import type { RequestCall } from '../request/reply.ts'

/** What a client may send on a stream before it is granted more. */
export const UPLOAD_WINDOW = 256 << 10
/** Shorter pieces that wait are put together. */
const JOINED_BYTES_MAX = 16_384

/** How a frame of a body stands to what was announced, and to what may be. */
export type UploadOutcome = 'right' | 'too-long' | 'too-large'

/** A body on its way in. */
export class Http2Upload {
  call: RequestCall | undefined
  /** Whether the client has said all of it. */
  hasEnded = false
  isPaused = false
  /** Whether the client waits for 100 (Continue). */
  awaitsContinue: boolean
  /** What the client may send before it is granted more. */
  window = UPLOAD_WINDOW
  /** What came since this was last looked at, and when that was. */
  windowBytes = 0
  windowMs: number
  /** Taken by the engine, and not granted anew. */
  owedBytes = 0
  #bytes = 0
  #trailers: Fields | undefined
  #waiting: Buffer[] | undefined

  /** `lengthBytes`: what was announced; -1: nothing was. */
  constructor(
    private readonly lengthBytes: number,
    private readonly bytesMax: number,
    awaitsContinue: boolean,
    /** Whether an answer has no body (HEAD). */
    readonly headOnly: boolean,
    nowMs: number,
  ) {
    this.awaitsContinue = awaitsContinue
    this.windowMs = nowMs
  }

  /** Whether the body is as long as it was announced (RFC 9113 §8.1.1). */
  get isWhole(): boolean {
    return this.lengthBytes < 0 || this.#bytes === this.lengthBytes
  }

  /** A frame with so much of the body begins. */
  begin(bytes: number): UploadOutcome {
    this.#bytes += bytes
    if (this.lengthBytes >= 0 && this.#bytes > this.lengthBytes) return 'too-long'
    return this.#bytes > Math.min(this.bytesMax, this.call?.bodyBytesMax ?? Infinity) ? 'too-large' : 'right'
  }

  /** Takes octets of a frame, which are lent. */
  take(octets: Buffer, from: number, to: number): void {
    const bytes = to - from
    this.awaitsContinue = false
    this.windowBytes += bytes
    if (!this.isPaused && this.#waiting === undefined) {
      this.owedBytes += bytes
      this.call?.data(octets.subarray(from, to))
      return
    }
    const waiting = (this.#waiting ??= [])
    const last = waiting.at(-1)
    const piece = octets.subarray(from, to)
    if (last !== undefined && last.length + bytes <= JOINED_BYTES_MAX)
      waiting[waiting.length - 1] = Buffer.concat([last, piece])
    else waiting.push(Buffer.from(piece))
  }

  end(trailers: Fields | undefined): void {
    this.hasEnded = true
    this.#trailers = trailers
    if (this.#waiting === undefined) this.call?.end(trailers)
  }

  /** The engine takes more: it gets what waits. */
  resume(): void {
    this.isPaused = false
    const waiting = this.#waiting
    if (waiting === undefined) return
    while (waiting.length > 0) {
      // It may pause in between.
      if (this.isPaused) return
      const piece = waiting.shift()!
      this.owedBytes += piece.length
      this.call?.data(piece)
    }
    this.#waiting = undefined
    if (this.hasEnded) this.call?.end(this.#trailers)
  }

  /** Nobody wants the rest. Returns how many bytes waited. */
  drop(): number {
    this.call = undefined
    const bytes = (this.#waiting ?? []).reduce((sum, { length }) => sum + length, 0)
    this.#waiting = undefined
    return bytes
  }
}
