// One client connection of the clear-text listener: requests in, in order (RFC 9112 §9.3), their bodies on to the
// engine, answers out, with back-pressure both ways and a limit on every wait.
//
// Long because the states of a connection depend on one another, and stand together here.
import { Failure } from '../base/failure.ts'
import { Outbox } from '../base/outbox.ts'
import { passableTrailers } from '../http/trailers.ts'
import { ChunkedDecoder } from '../http1/chunked.ts'
import type { Framing } from '../http1/framing.ts'
import type { Http1Limits } from '../http1/limits.ts'
import type { RequestReader } from '../http1/request-reader.ts'
import type { Socket, SocketUser } from '../net/socket.ts'
import { answerWithFailure } from '../request/own-answer.ts'
import type { Client, RequestCall } from '../request/reply.ts'
import type { LoggableRequest, LoggedRequest } from '../request/request-log.ts'
import type { AddressCount } from './admission.ts'
import type { EdgeConnection, EdgeContext } from './edge-connection.ts'
import { RefusedRequest } from './refused-request.ts'
import { Http1Reply, type ReplyConnection } from './http1-reply.ts'
import type { ProxyHeader } from './proxy-protocol.ts'
import type { ToldFields } from './told-fields.ts'
import { forwarded, type TrustedPeers } from './trust.ts'

/** What all connections of HTTP/1.1 of a listener share. */
export interface ListenerContext extends EdgeContext {
  readonly reader: RequestReader
  /** A proxy tells whose connection this is; false: that client may not connect. */
  announced(connection: EdgeConnection, address: string): boolean
}

/** Bytes of later requests that are kept while one is being answered. */
const PIPELINED_BYTES_MAX = 65_536
/** How long a client may go on sending after the last answer, so that it gets to read it. */
const LINGER_MS = 2_000

/**
 * How long a connection of a process that is ending waits after an answer that had not said so, because its head was sent
 * before: the next request may be on its way.
 */
const PROMISE_MS = 1_000

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

const noOctets = Buffer.alloc(0)
const bodyDone: Body = { kind: 'done' }

/** A connection, from accepted to closed. */
export class Http1Connection implements ReplyConnection, EdgeConnection, SocketUser {
  readonly outbox: Outbox
  minorVersion = 1
  /** Where the listener has counted it. */
  counted: AddressCount | undefined
  /** Has to come before everything else; undefined: it has, or there is none. */
  proxyHeader: ProxyHeader | undefined
  #phase: Phase = 'head'
  /** What has come and has to wait: a copy, since what comes is lent. */
  #pending: Buffer | undefined
  #call: RequestCall | undefined
  #reply: Http1Reply | undefined
  #body: Body = bodyDone
  #bodyBytes = 0
  #keepAlive = true
  /** Whether the last answer ended while the process was ending, and had not said that it was the last. */
  #promised = false
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
  /** What had been sent when the request that is logged came. */
  #sentBefore = 0
  /** The entry of an answer that the client has not read to its end. */
  #unread: LoggedRequest | undefined

  constructor(
    private readonly socket: Socket,
    private readonly context: ListenerContext,
  ) {
    this.outbox = new Outbox(socket)
    this.#limits = context.reader.limits
    this.#sinceMs = this.#windowMs = context.clock.monotonicMs()
  }

