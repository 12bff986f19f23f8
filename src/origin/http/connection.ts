// One connection to an HTTP/1.1 origin: sends a request, reads its response (RFC 9112), and says whether it can be
// used again. Knows nothing of pools or retries (http-origin.ts).
//
// Long because the states of a connection depend on one another, and stand together here.
import { Failure, type FailureCode } from '../../base/failure.ts'
import { Outbox } from '../../base/outbox.ts'
import type { Fields } from '../../http/fields.ts'
import { fieldNumber } from '../../http/known-fields.ts'
import type { ResponseHead } from '../../http/message.ts'
import { passableTrailers } from '../../http/trailers.ts'
import { ChunkedDecoder, encodeChunk, encodeLastChunk } from '../../http1/chunked.ts'
import { ArrivedHead } from '../../http1/arrived-head.ts'
import type { Framing } from '../../http1/framing.ts'
import type { ResponseReader } from '../../http1/response-reader.ts'
import type { Socket, SocketUser } from '../../net/socket.ts'
import type { OriginRequest } from '../origin.ts'
import { unusedTimeOf } from './keep-alive.ts'
import { requestHead, writeRequestHead } from './request-head.ts'
import type { HttpOriginSettings } from './settings.ts'

/** Who waits for the answer of a connection. */
export interface Exchange {
  readonly request: OriginRequest
  interim(head: ResponseHead): void
  head(head: ResponseHead, bodyBytes: number | undefined): void
  /** Content, lent: it lies in the octets from `from` to `to`. */
  part(octets: Uint8Array, from: number, to: number): void
  /** `reusable`: the connection may carry another exchange. */
  end(trailers: Fields | undefined, reusable: boolean): void
  /** `silent`: closed without a byte of an answer, as a kept connection does that the origin had already given up. */
  fail(failure: Failure, silent: boolean): void
  writable(): void
  upgraded(head: ResponseHead): void
}

type Reading =
  | { readonly kind: 'idle' }
  | { readonly kind: 'head' }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunked'; readonly decoder: ChunkedDecoder }
  | { readonly kind: 'close' }
  | { readonly kind: 'tunnel' }
  | { readonly kind: 'closed' }

const idle: Reading = { kind: 'idle' }
const readingHead: Reading = { kind: 'head' }
const untilClose: Reading = { kind: 'close' }
const tunnel: Reading = { kind: 'tunnel' }
const closed: Reading = { kind: 'closed' }

/** Interim responses to one request; more are a fault (RFC 9110 §15.2 sets no limit, which is an attack). */
const INTERIM_MAX = 32
/** Heads are put together here before they go out; longer ones take a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(65_536)

const framedBy: ReadonlySet<string> = new Set(['content-length'])

/** A connection, from connected to closed. */
export class OriginConnection implements SocketUser {
  readonly outbox: Outbox
  #reading: Reading = idle
  #exchange: Exchange | undefined
  /** What has come and has to wait: a copy, since what comes is lent. */
  #pending: Buffer | undefined
  #sentAll = true
  #interims = 0
  #paused = false
  #keepAlive = true
  /** Whether it has carried an exchange: the origin may have given it up before the next one reached it. */
  kept = false
  /** Monotonic times for the sweep: when the exchange began, and when bytes last moved. */
  startedMs = 0
  movedMs = 0
  /** When it was last put among the idle ones. */
  idleSinceMs = 0
  /** For how long it may lie there, by the origin's word. */
  idleTimeMs = Infinity
  #answered = false

  constructor(
    readonly socket: Socket,
    private readonly reader: ResponseReader,
    private readonly nowMs: () => number,
    private readonly onClosed: (connection: OriginConnection) => void,
  ) {
    this.outbox = new Outbox(socket)
  }

  get isClosed(): boolean {
    return this.#reading.kind === 'closed'
  }

  /** Begins an exchange on an idle connection. */
  start(exchange: Exchange): void {
    this.#exchange = exchange
    this.#reading = readingHead
    this.#interims = 0
    this.#answered = false
    this.startedMs = this.movedMs = this.nowMs()
    const { request } = exchange
    const { body } = request
    this.#sentAll = body.kind !== 'stream' && request.upgrade === undefined
    const content = body.kind === 'whole' ? body.bytes : undefined
    const headBytes = writeRequestHead(request, scratch)
    const bytes = headBytes + (content?.length ?? 0)
    if (headBytes >= 0 && bytes <= scratch.length) {
      if (content !== undefined) scratch.set(content, headBytes)
      this.outbox.send(scratch, 0, bytes, bytes)
      return
    }
    this.outbox.send(Buffer.from(requestHead(request), 'latin1'))
    if (content !== undefined) this.outbox.send(content)
  }

