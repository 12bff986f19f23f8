// A client as the engine sees it: takes an answer and keeps it. A slow one takes a body only when told to, as a socket
// does that the kernel takes nothing from.
import { assert } from '../src/base/assert.ts'
import type { Held } from '../src/base/outbox.ts'
import type { Reason } from '../src/base/reason.ts'
import type { Fields } from '../src/http/fields.ts'
import type { ResponseHead } from '../src/http/message.ts'
import { hitStatus } from '../src/request/cache-status.ts'
import type { Client, Reply } from '../src/request/reply.ts'
import type { Representation } from '../src/request/representation.ts'

/** Takes one answer. */
export class FakeReply implements Reply {
  client: Client = { address: '192.0.2.7', trusted: false }
  readonly interims: ResponseHead[] = []
  head: ResponseHead | undefined
  /** As `start` announced it. */
  bodyBytes: number | undefined
  outcome: 'waiting' | 'started' | 'complete' | 'failed' | 'tunnel' = 'waiting'
  trailers: Fields | undefined
  bodyWanted = false
  bodyPaused = false
  /** What `write` says; of a stored answer the body is then taken by `drain` alone. */
  slow = false
  /** What a slow client still needs of what it was sent in one piece. */
  readonly heldSources: Held[] = []
  #chunks: Uint8Array[] = []
  #held: Representation | undefined

  get status(): number | undefined {
    return this.head?.status
  }

  get body(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** A field of the answer by its name in lower case; Age and Cache-Status too. */
  field(key: string): string | undefined {
    return this.head?.fields.get(key)
  }

  /** The reason that Cache-Status gives. */
  get reason(): string | undefined {
    return /detail=([a-z-]+)$/.exec(this.field('cache-status') ?? '')?.[1]
  }

  interim(head: ResponseHead): void {
    this.interims.push(head)
  }

  stored(
    representation: Representation,
    headOnly: boolean,
    ageSeconds: number,
    ttlSeconds: number,
    reason: Reason,
    member: string | undefined,
  ): void {
    assert(this.outcome === 'waiting', 'a second answer to one request')
    const fields = representation.fields.clone()
    if (ageSeconds >= 0) fields.append('Age', String(ageSeconds))
    fields.append('Cache-Status', member ?? hitStatus(reason, ttlSeconds))
    this.head = { status: representation.status, reason: representation.reason, fields }
    this.outcome = 'complete'
    if (headOnly) return
    if (!this.slow) {
      this.#chunks.push(Buffer.from(representation.body))
      return
    }
    representation.source?.hold()
    this.#held = representation
  }

  /** Takes what the slow client has left of a stored answer. */
  drain(): void {
    const held = this.#held
    assert(held !== undefined, 'nothing was left')
    this.#held = undefined
    this.#chunks.push(Buffer.from(held.body))
    held.source?.release()
  }

  /** Takes heads as fields alone, as a protocol does whose heads have another form. */
  forward(): boolean {
    return false
  }

  start(head: ResponseHead, bodyBytes: number | undefined, _hasBody: boolean): void {
    assert(this.outcome === 'waiting', 'a second answer to one request')
    this.head = { status: head.status, reason: head.reason, fields: head.fields.clone() }
    this.bodyBytes = bodyBytes
    this.outcome = 'started'
  }

  write(chunk: Uint8Array, source?: Held): boolean {
    assert(this.outcome === 'started' || this.outcome === 'tunnel', 'body without a head')
    this.#chunks.push(Buffer.from(chunk))
    if (this.slow && source !== undefined) {
      source.hold()
      this.heldSources.push(source)
    }
    return !this.slow
  }

  writePart(octets: Uint8Array, from: number, to: number): boolean {
    return this.write(octets.subarray(from, to))
  }

  finish(trailers: Fields | undefined): void {
    assert(this.outcome === 'started' || this.outcome === 'tunnel', 'an end without a head')
    this.outcome = 'complete'
    this.trailers = trailers
  }

  fail(): void {
    this.outcome = 'failed'
  }

  wantBody(): void {
    this.bodyWanted = true
  }

  tunnel(head: ResponseHead): void {
    this.head = head
    this.outcome = 'tunnel'
  }

  pause(): void {
    this.bodyPaused = true
  }

  resume(): void {
    this.bodyPaused = false
  }
}
