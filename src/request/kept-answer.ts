// A short answer that is kept whole instead of being sent: an error page that the site makes itself.
import { ERROR_PAGE_BYTES_MAX } from '../cube/y/rule-errors.ts'
import type { ResponseHead } from '../http/message.ts'
import type { Client, Reply } from './reply.ts'
import type { Representation } from './representation.ts'

/** A body with its type. */
export interface KeptBody {
  readonly type: string | undefined
  readonly body: Uint8Array
}

/** Takes an answer; `done` gets it when it is a 200 that is whole, not coded and not too long, else undefined. */
export class KeptAnswer implements Reply {
  #status = 0
  #type: string | undefined
  #isCoded = false
  #chunks: Uint8Array[] = []
  #bytes = 0

  constructor(
    readonly client: Client,
    private readonly done: (kept: KeptBody | undefined) => void,
  ) {}

  /** What has been kept of the body; undefined when that is not all of it, or it is coded. */
  get body(): KeptBody | undefined {
    if (this.#isCoded || this.#bytes > ERROR_PAGE_BYTES_MAX) return undefined
    return { type: this.#type, body: Buffer.concat(this.#chunks, this.#bytes) }
  }

  interim(): void {
    // Of no interest before the answer.
  }

  stored(representation: Representation): void {
    this.start(representation)
    this.write(representation.body)
    this.finish()
  }

  /** Takes heads as fields alone. */
  forward(): boolean {
    return false
  }

  start({ status, fields }: ResponseHead): void {
    this.#status = status
    this.#type = fields.first('content-type')
    this.#isCoded = fields.has('content-encoding')
  }

  /** What is too long is read to its end, and forgotten. */
  write(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length
    if (this.#bytes > ERROR_PAGE_BYTES_MAX) this.#chunks = []
    else this.#chunks.push(Uint8Array.prototype.slice.call(chunk))
    return true
  }

  writePart(octets: Uint8Array, from: number, to: number): boolean {
    return this.write(octets.subarray(from, to))
  }

  finish(): void {
    this.done(this.#status === 200 ? this.body : undefined)
  }

  fail(): void {
    this.done(undefined)
  }

  wantBody(): void {
    // The request has none.
  }

  tunnel(): void {
    this.done(undefined)
  }

  pause(): void {
    // There is no body to pause.
  }

  resume(): void {
    // Nor to resume.
  }
}
