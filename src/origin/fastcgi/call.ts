// One request to a FastCGI application on its way through the pool: it may wait for a connection, and begin anew on
// another.
import type { Failure } from '../../base/failure.ts'
import { free } from '../../base/free.ts'
import { Fields } from '../../http/fields.ts'
import { isIdempotent } from '../../http/idempotent.ts'
import type { ResponseHead } from '../../http/message.ts'
import type { OriginCall, OriginEvents, OriginRequest } from '../origin.ts'
import type { Exchange, FastCgiConnection } from './connection.ts'
import { AHEAD_BYTES_MAX, ReadAhead, type AheadRoom } from './read-ahead.ts'
import type { RequestId } from './request-id.ts'
import type { Script } from './variables.ts'

/** The pool that a call goes through. */
export interface Pool {
  readonly ahead: AheadRoom
  /** Gives the call a connection, a new one where `fresh`, or a place in the queue. */
  dispatch(call: Call, fresh: boolean): void
  /** A connection has become free for another exchange. */
  release(connection: FastCgiConnection): void
  /** A call that was given up leaves the queue. */
  forget(call: Call): void
}

/** One request under way; survives a change of connection. */
export class Call implements OriginCall, Exchange {
  ended = false
  queuedMs = 0
  #connection: FastCgiConnection | undefined
  #retried = false
  #answered = false
  #paused = false
  /** Body that came before there was a connection. */
  #early: Uint8Array[] | undefined
  #finished = false
  /** What the client has not taken yet; most take all at once. */
  #ahead: ReadAhead | undefined
  /** Whether the answer is so long that it goes at the client's pace. */
  #isLong = false
  /** Whether all of the answer has come, though the client has not taken it. */
  #complete = false

  constructor(
    readonly request: OriginRequest,
    readonly script: Script,
    readonly id: RequestId,
    private readonly events: OriginEvents,
    private readonly pool: Pool,
    /** Called once, when the request is no longer needed. */
    private onEnded: (() => void) | undefined,
  ) {}

  /**
   * Whether it may be sent again when a connection turns out to be closed. What may not is never sent on one that may have
   * been given up.
   */
  get isReplayable(): boolean {
    return this.request.body.kind !== 'stream' && isIdempotent(this.request.method)
  }

  begin(connection: FastCgiConnection): void {
    this.#connection = connection
    connection.start(this)
    if (this.request.body.kind !== 'stream') return
    // An application behind CGI is never asked to continue: it reads when it likes.
    if (this.request.expectsContinue) queueMicrotask(() => this.#continue())
    for (const chunk of this.#early ?? []) connection.write(chunk)
    this.#early = undefined
    if (this.#finished) connection.finish()
    if (connection.outbox.waitingBytes === 0) this.events.writable()
  }

  write(chunk: Uint8Array): boolean {
    if (this.ended || this.#complete) return true
    if (this.#connection !== undefined) return this.#connection.write(chunk)
    this.#early ??= []
    this.#early.push(Uint8Array.prototype.slice.call(chunk))
    return false
  }

  finish(): void {
    if (this.ended) return
    this.#finished = true
    this.#connection?.finish()
  }

  pause(): void {
    this.#paused = true
    if (this.#isLong || (this.#ahead ?? this.pool.ahead).isFull) this.#connection?.pause()
  }

  resume(): void {
    this.#paused = false
    while (!this.ended && !this.#paused) {
      const piece = this.#ahead?.take()
      if (piece !== undefined) {
        this.events.part(piece, 0, piece.length)
        free(piece)
      } else if (this.#complete) this.#tellEnd()
      else return this.#connection?.resume()
    }
  }

  abort(): void {
    if (!this.#end()) return
    this.#ahead?.drop()
    if (this.#complete) return
    if (this.#connection === undefined) this.pool.forget(this)
    else this.#connection.abort()
  }

  head(head: ResponseHead, bodyBytes: number | undefined): void {
    this.#answered = true
    this.#isLong = bodyBytes !== undefined && bodyBytes > AHEAD_BYTES_MAX
    this.events.head(head, bodyBytes)
  }

  part(octets: Uint8Array, from: number, to: number): void {
    if (!this.#paused && this.#ahead?.isEmpty !== false) return this.events.part(octets, from, to)
    this.#ahead ??= new ReadAhead(this.pool.ahead)
    this.#ahead.keep(octets, from, to)
    if (this.#ahead.isFull) this.#connection!.pause()
  }

  end(reusable: boolean): void {
    const connection = this.#connection!
    this.#connection = undefined
    this.#complete = true
    this.#needsNoRequest()
    if (reusable) this.pool.release(connection)
    if (!this.ended && this.#ahead?.isEmpty !== false) this.#tellEnd()
  }

  fail(failure: Failure, silent: boolean): void {
    if (this.ended) return
    // RFC 9110 §9.2.2: a kept connection that was closed without an answer had been given up before the request came.
    if (silent && this.#connection?.kept === true && !this.#retried && this.isReplayable) {
      this.#retried = true
      this.#connection = undefined
      this.pool.dispatch(this, true)
      return
    }
    this.#end()
    this.#ahead?.drop()
    this.events.fail(failure)
  }

  writable(): void {
    this.events.writable()
  }

  #continue(): void {
    if (this.ended || this.#answered) return
    this.events.interim({ status: 100, reason: 'Continue', fields: new Fields() })
  }

  #tellEnd(): void {
    this.#end()
    this.events.end(undefined)
  }

  /** False: it had ended before. */
  #end(): boolean {
    if (this.ended) return false
    this.ended = true
    this.#needsNoRequest()
    return true
  }

  #needsNoRequest(): void {
    const { onEnded } = this
    this.onEnded = undefined
    onEnded?.()
  }
}
