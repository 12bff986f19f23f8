// An origin in the test's hand: it keeps every exchange, and answers only when and what a test says.
import { assert } from '../src/base/assert.ts'
import { Failure, type FailureCode } from '../src/base/failure.ts'
import type { Fields } from '../src/http/fields.ts'
import type { Origin, OriginCall, OriginEvents, OriginRequest } from '../src/origin/origin.ts'
import { fieldsOf, type FieldTable } from './exchange.ts'
import { lend } from './lent.ts'

/** An origin that does nothing by itself. */
export class FakeOrigin implements Origin {
  readonly connections = { open: 0, idle: 0, queued: 0 }
  readonly exchanges: FakeExchange[] = []

  send(request: OriginRequest, events: OriginEvents): FakeExchange {
    const exchange = new FakeExchange(request, events)
    this.exchanges.push(exchange)
    return exchange
  }

  close(): void {}

  /** The exchange that began last. */
  get last(): FakeExchange {
    const last = this.exchanges.at(-1)
    assert(last !== undefined, 'the origin was not asked')
    return last
  }
}

/** One exchange: what the engine did with it, and the words to answer it. */
export class FakeExchange implements OriginCall {
  aborted = false
  paused = false
  /** What `write` says. */
  accepting = true
  /** The request's body so far. */
  received = Buffer.alloc(0)
  finished = false
  trailers: Fields | undefined
  /** Whether a final answer has begun. */
  answered = false
  #over = false

  constructor(
    readonly request: OriginRequest,
    private readonly events: OriginEvents,
  ) {}

  /** The request's field, by its name in lower case. */
  field(key: string): string | undefined {
    return this.request.gateway.fields.get(key) ?? this.request.fields.get(key)
  }

  write(chunk: Uint8Array): boolean {
    this.received = Buffer.concat([this.received, chunk])
    return this.accepting
  }

  finish(trailers: Fields | undefined): void {
    this.finished = true
    this.trailers = trailers
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  abort(): void {
    this.aborted = true
    this.#over = true
  }

  /** A whole response with a Content-Length. */
  answer(status: number, fields: FieldTable = {}, body = ''): void {
    const bytes = Buffer.from(body)
    this.head(status, { ...fields, 'Content-Length': String(bytes.length) }, bytes.length)
    if (bytes.length > 0) this.data(bytes)
    this.end()
  }

  /** As the contract has it: nothing more comes after the end, a failure or an abort. */
  head(status: number, fields: FieldTable = {}, bodyBytes?: number): void {
    if (this.#over) return
    this.answered = true
    this.events.head({ status, reason: '', fields: fieldsOf(fields) }, bodyBytes)
  }

  interim(status: number, fields: FieldTable = {}): void {
    if (!this.#over) this.events.interim({ status, reason: '', fields: fieldsOf(fields) })
  }

  upgraded(fields: FieldTable = {}): void {
    if (!this.#over) this.events.upgraded({ status: 101, reason: '', fields: fieldsOf(fields) })
  }

  data(bytes: string | Uint8Array): void {
    if (this.#over) return
    const piece = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    lend(piece, (octets, end) => this.events.part(octets, 0, end))
  }

  end(trailers?: Fields): void {
    if (this.#over) return
    this.#over = true
    this.events.end(trailers)
  }

  fail(code: FailureCode): void {
    if (this.#over) return
    this.#over = true
    this.events.fail(new Failure(code, 'as the test says'))
  }

  writable(): void {
    if (!this.#over) this.events.writable()
  }
}
