// One request on its way through the pool: it may wait for a connection, and begin anew on another.
import type { Failure } from '../../base/failure.ts'
import type { Fields } from '../../http/fields.ts'
import { isIdempotent } from '../../http/idempotent.ts'
import type { ResponseHead } from '../../http/message.ts'
import type { OriginCall, OriginEvents, OriginRequest } from '../origin.ts'
import type { Exchange, OriginConnection } from './connection.ts'

/** The pool that a call goes through. */
export interface Pool {
  /** Gives the call a connection, a new one where `fresh`, or a place in the queue. */
  dispatch(call: Call, fresh: boolean): void
  /** A connection has become free for another exchange. */
  release(connection: OriginConnection): void
  /** The origin has switched protocols on a connection. */
  tunnelled(connection: OriginConnection): void
  /** A call that was given up leaves the queue. */
  forget(call: Call): void
}

/** One request under way; survives a change of connection. */
export class Call implements OriginCall, Exchange {
  ended = false
  queuedMs = 0
  #connection: OriginConnection | undefined
  #retried = false
  #answered = false
  #paused = false
  /** Body that came before there was a connection. */
  #early: Uint8Array[] | undefined
  #finished: { trailers: Fields | undefined } | undefined

  constructor(
    readonly request: OriginRequest,
    private readonly events: OriginEvents,
    private readonly pool: Pool,
  ) {}

  begin(connection: OriginConnection): void {
    this.#connection = connection
    connection.start(this)
    if (this.#paused) connection.pause()
    if (this.request.body.kind !== 'stream') return
    for (const chunk of this.#early ?? []) connection.write(chunk)
    this.#early = undefined
    if (this.#finished !== undefined) connection.finish(this.#finished.trailers)
    if (connection.outbox.waitingBytes === 0) this.events.writable()
  }

  write(chunk: Uint8Array): boolean {
    if (this.ended) return true
    if (this.#connection !== undefined) return this.#connection.write(chunk)
    this.#early ??= []
    this.#early.push(Uint8Array.prototype.slice.call(chunk))
    return false
  }

  finish(trailers: Fields | undefined): void {
    if (this.ended) return
    this.#finished = { trailers }
    this.#connection?.finish(trailers)
  }

  pause(): void {
    this.#paused = true
    this.#connection?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#connection?.resume()
  }

  abort(): void {
    if (this.ended) return
    this.ended = true
    if (this.#connection === undefined) this.pool.forget(this)
    else this.#connection.abort()
  }

  interim(head: ResponseHead): void {
    this.#answered = true
    this.events.interim(head)
  }

  head(head: ResponseHead, bodyBytes: number | undefined): void {
    this.#answered = true
    this.events.head(head, bodyBytes)
  }

  part(octets: Uint8Array, from: number, to: number): void {
    this.events.part(octets, from, to)
  }

  end(trailers: Fields | undefined, reusable: boolean): void {
    const connection = this.#connection!
    const wasEnded = this.ended
    this.ended = true
    if (reusable) this.pool.release(connection)
    if (!wasEnded) this.events.end(trailers)
  }

  fail(failure: Failure, silent: boolean): void {
    if (this.ended) return
    // RFC 9110 §9.2.2: a kept connection that was closed without an answer had been given up before the request came;
    // a method that is idempotent, with a body that can be sent again, is tried once more, on a new connection.
    const replayable = this.request.body.kind !== 'stream' && this.request.upgrade === undefined
    if (
      silent &&
      this.#connection?.kept === true &&
      !this.#retried &&
      !this.#answered &&
      replayable &&
      isIdempotent(this.request.method)
    ) {
      this.#retried = true
      this.#connection = undefined
      this.pool.dispatch(this, true)
      return
    }
    this.ended = true
    this.events.fail(failure)
  }

  writable(): void {
    this.events.writable()
  }

  upgraded(head: ResponseHead): void {
    this.#answered = true
    this.pool.tunnelled(this.#connection!)
    this.events.upgraded(head)
  }
}