  /** More of the request's body (or of a tunnel), lent; false: the origin takes no more for now. */
  write(chunk: Uint8Array): boolean {
    if (this.#reading.kind === 'closed' || chunk.length === 0) return true
    this.movedMs = this.nowMs()
    const body = this.#exchange?.request.body
    const coded = body?.kind === 'stream' && body.bytes === undefined && this.#reading.kind !== 'tunnel'
    return coded
      ? this.outbox.send(encodeChunk(chunk))
      : this.outbox.send(chunk, 0, chunk.length, chunk.length)
  }

  /** The end of the request's body, or of the client's side of a tunnel. */
  finish(trailers: Fields | undefined): void {
    if (this.#reading.kind === 'closed') return
    if (this.#reading.kind === 'tunnel') {
      this.socket.shutdown()
      return
    }
    const body = this.#exchange?.request.body
    if (body?.kind === 'stream' && body.bytes === undefined) this.outbox.send(encodeLastChunk(trailers))
    this.#sentAll = true
    this.movedMs = this.nowMs()
  }

  pause(): void {
    if (this.#paused || this.isClosed) return
    this.#paused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.#paused || this.isClosed) return
    this.#paused = false
    this.movedMs = this.nowMs()
    this.socket.resume()
    const rest = this.#pending
    if (rest !== undefined && this.#reading.kind !== 'head') {
      this.#pending = undefined
      this.onData(rest, rest.length)
    }
  }

  /** Closes the connection at once, without a word to the exchange. */
  abort(): void {
    this.#exchange = undefined
    this.#close()
    this.socket.terminate()
  }

  /** Which time limit has passed, if any. */
  overdue(nowMs: number, settings: HttpOriginSettings): FailureCode | undefined {
    if (this.#exchange === undefined || this.#reading.kind === 'tunnel') return undefined
    if (nowMs - this.startedMs > settings.totalTime) return 'total-timeout'
    if (this.#paused) return undefined
    const quietMs = nowMs - this.movedMs
    if (this.#reading.kind === 'head') {
      if (this.#awaitsClient) return undefined
      return quietMs > settings.firstByteTime ? 'first-byte-timeout' : undefined
    }
    return quietMs > settings.betweenBytesTime ? 'between-bytes-timeout' : undefined
  }

  /** Whether more of the request's body has to come from the client before the origin has anything to do. */
  get #awaitsClient(): boolean {
    const { body, expectsContinue } = this.#exchange!.request
    if (body.kind !== 'stream' || this.#sentAll || this.outbox.waitingBytes > 0) return false
    return !expectsContinue || this.#answered
  }

  /** Ends the exchange with a failure, and the connection. */
  failWith(code: FailureCode, message: string): void {
    const exchange = this.#exchange
    this.abort()
    exchange?.fail(new Failure(code, message), false)
  }

  onDrain(): void {
    this.movedMs = this.nowMs()
    if (this.outbox.flush()) this.#exchange?.writable()
  }

  /** Content, from the reading of it. */
  part(octets: Uint8Array, from: number, to: number): void {
    this.#exchange?.part(octets, from, to)
  }

  onData(came: Buffer, cameEnd: number): void {
    this.movedMs = this.nowMs()
    let octets = came
    let end = cameEnd
    let at = 0
    while (at < end) {
      const reading = this.#reading
      if (this.#paused && reading.kind !== 'head') {
        const rest = octets.subarray(at, end)
        this.#pending = this.#pending === undefined ? Buffer.from(rest) : Buffer.concat([this.#pending, rest])
        return
      }
      switch (reading.kind) {
        case 'head': {
          if (this.#pending !== undefined) {
            octets = Buffer.concat([this.#pending, octets.subarray(at, end)])
            at = 0
            end = octets.length
            this.#pending = undefined
          }
          this.#answered = true
          const outcome = this.reader.read(octets, at, end, this.#exchange!.request.method)
          if (outcome === 'incomplete') {
            this.#pending = octets === came ? Buffer.from(octets.subarray(at, end)) : octets.subarray(at)
            return
          }
          if (outcome === 'invalid') return this.#invalid(this.reader.problem)
          at = this.reader.next
          this.#onHead(at < end)
          break
        }
        case 'length': {
          const taken = Math.min(end - at, reading.left)
          reading.left -= taken
          this.part(octets, at, at + taken)
          at += taken
          if (reading.left === 0 && this.#reading === reading) this.#end(undefined, at < end)
          break
        }
        case 'chunked': {
          at = reading.decoder.decode(octets, at, end, this)
          if (at < 0) return this.#invalid(reading.decoder.problem)
          if (reading.decoder.done && this.#reading === reading)
            this.#end(passableTrailers(reading.decoder.trailers), at < end)
          break
        }
        case 'close':
        case 'tunnel':
          this.part(octets, at, end)
          at = end
          break
        case 'idle':
          // Bytes that nobody asked for: what follows could be taken for the answer to the next request.
          this.#close()
          this.socket.terminate()
          return
        case 'closed':
          return
      }
    }
  }

  /** The origin has closed its side. */
  onEnd(): void {
    const exchange = this.#exchange
    const reading = this.#reading
    if (reading.kind === 'closed') return
    if (this.#paused && this.#pending !== undefined && exchange !== undefined) {
      // What has arrived is handed on first; it was held back by a slow client.
      this.#paused = false
      const rest = this.#pending
      this.#pending = undefined
      this.onData(rest, rest.length)
      return this.onEnd()
    }
    this.#exchange = undefined
    this.#close()
    this.socket.end()
    if (exchange === undefined) return
    if (reading.kind === 'close' || reading.kind === 'tunnel') return exchange.end(undefined, false)
    const silent = reading.kind === 'head' && !this.#answered
    exchange.fail(
      new Failure(
        'origin-closed',
        silent
          ? 'the origin closed the connection without an answer'
          : 'the origin closed the connection within its answer',
      ),
      silent,
    )
  }

  /** The socket is gone. */
  onClose(error: Error | undefined): void {
    const exchange = this.#exchange
    const reading = this.#reading
    if (reading.kind === 'closed') return
    this.#exchange = undefined
    this.#close()
    if (exchange === undefined) return
    // A body that ends with the connection ends with its end (onEnd), not with its loss.
    if (reading.kind === 'tunnel') return exchange.end(undefined, false)
    const silent = reading.kind === 'head' && !this.#answered
    exchange.fail(
      new Failure('origin-closed', 'the connection to the origin was lost', { cause: error }),
      silent,
    )
  }

  onFault(error: Error): void {
    this.onClose(error)
  }

  /** `more`: octets follow the head. */
  #onHead(more: boolean): void {
    const reader = this.reader
    const exchange = this.#exchange!
    const { status, reason } = reader
    // How long the body is, is told beside the head; a part's length says whether it is whole (cache/storable.ts).
    // RFC 9110 §8.6: 1xx and 204 have none.
    const withoutLength = reader.framing.kind === 'length' ? status !== 206 : status === 204 || status < 200
    const head = new ArrivedHead(status, reason, reader.lines, withoutLength ? framedBy : undefined)
    if (status === 101) {
      if (exchange.request.upgrade === undefined)
        return this.#invalid('the origin switched protocols unasked')
      this.#reading = tunnel
      const upgrade = reader.lines.fields().get('upgrade')
      if (upgrade !== undefined) head.fields.set('Upgrade', upgrade)
      exchange.upgraded(head)
      head.settle()
      return
    }
    if (status < 200) {
      if (++this.#interims > INTERIM_MAX) return this.#invalid('too many interim responses')
      exchange.interim(head)
      head.settle()
      return
    }
    this.#keepAlive = reader.keepAlive
    const keepAlive = reader.lines.get(fieldNumber['keep-alive'])
    if (keepAlive !== undefined) this.idleTimeMs = unusedTimeOf(keepAlive)
    const { framing } = reader
    if (framing.kind === 'none') {
      this.#reading = { kind: 'length', left: 0 }
      const marker = this.#reading
      exchange.head(head, 0)
      if (this.#reading === marker) this.#end(undefined, more)
    } else {
      this.#reading = this.#readingOf(framing)
      exchange.head(head, framing.kind === 'length' ? framing.bytes : undefined)
    }
    head.settle()
  }

  #readingOf(framing: Exclude<Framing, { kind: 'none' }>): Reading {
    switch (framing.kind) {
      case 'length':
        return { kind: 'length', left: framing.bytes }
      case 'chunked': {
        const { limits } = this.reader
        return { kind: 'chunked', decoder: new ChunkedDecoder(limits.trailerBytes, limits.fieldLines) }
      }
      case 'close':
        return untilClose
    }
  }

  /** `more`: octets follow the response. The next exchange starts at once, and would take them for its answer. */
  #end(trailers: Fields | undefined, more: boolean): void {
    const exchange = this.#exchange!
    this.#exchange = undefined
    const reusable = !more && this.#keepAlive && this.#sentAll && this.outbox.waitingBytes === 0
    if (reusable) {
      this.#reading = idle
      if (this.#paused) {
        this.#paused = false
        this.socket.resume()
      }
    } else {
      this.#close()
      this.socket.end()
    }
    exchange.end(trailers, reusable)
  }

  #invalid(problem: string): void {
    this.failWith('origin-invalid', `the origin's answer is not valid HTTP: ${problem}`)
  }

  #close(): void {
    if (this.#reading.kind === 'closed') return
    this.#reading = closed
    this.#pending = undefined
    this.outbox.clear()
    this.onClosed(this)
  }
}
