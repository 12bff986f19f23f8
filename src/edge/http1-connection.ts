// One client connection of the clear-text listener: requests in, in order (RFC 9112 §9.3), their bodies on to the
// engine, answers out, with back-pressure both ways and a limit on every wait.
//
// Long because the states of a connection depend on one another, and stand together here.
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { Outbox } from '../base/outbox.ts'
import type { Recorder } from '../base/record.ts'
import { passableTrailers } from '../http/trailers.ts'
import { ChunkedDecoder } from '../http1/chunked.ts'
import type { Framing } from '../http1/framing.ts'
import type { Http1Limits } from '../http1/limits.ts'
import type { RequestReader } from '../http1/request-reader.ts'
import type { Engine } from '../request/engine.ts'
import { answerWithFailure } from '../request/own-answer.ts'
import type { Client, RequestCall } from '../request/reply.ts'
import { Http1Reply, type ReplyConnection } from './http1-reply.ts'
import type { EdgeSettings } from './settings.ts'
import { forwarded, type TrustedPeers } from './trust.ts'

/** The part of Bun's socket that is used here. */
export interface ClientSocket {
  readonly remoteAddress: string
  write(data: Uint8Array, byteOffset?: number, byteLength?: number): number
  end(): void
  terminate(): void
  shutdown(): void
  pause(): void
  resume(): void
}

/** What all connections of a listener share. */
export interface ListenerContext {
  readonly engine: Engine
  readonly recorder: Recorder
  readonly clock: Clock
  readonly reader: RequestReader
  readonly settings: EdgeSettings
  readonly trusted: TrustedPeers
  /** The process is ending: connections close after their answer. */
  readonly draining: boolean
  closed(connection: Http1Connection): void
}

/** Bytes of later requests that are kept while one is being answered. */
const PIPELINED_BYTES_MAX = 65_536
/** How long a client may go on sending after the last answer, so that it gets to read it. */
const LINGER_MS = 2_000

const LF = 10

type Phase =
  /** Waiting for a request, or for the rest of its head. */
  | 'head'
  /** A request is being answered. */
  | 'exchange'
  | 'tunnel'
  /** The last answer has been sent; what still arrives is dropped. */
  | 'lingering'
  | 'closed'

type Body =
  | { readonly kind: 'done' }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunked'; readonly decoder: ChunkedDecoder }

const bodyDone: Body = { kind: 'done' }

/** A connection, from accepted to closed. */
export class Http1Connection implements ReplyConnection {
  readonly outbox: Outbox
  minorVersion = 1
  #phase: Phase = 'head'
  #pending: Buffer | undefined
  #call: RequestCall | undefined
  #reply: Http1Reply | undefined
  #body: Body = bodyDone
  #bodyBytes = 0
  #keepAlive = true
  #awaitsContinue = false
  #clientEnded = false
  #socketPaused = false
  #bodyPaused = false
  #processing = false
  #client: Client | undefined
  #trusted: TrustedPeers | undefined
  /** Those of the request under way. */
  #limits: Http1Limits
  /** When the present phase began, or a head's first byte came; monotonic. */
  #sinceMs: number
  /** Whether a head has begun to arrive. */
  #headBegun = false
  #windowMs: number
  #windowBytes = 0
  /** What of the answers the client's kernel had taken when the window began. */
  #takenBefore = 0
  /** Bytes of answers and to the client's end of a tunnel, ever. */
  #sentBytes = 0
  /** When the client had ended its sending, and what it had been sent by then. */
  #endedMs = 0
  #sentAtEnd = 0
  /** What had been sent when a tunnel was last looked at. */
  #sentAtLook = 0

  constructor(
    private readonly socket: ClientSocket,
    private readonly context: ListenerContext,
    /** The socket's file descriptor, where it carries clear text: files go out by it. */
    socketFd?: () => number,
  ) {
    this.outbox = new Outbox(socket, () => this.onDrain(), socketFd)
    this.#limits = context.reader.limits
    this.#sinceMs = this.#windowMs = context.clock.monotonicMs()
  }

