// The body of a request on Bun.serve: read piece by piece, as the origin takes it. The runtime reads no more of the client
// meanwhile.
import { Failure } from '../base/failure.ts'
import type { RequestBody } from '../http/request-view.ts'
import type { RequestCall } from '../request/reply.ts'

/** What an upload tells of. */
export interface UploadEvents {
  /** The body is not what was announced, or too large; nothing of it is told any more. */
  refused(failure: Failure): void
  /** The client went before the body was complete. */
  gone(): void
}

/** Reads one body. */
export class ServeUpload {
  /** Bytes that have come, ever. */
  bytes = 0
  #isPaused = false
  #resumed: (() => void) | undefined
  #isOver = false

  constructor(
    private readonly announced: RequestBody,
    private readonly bytesMax: number,
    private readonly call: RequestCall,
    private readonly events: UploadEvents,
  ) {}

  /** Whether more is waited for. */
  get isWaiting(): boolean {
    return !this.#isOver && !this.#isPaused
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Reads until the end. `stream` null: there is nothing in it. */
  begin(stream: ReadableStream<Uint8Array> | null): void {
    if (stream === null) this.#ended()
    else void this.#read(stream)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#resumed?.()
    this.#resumed = undefined
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#isOver = true
    this.resume()
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader()
    try {
      while (!this.#isOver) {
        if (this.#isPaused) await new Promise<void>((resolve) => (this.#resumed = resolve))
        const { done, value } = await reader.read()
        if (this.#isOver) break
        if (done) return this.#ended()
        this.#came(value)
      }
      // The stream is of no use any more; that it cannot be cancelled says that it has ended.
      await reader.cancel().catch(() => {})
    } catch {
      // The runtime ends the stream with an error when the client has gone, or has broken the protocol.
      if (this.#isOver) return
      this.#isOver = true
      this.events.gone()
    }
  }

  #came(chunk: Uint8Array): void {
    this.bytes += chunk.length
    const { announced } = this
    if (this.bytes > this.bytesMax)
      return this.#refuse(new Failure('body-too-large', `the body is larger than ${this.bytesMax} bytes`))
    // RFC 9113 §8.1.1: DATA of another length than was announced makes a request malformed.
    if (announced.kind === 'length' && this.bytes > announced.bytes) return this.#refuse(otherLength())
    this.call.data(chunk)
  }

  #ended(): void {
    const { announced } = this
    if (announced.kind === 'length' && this.bytes < announced.bytes) return this.#refuse(otherLength())
    this.#isOver = true
    this.call.end(undefined)
  }

  #refuse(failure: Failure): void {
    this.stop()
    this.events.refused(failure)
  }
}

const otherLength = (): Failure =>
  new Failure('bad-request', 'the body has another length than Content-Length says')
