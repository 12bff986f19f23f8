// A client of a fetch: its visit, and how far it has been sent the body. It is also what the listener tells of the
// request's body, and of a client that takes more or has gone.
import type { ContentCoding } from '../http/encode.ts'
import type { Fields } from '../http/fields.ts'
import { CodedReply } from './coded-reply.ts'
import { toCoded } from './downstream.ts'
import type { Fetch } from './fetch.ts'
import type { RequestCall } from './reply.ts'
import type { Visit } from './visit.ts'

/** A client of a fetch: its visit, and how far it has been sent the body. */
export class Consumer implements RequestCall {
  fetch: Fetch | undefined
  /** Position in the fetch's chunks. */
  next = 0
  /** What it has been sent of them, in bytes. */
  sentBytes = 0
  blocked = false
  /** Its answer is complete, or broken off. */
  done = false
  /** Called when there is more of a body that the engine collects itself. */
  collector: { data(chunk: Uint8Array): void; end(): void } | undefined
  #coded: CodedReply | undefined

  constructor(readonly visit: Visit) {}

  get bodyBytesMax(): number {
    return this.visit.route.bodyBytesMax
  }

  data(chunk: Uint8Array): void {
    if (this.collector !== undefined) this.collector.data(chunk)
    else this.fetch?.requestData(this, chunk)
  }

  end(trailers: Fields | undefined): void {
    if (this.collector !== undefined) this.collector.end()
    else this.fetch?.requestEnd(this, trailers)
  }

  writable(): void {
    if (this.#coded === undefined) this.#takesMore()
    else this.#coded.clientWritable()
  }

  gone(): void {
    this.#coded?.clientGone()
    if (this.done) return
    this.done = true
    this.fetch?.leave(this)
  }

  /** Has the answer coded on its way, unless too many are. Without a body, HEAD, the fields tell of it alone. */
  code(coding: ContentCoding, fields: Fields, hasBody: boolean): void {
    if (hasBody) {
      this.#coded = CodedReply.open(this.visit.reply, coding, {
        writable: () => this.#takesMore(),
        broken: () => this.gone(),
      })
      if (this.#coded === undefined) return
      this.visit.reply = this.#coded
    }
    toCoded(fields, coding)
  }

  #takesMore(): void {
    this.blocked = false
    this.fetch?.pump(this)
  }
}