  get client(): Client {
    const { trusted } = this.context
    // Whom the owner trusts may have changed since its last request.
    if (this.#client === undefined || this.#trusted !== trusted) {
      const address = this.socket.remoteAddress
      this.#trusted = trusted
      this.#client = { address, trusted: trusted.has(address) }
    }
    return this.#client
  }

  get keepAlive(): boolean {
    // An answer before the body is complete: what follows may be the rest of it, for as long as the client likes.
    return this.#keepAlive && !this.context.draining && this.#body.kind === 'done'
  }

  get isIdle(): boolean {
    return this.#phase === 'head' && this.#pending === undefined && this.outbox.waitingBytes === 0
  }

  onData(chunk: Buffer): void {
    switch (this.#phase) {
      case 'closed':
        return
      case 'lingering':
        return
      case 'tunnel':
        this.#moved(chunk.length)
        this.#call!.data(chunk)
        return
      default: {
        const pending = this.#pending
        // A head that is not complete can only be so once a line has been added.
        const worthReading =
          this.#phase !== 'head' ||
          pending === undefined ||
          this.outbox.waitingBytes > 0 ||
          chunk.includes(LF)
        this.#pending = pending === undefined ? chunk : Buffer.concat([pending, chunk])
        if (worthReading || this.#pending.length > PIPELINED_BYTES_MAX) this.#process()
      }
    }
  }

  onDrain(): void {
    const flushed = this.outbox.flush()
    if (!flushed) return
    if (this.#phase === 'lingering') return this.#finishLingering()
    this.#call?.writable()
    if (this.#phase !== 'head') return
    if (this.#pending !== undefined) this.#process()
    else if (this.context.draining) this.#close()
  }

  /** The client sends no more; it may still read (a half-closed connection). */
  onEnd(): void {
    this.#clientEnded = true
    this.#endedMs = this.context.clock.monotonicMs()
    this.#sentAtEnd = this.#sentBytes
    switch (this.#phase) {
      case 'tunnel':
        this.#call!.end(undefined)
        return
      case 'exchange':
        // The rest of the body will not come, unless it is here.
        if (this.#body.kind !== 'done' && this.#pending === undefined) this.#abandon()
        return
      case 'head':
        this.#endHeads()
        return
      case 'lingering':
        if (this.outbox.waitingBytes === 0) this.#close()
        return
      case 'closed':
    }
  }

  onClose(): void {
    if (this.#phase === 'closed') return
    const call = this.#call
    this.#enterClosed()
    call?.gone()
  }

  /** Looks at the time limits. */
  sweep(nowMs: number, headTimeMs: number): void {
    const { settings } = this.context
    switch (this.#phase) {
      case 'head':
        if (this.outbox.waitingBytes > 0) return this.#sweepRate(nowMs)
        this.#startWindow(nowMs)
        if (this.#headBegun) {
          if (nowMs - this.#sinceMs > headTimeMs) {
            this.#refuse(new Failure('head-timeout', `the head did not arrive within ${headTimeMs} ms`))
          }
        } else if (nowMs - this.#sinceMs > settings.idleTime) this.#close()
        return
      case 'exchange':
        if (this.outbox.waitingBytes > 0) return this.#sweepRate(nowMs)
        if (this.#body.kind !== 'done' && !this.#bodyPaused) {
          // Whoever waits for 100 (Continue) waits for the origin, but ought not to do so for ever (RFC 9110 §10.1.1).
          if (!this.#awaitsContinue) this.#sweepRate(nowMs)
          else if (nowMs - this.#windowMs > settings.idleTime) this.#bodyOverdue()
          return
        }
        this.#startWindow(nowMs)
        if (
          this.#clientEnded &&
          this.#sentBytes === this.#sentAtEnd &&
          nowMs - this.#endedMs > settings.halfCloseTime
        ) {
          this.#abandon()
        }
        return
      case 'lingering':
        if (this.outbox.waitingBytes > 0) return this.#sweepRate(nowMs)
        if (nowMs - this.#sinceMs > LINGER_MS) this.#close()
        return
      case 'tunnel':
        if (this.#movedBytes > 0 || this.#sentBytes !== this.#sentAtLook) {
          this.#startWindow(nowMs)
          this.#sentAtLook = this.#sentBytes
        } else if (nowMs - this.#windowMs > settings.tunnelIdleTime) this.cut()
        return
      case 'closed':
    }
  }

  /** Ends the connection if nothing is going on; else it ends after its answer. */
  drain(): void {
    if (this.isIdle) this.#close()
  }

  /** Ends the connection, whatever is going on. */
  cut(): void {
    this.onClose()
    this.socket.terminate()
  }

  continued(): void {
    this.#awaitsContinue = false
    this.#startWindow(this.context.clock.monotonicMs())
  }

  closeAfter(): void {
    this.#keepAlive = false
  }

  replied(): void {
    this.#reply = undefined
    this.#call = undefined
    if (this.#phase !== 'exchange') return
    if (!this.keepAlive) {
      this.#linger()
      return
    }
    this.#phase = 'head'
    this.#bodyPaused = false
    this.#resumeSocket()
    this.#headBegun = false
    this.#sinceMs = this.context.clock.monotonicMs()
    this.#startWindow(this.#sinceMs)
    if (this.#processing) return
    if (this.#pending !== undefined) this.#process()
    else if (this.#clientEnded) this.#endHeads()
  }

  broken(): void {
    this.#call = undefined
    if (this.#phase === 'closed') return
    if (this.#phase === 'tunnel') {
      this.#phase = 'exchange'
      this.#linger()
      return
    }
    // A reset is what tells a client that reads until the end that this was not the end.
    this.#enterClosed()
    this.socket.terminate()
  }

  tunnelled(): void {
    this.#phase = 'tunnel'
    const rest = this.#pending
    this.#pending = undefined
    if (rest !== undefined) this.#call!.data(rest)
  }

  pauseBody(): void {
    this.#bodyPaused = true
    this.#pauseSocket()
  }

  resumeBody(): void {
    this.#bodyPaused = false
    this.#resumeSocket()
    if (this.#pending !== undefined && !this.#processing && this.#phase !== 'tunnel') this.#process()
  }

  count(bytes: number): void {
    this.#sentBytes += bytes
    this.context.recorder.bytes(bytes, 0)
  }

  #process(): void {
    this.#processing = true
    const octets = this.#pending!
    let at = 0
    while (at < octets.length) {
      if (this.#phase === 'head') {
        // One answer at a time is on its way out: what the client does not read is not added to.
        if (this.outbox.waitingBytes > 0) break
        const next = this.#readHead(octets, at)
        if (next <= at) break
        at = next
      } else if (this.#phase === 'exchange') {
        if (this.#body.kind === 'done' || this.#bodyPaused) break
        const next = this.#readBody(octets, at)
        if (next < 0) break
        at = next
      } else if (this.#phase === 'tunnel') {
        this.#call!.data(octets.subarray(at))
        at = octets.length
      } else at = octets.length
    }
    this.#processing = false
    if (this.#phase === 'closed') return
    this.#pending = at < octets.length ? octets.subarray(at) : undefined
    if (this.#pending !== undefined && this.#hasEnough(this.#pending.length)) this.#pauseSocket()
    else if (!this.#bodyPaused) this.#resumeSocket()
    if (!this.#clientEnded) return
    if (this.#phase === 'head') this.#endHeads()
    else if (this.#phase === 'exchange' && this.#body.kind !== 'done' && this.#pending === undefined)
      this.#abandon()
  }

  /** No more heads will come. Those that have are answered, one when the client has read the answer before it. */
  #endHeads(): void {
    if (this.outbox.waitingBytes === 0) this.#close()
    else if (this.#pending === undefined) this.#linger()
  }

  /** Whether nothing more is to be read: what is kept has to wait for a client that does not read, or for an answer. */
  #hasEnough(pendingBytes: number): boolean {
    if (this.#phase === 'head') return this.outbox.waitingBytes > 0
    return this.#phase === 'exchange' && pendingBytes > PIPELINED_BYTES_MAX
  }

  /** Returns the position after the head, or `at` when it is not complete. */
  #readHead(octets: Buffer, at: number): number {
    const { reader, context } = this
    const outcome = reader.read(octets, at, octets.length)
    if (outcome === 'incomplete') {
      if (!this.#headBegun) {
        this.#headBegun = true
        this.#sinceMs = context.clock.monotonicMs()
      }
      return at
    }
    if (outcome === 'refused') {
      this.minorVersion = 1
      this.#refuse(reader.failure!)
      return octets.length
    }
    this.#phase = 'exchange'
    this.#limits = reader.limits
    this.minorVersion = reader.minorVersion
    this.#keepAlive = reader.keepAlive
    this.#body = this.#bodyOf(reader.framing)
    this.#bodyBytes = 0
    this.#awaitsContinue = reader.expectsContinue
    this.#call = undefined
    const next = reader.next
    if (this.client.trusted) this.#believe()
    const reply = new Http1Reply(this)
    this.#reply = reply
    const call = context.engine.handle(reader, reply)
    if (!reply.isDone) this.#call = call
    return next
  }

  get reader(): RequestReader {
    return this.context.reader
  }

  #believe(): void {
    const { reader } = this
    const said = forwarded(reader)
    if (said?.scheme !== undefined) reader.scheme = said.scheme
    if (said?.authority !== undefined) reader.authority = said.authority
  }

  #bodyOf(framing: Framing): Body {
    if (framing.kind === 'length') return { kind: 'length', left: framing.bytes }
    if (framing.kind !== 'chunked') return bodyDone
    const { trailerBytes, fieldLines } = this.#limits
    return { kind: 'chunked', decoder: new ChunkedDecoder(trailerBytes, fieldLines) }
  }

  /** Returns the position up to which octets belonged to the body; -1 when it is not valid. */
  #readBody(octets: Buffer, at: number): number {
    const body = this.#body
    const call = this.#call
    this.#awaitsContinue = false
    if (body.kind === 'length') {
      const taken = Math.min(octets.length - at, body.left)
      body.left -= taken
      this.#moved(taken)
      if (body.left === 0) this.#body = bodyDone
      call?.data(octets.subarray(at, at + taken))
      if (this.#body.kind === 'done') call?.end(undefined)
      return at + taken
    }
    if (body.kind === 'chunked') {
      const { decoder } = body
      // Content is moved up in place, over the lines between chunks: however small the chunks, one piece is handed on.
      const gathered = { from: -1, to: -1 }
      const next = decoder.decode(octets, at, { data: (chunk) => gather(gathered, octets, chunk) })
      if (next < 0) {
        this.#bodyRefused(new Failure('bad-request', `the body is not valid: ${decoder.problem}`))
        return -1
      }
      this.#moved(next - at)
      this.#bodyBytes += gathered.to - gathered.from
      const { bodyBytes } = this.#limits
      if (this.#bodyBytes > bodyBytes) {
        this.#bodyRefused(new Failure('body-too-large', `the body is larger than ${bodyBytes} bytes`))
        return -1
      }
      if (gathered.to > gathered.from) call?.data(octets.subarray(gathered.from, gathered.to))
      if (decoder.done) {
        this.#body = bodyDone
        call?.end(passableTrailers(decoder.trailers))
      }
      return next
    }
    return at
  }

  /** A body that is not valid ends the exchange: with an answer when none has begun, else with the connection. */
  #bodyRefused(failure: Failure): void {
    const call = this.#call
    const reply = this.#reply
    this.#call = undefined
    this.#keepAlive = false
    call?.gone()
    if (reply?.isWaiting === true) {
      this.context.recorder.answered('self', failure.reason, failure.status, this.context.clock.monotonicMs())
      answerWithFailure(reply, failure, false)
    } else this.broken()
  }

  #bodyOverdue(): void {
    this.#bodyRefused(new Failure('body-timeout', 'the body did not arrive in time'))
  }

  #refuse(failure: Failure): void {
    this.#phase = 'exchange'
    this.#keepAlive = false
    this.#body = bodyDone
    const { recorder, clock } = this.context
    recorder.answered('self', failure.reason, failure.status, clock.monotonicMs())
    answerWithFailure(new Http1Reply(this), failure, false)
  }

  /** The client cannot complete its request. */
  #abandon(): void {
    const call = this.#call
    this.#enterClosed()
    call?.gone()
    this.socket.end()
  }

  /** Closes in a way that lets the client read the answer, although it may still be sending. */
  #linger(): void {
    this.#phase = 'lingering'
    this.#pending = undefined
    this.#sinceMs = this.context.clock.monotonicMs()
    this.#startWindow(this.#sinceMs)
    this.#resumeSocket()
    if (this.outbox.waitingBytes === 0) this.#finishLingering()
  }

  #finishLingering(): void {
    if (this.#clientEnded) return this.#close()
    this.#sinceMs = this.context.clock.monotonicMs()
    this.socket.shutdown()
  }

  #close(): void {
    if (this.#phase === 'closed') return
    this.#enterClosed()
    this.socket.end()
  }

  #enterClosed(): void {
    this.#phase = 'closed'
    this.#pending = undefined
    this.#call = undefined
    this.#reply = undefined
    this.outbox.clear()
    this.context.closed(this)
  }

  #moved(bytes: number): void {
    this.#windowBytes += bytes
  }

  /** A body that moves more slowly than `bodyRate` over `bodyTime` is not waited for. */
  #sweepRate(nowMs: number): void {
    const { bodyRate, bodyTime } = this.context.settings
    const elapsedMs = nowMs - this.#windowMs
    if (elapsedMs < bodyTime || bodyRate === 0) return
    if (this.#movedBytes < (bodyRate * elapsedMs) / 1000) {
      if (this.#phase === 'exchange' && this.outbox.waitingBytes === 0) this.#bodyOverdue()
      else this.cut()
      return
    }
    this.#startWindow(nowMs)
  }

  /** What moves is measured from now on. */
  #startWindow(nowMs: number): void {
    this.#windowMs = nowMs
    this.#windowBytes = 0
    this.#takenBefore = this.#sentBytes - this.outbox.waitingBytes
  }

  /** What came and what the client took since the window began, at once or after it had waited. */
  get #movedBytes(): number {
    return this.#windowBytes + this.#sentBytes - this.outbox.waitingBytes - this.#takenBefore
  }

  #pauseSocket(): void {
    if (this.#socketPaused || this.#phase === 'closed') return
    this.#socketPaused = true
    this.socket.pause()
  }

  #resumeSocket(): void {
    if (!this.#socketPaused || this.#phase === 'closed') return
    this.#socketPaused = false
    this.socket.resume()
  }
}

/** Puts a view of `octets` right behind what has been gathered of them before it. */
function gather(gathered: { from: number; to: number }, octets: Buffer, chunk: Uint8Array): void {
  const at = chunk.byteOffset - octets.byteOffset
  if (gathered.from < 0) gathered.from = gathered.to = at
  else octets.copyWithin(gathered.to, at, at + chunk.length)
  gathered.to += chunk.length
}