  get client(): Client {
    const { trusted } = this.context
    // Whom the owner trusts may have changed since its last request.
    if (this.#client === undefined || this.#trusted !== trusted)
      return this.#clientAt(this.#client?.address ?? this.socket.remoteAddress)
    return this.#client
  }

  #clientAt(address: string): Client {
    const { trusted } = this.context
    this.#trusted = trusted
    return (this.#client = { address, trusted: trusted.has(address) })
  }

  get told(): ToldFields {
    return this.context.told
  }

  get keepAlive(): boolean {
    // An answer before the body is complete: what follows may be the rest of it, for as long as the client likes.
    return this.#keepAlive && !this.context.draining && this.#body.kind === 'done'
  }

  get isIdle(): boolean {
    return this.#phase === 'head' && this.#pending === undefined && this.outbox.waitingBytes === 0
  }

  /** Since when it waits for a request, for the rest of a head, or for the client to go; Infinity when it does not. */
  get waitsSinceMs(): number {
    const waits = this.#phase === 'head' || this.#phase === 'lingering'
    return waits && this.outbox.waitingBytes === 0 ? this.#sinceMs : Infinity
  }

  onData(octets: Buffer, end: number): void {
    if (this.proxyHeader !== undefined) return this.#readProxyHeader(this.proxyHeader, octets, end)
    switch (this.#phase) {
      case 'closed':
        return
      case 'lingering':
        return
      case 'tunnel':
        this.#moved(end)
        this.#call!.data(octets.subarray(0, end))
        return
      default: {
        if (this.#pending === undefined) return this.#process(octets, end)
        const came = octets.subarray(0, end)
        // A head that is not complete can only be so once a line has been added.
        const worthReading = this.#phase !== 'head' || this.outbox.waitingBytes > 0 || came.includes(LF)
        this.#pending = Buffer.concat([this.#pending, came])
        if (worthReading || this.#pending.length > PIPELINED_BYTES_MAX) this.#processPending()
      }
    }
  }

  /** Reads who is behind the proxy, and then what follows. */
  #readProxyHeader(header: ProxyHeader, octets: Buffer, end: number): void {
    if (this.#phase !== 'head') return
    const outcome = header.read(octets, 0, end)
    if (outcome === 'incomplete') {
      // It is given as much time as a head.
      if (!this.#headBegun) this.#sinceMs = this.context.clock.monotonicMs()
      this.#headBegun = true
      return
    }
    this.proxyHeader = undefined
    if (outcome === 'refused')
      return this.#refuse(new Failure('bad-request', header.problem!), noOctets, 0, 0)
    this.#headBegun = false
    this.#sinceMs = this.context.clock.monotonicMs()
    const { address } = header
    if (address !== undefined) {
      if (!this.context.announced(this, address)) return this.cut()
      this.#clientAt(address)
    }
    if (header.next < end) this.onData(octets.subarray(header.next), end - header.next)
  }

  onDrain(): void {
    const flushed = this.outbox.flush()
    if (!flushed) return
    if (this.#unread !== undefined) this.#logRead()
    if (this.#phase === 'lingering') return this.#finishLingering()
    this.#call?.writable()
    if (this.#phase !== 'head') return
    if (this.#pending !== undefined) this.#processPending()
    else if (this.context.draining) this.#awaitPromised()
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

  onFault(): void {
    this.onClose()
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
            const failure = new Failure('head-timeout', `the head did not arrive within ${headTimeMs} ms`)
            const come = this.#pending ?? noOctets
            this.#refuse(failure, come, 0, come.length)
          }
        } else if (nowMs - this.#sinceMs > (this.#promised ? PROMISE_MS : settings.idleTime)) this.#close()
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
    if (this.isIdle && !this.#promised) this.#close()
  }

  /** A client that was told nothing else may send another request (RFC 9112 §9.6); that one is told. */
  #awaitPromised(): void {
    this.#promised = true
    this.#sinceMs = this.context.clock.monotonicMs()
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
    if (this.#reply?.logged !== undefined) this.#logReplied(this.#reply.logged)
    this.#reply = undefined
    this.#call = undefined
    if (this.#phase !== 'exchange') return
    if (!this.#keepAlive || this.#body.kind !== 'done') {
      this.#linger()
      return
    }
    this.#phase = 'head'
    this.#bodyPaused = false
    this.#resumeSocket()
    this.#headBegun = false
    this.#sinceMs = this.context.clock.monotonicMs()
    this.#promised = this.context.draining
    this.#startWindow(this.#sinceMs)
    if (this.#processing) return
    if (this.#pending !== undefined) this.#processPending()
    else if (this.#clientEnded) this.#endHeads()
  }

  broken(): void {
    this.#call = undefined
    if (this.#phase === 'closed') return
    if (this.#phase === 'tunnel') {
      this.#phase = 'exchange'
      if (this.#reply?.logged !== undefined) this.#logReplied(this.#reply.logged)
      this.#reply = undefined
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
    if (this.#pending !== undefined && !this.#processing && this.#phase !== 'tunnel') this.#processPending()
  }

  count(bytes: number): void {
    this.#sentBytes += bytes
    this.context.recorder.bytes(bytes, 0)
  }

  #processPending(): void {
    const pending = this.#pending!
    this.#process(pending, pending.length)
  }

  /** Takes up what it can of octets, which are lent or pending, and keeps the rest. */
  #process(octets: Buffer, end: number): void {
    this.#processing = true
    let at = 0
    while (at < end) {
      if (this.#phase === 'head') {
        // One answer at a time is on its way out: what the client does not read is not added to.
        if (this.outbox.waitingBytes > 0) break
        const next = this.#readHead(octets, at, end)
        if (next <= at) break
        at = next
      } else if (this.#phase === 'exchange') {
        if (this.#body.kind === 'done' || this.#bodyPaused) break
        const next = this.#readBody(octets, at, end)
        if (next < 0) break
        at = next
      } else if (this.#phase === 'tunnel') {
        this.#call!.data(octets.subarray(at, end))
        at = end
      } else at = end
    }
    this.#processing = false
    if (this.#phase === 'closed') return
    if (at === end) this.#pending = undefined
    else if (octets === this.#pending) this.#pending = octets.subarray(at)
    else this.#pending = Buffer.from(octets.subarray(at, end))
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
  #readHead(octets: Buffer, at: number, end: number): number {
    const { reader, context } = this
    const outcome = reader.read(octets, at, end)
    if (outcome === 'incomplete') {
      if (!this.#headBegun) {
        this.#headBegun = true
        this.#sinceMs = context.clock.monotonicMs()
      }
      return at
    }
    if (outcome === 'refused') {
      this.minorVersion = 1
      this.#refuse(reader.failure!, octets, at, end)
      return end
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
    const reply = new Http1Reply(this, context.log === undefined ? undefined : this.#log(reader))
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
  #readBody(octets: Buffer, at: number, end: number): number {
    const body = this.#body
    const call = this.#call
    this.#awaitsContinue = false
    if (body.kind === 'length') {
      const taken = Math.min(end - at, body.left)
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
      const next = decoder.decode(octets, at, end, {
        part: (_, from, to) => gather(gathered, octets, from, to),
      })
      if (next < 0) {
        this.#bodyRefused(new Failure('bad-request', `the body is not valid: ${decoder.problem}`))
        return -1
      }
      this.#moved(next - at)
      this.#bodyBytes += gathered.to - gathered.from
      const bodyBytesMax = call?.bodyBytesMax ?? this.#limits.bodyBytes
      if (this.#bodyBytes > bodyBytesMax) {
        this.#bodyRefused(new Failure('body-too-large', `the body is larger than ${bodyBytesMax} bytes`))
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
      reply.answered('self', failure.reason, failure.status)
      answerWithFailure(reply, failure, false)
    } else this.broken()
  }

  #bodyOverdue(): void {
    this.#bodyRefused(new Failure('body-timeout', 'the body did not arrive in time'))
  }

  /** `octets` from `at` are what there is of the request. */
  #refuse(failure: Failure, octets: Buffer, at: number, end: number): void {
    this.#phase = 'exchange'
    this.#keepAlive = false
    this.#body = bodyDone
    const { recorder, clock } = this.context
    recorder.answered('self', failure.reason, failure.status, clock.monotonicMs())
    const logged = this.context.log === undefined ? undefined : this.#log(new RefusedRequest(octets, at, end))
    const reply = new Http1Reply(this, logged)
    this.#reply = reply
    reply.answered('self', failure.reason, failure.status)
    answerWithFailure(reply, failure, false)
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
    // What waits will never leave. A tunnel has no end but this.
    const logged = this.#unread ?? this.#reply?.logged
    const bytes = this.#sentBytes - this.outbox.waitingBytes - this.#sentBefore
    logged?.ended(bytes, this.#phase === 'tunnel')
    this.#unread = undefined
    this.#phase = 'closed'
    this.#pending = undefined
    this.#call = undefined
    this.#reply = undefined
    this.outbox.clear()
    this.context.closed(this)
  }

  #log(request: LoggableRequest): LoggedRequest | undefined {
    this.#sentBefore = this.#sentBytes
    return this.context.log!.begin(request, this.client, this.minorVersion === 0 ? 'HTTP/1.0' : 'HTTP/1.1')
  }

  /** An answer has been given; it is over when the client's kernel has taken it. */
  #logReplied(logged: LoggedRequest): void {
    this.#unread = logged
    if (this.outbox.waitingBytes === 0) this.#logRead()
  }

  #logRead(): void {
    const logged = this.#unread!
    this.#unread = undefined
    logged.ended(this.#sentBytes - this.#sentBefore, true)
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

/** Moves a part of `octets` right behind what has been gathered of them before it. */
function gather(gathered: { from: number; to: number }, octets: Buffer, from: number, to: number): void {
  if (gathered.from < 0) gathered.from = gathered.to = from
  else octets.copyWithin(gathered.to, from, to)
  gathered.to += to - from
}
