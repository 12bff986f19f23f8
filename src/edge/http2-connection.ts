// One client connection that speaks HTTP/2 (RFC 9113): frames in, streams kept apart, their bodies on to the engine, answers
// out, with flow control both ways and a limit on every wait and on everything that a client could do for nothing.
//
// Long because the states of a connection and of its streams depend on one another, and stand together here.
import { Failure } from '../base/failure.ts'
import { passableTrailers } from '../http/trailers.ts'
import { ErrorCode } from '../http2/error-code.ts'
import { FieldTable } from '../http2/field-table.ts'
import { Flag, FRAME_HEAD_BYTES, FrameType, PAYLOAD_BYTES_MAX, PREFACE, read31 } from '../http2/frame.ts'
import { FrameCost, Patience } from '../http2/patience.ts'
import type { Http2RequestReader } from '../http2/request-reader.ts'
import {
  FIELD_TABLE_BYTES,
  INITIAL_WINDOW,
  isWholeSettings,
  Setting,
  settingsPayload,
  WINDOW_MAX,
} from '../http2/settings.ts'
import type { Socket, SocketUser } from '../net/socket.ts'
import { answerWithFailure } from '../request/own-answer.ts'
import type { Client } from '../request/reply.ts'
import type { LoggableRequest, LoggedRequest } from '../request/request-log.ts'
import type { AddressCount } from './admission.ts'
import type { EdgeConnection, EdgeContext } from './edge-connection.ts'
import { Http2Output, type OutputEvents } from './http2-output.ts'
import { Http2Reply, type Http2Streams } from './http2-reply.ts'
import { Http2Upload, UPLOAD_WINDOW } from './http2-upload.ts'
import { RefusedRequest } from './refused-request.ts'
import type { ToldFields } from './told-fields.ts'
import { forwarded, type TrustedPeers } from './trust.ts'

/** What all connections of HTTP/2 of a listener share. */
export interface Http2Context extends EdgeContext {
  readonly http2Reader: Http2RequestReader
}

/** Requests that a client may have under way on a connection. */
const STREAMS_MAX = 128
/** What a client may send on all streams together before it is granted more. */
const CONNECTION_WINDOW = 512 << 10
/** Of streams that have ended here before the client ended them, so many are known: what still comes on them is no fault. */
const LEFT_STREAMS_MAX = 2 * STREAMS_MAX
/** What a field block may be longer than the fields that it is read to: it may hold some that only the client's table gets. */
const BLOCK_ROOM_BYTES = 16_384
/** Answers to frames such as PING that a client does not read. */
const UNREAD_ANSWERS_MAX = 512
/** How long a client may go on sending after the last frame, so that it gets to read that. */
const LINGER_MS = 2_000

type Phase =
  /** What a client says first has not come. */
  | 'preface'
  | 'open'
  /** The last frame has been sent; what still arrives is dropped. */
  | 'lingering'
  | 'closed'

/** A field block that is not complete. */
interface BegunBlock {
  readonly stream: number
  readonly ends: boolean
  /** Put together when it is complete: copied for each piece, a block in small pieces would cost their square. */
  readonly pieces: Buffer[]
  bytes: number
}

/** A DATA frame of which more is to come. */
interface BegunData {
  readonly stream: number
  readonly ends: boolean
  contentBytes: number
  paddingBytes: number
}

/** A connection, from accepted to closed. */
export class Http2Connection implements EdgeConnection, Http2Streams, OutputEvents, SocketUser {
  readonly output: Http2Output
  counted: AddressCount | undefined
  #phase: Phase = 'preface'
  /** Part of a frame: a copy, since what comes is lent. */
  #pending: Buffer | undefined
  #block: BegunBlock | undefined
  #data: BegunData | undefined
  readonly #table = new FieldTable()
  /** Those that are not over. */
  readonly #streams = new Map<number, Http2Reply>()
  /** Those that are over here while the client goes on. */
  #left: Set<number> | undefined
  #lastStream = 0
  /** Numbers that were left out last: streams that have never been. */
  #gapFrom = 0
  #gapTo = 0
  #hasSettings = false
  /** The last stream that is answered, once that has been told. */
  #lastAnswered: number | undefined
  /** The client has been told to begin no more streams. */
  #toldToLeave = false
  /** What the client may send on the connection before it is granted more. */
  #window: number = CONNECTION_WINDOW
  #owedBytes = 0
  readonly #patience = new Patience()
  #contentBytes = 0
  #clientEnded = false
  #client: Client | undefined
  #trusted: TrustedPeers | undefined
  /** When the present wait began; monotonic. */
  #sinceMs: number
  #sweptMs: number
  /** A request has come since the last sweep. */
  #hasAsked = false
  /** When a frame or a field block began that is not complete yet. */
  #partSinceMs: number | undefined
  /** What the client's kernel had taken when this began to be measured, and when that was. */
  #takenBefore = 0
  #windowMs: number
  /** Entries of answers that the kernel has not taken, with what they measure. */
  #unread: { readonly logged: LoggedRequest; readonly bytes: number }[] | undefined

  constructor(
    private readonly socket: Socket,
    private readonly context: Http2Context,
  ) {
    this.output = new Http2Output(socket, this)
    this.#sinceMs = this.#sweptMs = this.#windowMs = context.clock.monotonicMs()
  }

  get client(): Client {
    const { trusted } = this.context
    // Whom the owner trusts may have changed since its last request.
    if (this.#client === undefined || this.#trusted !== trusted) {
      const { remoteAddress: address } = this.socket
      this.#trusted = trusted
      this.#client = { address, trusted: trusted.has(address) }
    }
    return this.#client
  }

  get told(): ToldFields {
    return this.context.told
  }

  get isIdle(): boolean {
    const isOpen = this.#phase === 'preface' || this.#phase === 'open'
    return isOpen && !this.#hasPart && this.#streams.size === 0 && this.output.isEmpty
  }

  get waitsSinceMs(): number {
    if (this.#streams.size > 0 || !this.output.isEmpty) return Infinity
    return this.#hasAsked ? this.context.clock.monotonicMs() : this.#sinceMs
  }

  /** Whether something has begun that is not complete. */
  get #hasPart(): boolean {
    return this.#pending !== undefined || this.#block !== undefined
  }

  onData(octets: Buffer, end: number): void {
    if (this.#phase === 'lingering' || this.#phase === 'closed') return
    this.output.isReading = true
    if (this.#pending === undefined) this.#process(octets, end)
    else {
      const pending = Buffer.concat([this.#pending, octets.subarray(0, end)])
      this.#process(pending, pending.length)
    }
    this.output.isReading = false
    this.output.flush()
  }

  onDrain(): void {
    this.output.drain()
  }

  sent(bytes: number): void {
    this.context.recorder.bytes(bytes, 0)
  }

  emptied(): void {
    const unread = this.#unread
    if (unread !== undefined) {
      this.#unread = undefined
      for (const { logged, bytes } of unread) logged.ended(bytes, true)
    }
    if (this.#phase !== 'lingering') return
    if (this.#clientEnded) return this.#close()
    this.#sinceMs = this.context.clock.monotonicMs()
    this.socket.shutdown()
  }

  /** The client sends no more. Unlike one of HTTP/1.1 it cannot go on reading: it would have to widen windows for that. */
  onEnd(): void {
    this.#clientEnded = true
    if (this.#phase === 'closed') return
    this.#phase = 'lingering'
    this.#dropAll()
    if (this.output.isEmpty) this.#close()
  }

  onClose(): void {
    if (this.#phase === 'closed') return
    this.#enterClosed()
  }

  onFault(): void {
    this.onClose()
  }

  /** Ends the connection, whatever is going on. */
  cut(): void {
    this.onClose()
    this.socket.terminate()
  }

  drain(): void {
    if (this.#phase === 'preface') return this.#close()
    if (this.#phase !== 'open') return
    this.#leave(ErrorCode.none)
    this.#endIfDone()
    this.output.flush()
  }

  sweep(nowMs: number, headTimeMs: number): void {
    if (this.#phase === 'closed') return
    this.#patience.rest(nowMs - this.#sweptMs)
    this.#sweptMs = nowMs
    const { settings, draining } = this.context
    if (this.output.outbox.waitingBytes > 0) {
      if (this.#isSlow(nowMs)) this.cut()
      return
    }
    this.#startWindow(nowMs)
    if (this.#phase === 'lingering') {
      if (nowMs - this.#sinceMs > LINGER_MS) this.#close()
      return
    }
    if (this.#sweepPart(nowMs, headTimeMs)) return
    if (draining && this.#phase === 'open' && !this.#toldToLeave) {
      // RFC 9113 §6.8: requests that are on their way are still answered.
      this.#toldToLeave = true
      this.output.goAway(WINDOW_MAX, ErrorCode.none)
    }
    for (const reply of this.#streams.values()) this.#sweepStream(reply, nowMs)
    if (this.#streams.size > 0 || this.#hasAsked) this.#sinceMs = nowMs
    else if (nowMs - this.#sinceMs > settings.idleTime) {
      if (this.#phase === 'preface') return this.#close()
      this.#leave(ErrorCode.none)
      this.#endIfDone()
    }
    this.#hasAsked = false
    this.output.flush()
  }

  replied(reply: Http2Reply): void {
    const { id, upload } = reply
    if (upload !== undefined) {
      // RFC 9113 §8.1: the rest of the request is not wanted.
      this.#owedBytes += upload.drop()
      if (!upload.hasEnded) {
        this.#leaveStream(id)
        this.output.reset(id, ErrorCode.none)
      }
    }
    this.#streams.delete(id)
    if (reply.logged !== undefined)
      (this.#unread ??= []).push({ logged: reply.logged, bytes: reply.sentBytes })
    if (this.#streams.size === 0) this.#endIfDone()
  }

  broken(reply: Http2Reply, code: number): void {
    this.output.reset(reply.id, code)
    if (reply.upload?.hasEnded === false) this.#leaveStream(reply.id)
    this.#drop(reply)
  }

  continued({ upload }: Http2Reply): void {
    if (upload === undefined) return
    upload.awaitsContinue = false
    upload.windowMs = this.context.clock.monotonicMs()
    upload.windowBytes = 0
  }

  resumed(reply: Http2Reply): void {
    const { upload } = reply
    if (upload === undefined) return
    upload.windowMs = this.context.clock.monotonicMs()
    upload.windowBytes = 0
    const before = upload.owedBytes
    upload.resume()
    this.#owedBytes += upload.owedBytes - before
    if (upload.hasEnded && !upload.isPaused) reply.upload = undefined
    this.#grant(reply)
  }

  /** Takes up what it can of octets, which are lent or pending, and keeps the rest. */
  #process(octets: Buffer, end: number): void {
    let at = 0
    if (this.#phase === 'preface') {
      at = this.#readPreface(octets, end)
      if (at < 0) return
    }
    while (this.#phase === 'open' && at < end) {
      if (this.#data !== undefined) {
        at = this.#readData(this.#data, octets, at, end)
        continue
      }
      if (end - at < FRAME_HEAD_BYTES) break
      const bytes = (octets[at]! << 16) | (octets[at + 1]! << 8) | octets[at + 2]!
      const type = octets[at + 3]!
      const flags = octets[at + 4]!
      const stream = read31(octets, at + 5)
      if (bytes > PAYLOAD_BYTES_MAX) return this.#fault(ErrorCode.frameSize)
      const from = at + FRAME_HEAD_BYTES
      if (type === FrameType.data) {
        const isPadded = (flags & Flag.padded) !== 0 && bytes > 0
        if (isPadded && from === end) break
        at = this.#beginData(octets, from, bytes, flags, stream)
        continue
      }
      const next = from + bytes
      if (next > end) break
      at = next
      if (type === FrameType.headers && this.#block === undefined)
        this.#readHeaders(octets, from, next, flags, stream)
      else this.#readFrame(octets, from, next, type, flags, stream)
    }
    if (this.#phase !== 'open' && this.#phase !== 'preface') return
    if (at >= end) this.#pending = undefined
    else this.#pending = Buffer.from(octets.subarray(at, end))
  }

  /** Returns the position after the preface; -1 when it is not there, or not whole. */
  #readPreface(octets: Buffer, end: number): number {
    const bytes = Math.min(end, PREFACE.length)
    if (octets.compare(PREFACE, 0, bytes, 0, bytes) !== 0) {
      this.#fault(ErrorCode.protocol)
      return -1
    }
    if (bytes < PREFACE.length) {
      this.#pending = Buffer.from(octets.subarray(0, end))
      return -1
    }
    this.#phase = 'open'
    this.#sinceMs = this.context.clock.monotonicMs()
    const { fieldsBytes } = this.context.http2Reader.limits
    this.output.settings(
      settingsPayload([
        [Setting.maxConcurrentStreams, STREAMS_MAX],
        [Setting.initialWindowSize, UPLOAD_WINDOW],
        [Setting.maxHeaderListSize, fieldsBytes],
        [Setting.noRfc7540Priorities, 1],
      ]),
    )
    this.output.windowUpdate(0, CONNECTION_WINDOW - INITIAL_WINDOW)
    return PREFACE.length
  }

  /** All frames but DATA, and HEADERS where they belong. */
  #readFrame(octets: Buffer, from: number, to: number, type: number, flags: number, stream: number): void {
    const bytes = to - from
    // RFC 9113 §6.10: nothing may come between the frames of a field block.
    if ((this.#block !== undefined) !== (type === FrameType.continuation))
      return this.#fault(ErrorCode.protocol)
    // RFC 9113 §3.4.
    if (!this.#hasSettings && type !== FrameType.settings) return this.#fault(ErrorCode.protocol)
    switch (type) {
      case FrameType.continuation:
        return this.#readContinuation(this.#block!, octets, from, to, flags, stream)
      case FrameType.settings:
        return this.#readSettings(octets, from, to, flags, stream)
      case FrameType.windowUpdate:
        return this.#readWindowUpdate(octets, from, bytes, stream)
      case FrameType.rstStream:
        return this.#readReset(bytes, stream)
      case FrameType.ping:
        if (stream !== 0) return this.#fault(ErrorCode.protocol)
        if (bytes !== 8) return this.#fault(ErrorCode.frameSize)
        if ((flags & Flag.ack) === 0 && this.#pays(FrameCost.ping)) this.output.pingAnswer(octets, from)
        return
      case FrameType.priority:
        // RFC 9113 §5.3: it means nothing any more.
        if (stream === 0) return this.#fault(ErrorCode.protocol)
        if (bytes !== 5) return this.#streamFault(stream, ErrorCode.frameSize)
        this.#pays(FrameCost.other)
        return
      case FrameType.goAway:
        if (stream !== 0) return this.#fault(ErrorCode.protocol)
        if (bytes < 8) return this.#fault(ErrorCode.frameSize)
        this.#pays(FrameCost.other)
        return
      case FrameType.pushPromise:
        return this.#fault(ErrorCode.protocol)
      default:
        // RFC 9113 §5.5.
        this.#pays(FrameCost.other)
    }
  }

  #readHeaders(octets: Buffer, start: number, end: number, flags: number, stream: number): void {
    if (!this.#hasSettings) return this.#fault(ErrorCode.protocol)
    let from = start
    let to = end
    if ((flags & Flag.padded) !== 0) {
      if (from === to) return this.#fault(ErrorCode.frameSize)
      to -= octets[from++]!
      if (to < from) return this.#fault(ErrorCode.protocol)
    }
    if ((flags & Flag.priority) !== 0) {
      from += 5
      if (to < from) return this.#fault(ErrorCode.frameSize)
    }
    // RFC 9113 §5.1.1.
    if ((stream & 1) === 0) return this.#fault(ErrorCode.protocol)
    const ends = (flags & Flag.endStream) !== 0
    if ((flags & Flag.endHeaders) !== 0) return this.#readBlock(octets, from, to, stream, ends)
    this.#block = { stream, ends, pieces: [Buffer.from(octets.subarray(from, to))], bytes: to - from }
  }

  #readContinuation(
    block: BegunBlock,
    octets: Buffer,
    from: number,
    to: number,
    flags: number,
    stream: number,
  ): void {
    if (stream !== block.stream) return this.#fault(ErrorCode.protocol)
    if (!this.#pays(FrameCost.continuation)) return
    const { fieldsBytes, targetBytes } = this.context.http2Reader.limits
    block.bytes += to - from
    if (block.bytes > fieldsBytes + targetBytes + BLOCK_ROOM_BYTES)
      return this.#fault(ErrorCode.enhanceYourCalm)
    block.pieces.push(Buffer.from(octets.subarray(from, to)))
    if ((flags & Flag.endHeaders) === 0) return
    this.#block = undefined
    this.#readBlock(Buffer.concat(block.pieces), 0, block.bytes, stream, block.ends)
  }

  /** A whole field block: a request, or the trailers of one. */
  #readBlock(octets: Buffer, from: number, to: number, stream: number, ends: boolean): void {
    if (stream <= this.#lastStream) return this.#readLateBlock(octets, from, to, stream, ends)
    if (stream > this.#lastStream + 2) {
      this.#gapFrom = this.#lastStream + 2
      this.#gapTo = stream - 2
    }
    this.#lastStream = stream
    this.#hasAsked = true
    const { context } = this
    const { http2Reader: reader } = context
    const outcome = reader.read(this.#table, octets, from, to, ends)
    if (outcome === 'broken') return this.#fault(ErrorCode.compression)
    // RFC 9113 §6.8: it knows that these are not answered.
    if (this.#lastAnswered !== undefined && stream > this.#lastAnswered) {
      if (!ends) this.#leaveStream(stream)
      return
    }
    if (this.#streams.size >= STREAMS_MAX) return this.#refuseStream(stream, ends, ErrorCode.refusedStream)
    if (outcome === 'malformed') return this.#malformed(stream, ends)
    if (this.client.trusted) this.#believe(reader)
    const logged =
      context.log === undefined
        ? undefined
        : this.#log(outcome === 'complete' ? reader : refusedRequest(reader))
    const reply = new Http2Reply(this, stream, this.output.peer.initialWindow, logged)
    if (!ends) {
      const { body, limits, expectsContinue, method } = reader
      const length = body.kind === 'length' ? body.bytes : body.kind === 'none' ? 0 : -1
      const nowMs = context.clock.monotonicMs()
      reply.upload = new Http2Upload(length, limits.bodyBytes, expectsContinue, method === 'HEAD', nowMs)
    }
    if (outcome === 'refused') {
      const failure = reader.failure!
      this.#streams.set(stream, reply)
      this.#recordRefused(failure, reply)
      answerWithFailure(reply, failure, reader.method === 'HEAD')
      return
    }
    const call = context.engine.handle(reader, reply)
    if (reply.isOver) return
    this.#streams.set(stream, reply)
    reply.call = call
    if (reply.upload !== undefined) reply.upload.call = call
  }

  #believe(reader: Http2RequestReader): void {
    const said = forwarded(reader)
    if (said?.scheme !== undefined) reader.scheme = said.scheme
    if (said?.authority !== undefined) reader.authority = said.authority
  }

  /** A field block on a stream that has begun before. */
  #readLateBlock(octets: Buffer, from: number, to: number, stream: number, ends: boolean): void {
    const reply = this.#streams.get(stream)
    const isLeft = this.#left?.has(stream) === true
    // RFC 9113 §5.1 and §5.1.1.
    if (reply === undefined && !isLeft) {
      const hasBeen = stream < this.#gapFrom || stream > this.#gapTo
      return this.#fault(hasBeen ? ErrorCode.streamClosed : ErrorCode.protocol)
    }
    const trailers = this.context.http2Reader.readTrailers(this.#table, octets, from, to)
    if (trailers === 'broken') return this.#fault(ErrorCode.compression)
    if (reply === undefined) {
      if (ends) this.#left!.delete(stream)
      else this.#pays(FrameCost.emptyData)
      return
    }
    const { upload } = reply
    if (upload === undefined || upload.hasEnded) return this.#streamFault(stream, ErrorCode.streamClosed)
    // RFC 9113 §8.1.
    if (!ends || trailers === 'malformed' || !upload.isWhole)
      return this.#streamFault(stream, ErrorCode.protocol)
    this.#endUpload(reply, upload, passableTrailers(trailers))
  }

  /** The head of a DATA frame. Returns the position up to which it has been read. */
  #beginData(octets: Buffer, from: number, bytes: number, flags: number, stream: number): number {
    if (this.#block !== undefined || !this.#hasSettings || stream === 0) {
      this.#fault(ErrorCode.protocol)
      return from
    }
    const paddingBytes = (flags & Flag.padded) === 0 ? 0 : bytes === 0 ? -1 : octets[from]! + 1
    if (paddingBytes < 0 || paddingBytes > bytes) {
      this.#fault(paddingBytes < 0 ? ErrorCode.frameSize : ErrorCode.protocol)
      return from
    }
    // RFC 9113 §6.9.1: padding counts.
    this.#window -= bytes
    if (this.#window < 0) {
      this.#fault(ErrorCode.flowControl)
      return from
    }
    const ends = (flags & Flag.endStream) !== 0
    const contentBytes = bytes - paddingBytes
    this.#owedBytes += paddingBytes
    if (contentBytes === 0 && !ends && !this.#pays(FrameCost.emptyData)) return from
    const reply = this.#streams.get(stream)
    const upload = reply?.upload
    if (reply === undefined ? this.#left?.has(stream) !== true : upload === undefined || upload.hasEnded) {
      // RFC 9113 §5.1: of a stream that is idle, or that the client has ended.
      const isIdle = stream > this.#lastStream || (stream & 1) === 0
      this.#fault(isIdle ? ErrorCode.protocol : ErrorCode.streamClosed)
      return from
    }
    if (upload !== undefined) {
      upload.window -= bytes
      upload.owedBytes += paddingBytes
      if (upload.window < 0) this.#streamFault(stream, ErrorCode.flowControl)
      else this.#beginUpload(reply!, upload, contentBytes)
    }
    // The first octet of padding says how long the rest of it is.
    const data = { stream, ends, contentBytes, paddingBytes: Math.max(0, paddingBytes - 1) }
    const at = paddingBytes > 0 ? from + 1 : from
    return this.#readData(data, octets, at, at)
  }

  /** What there is of a DATA frame. Returns the position after it. */
  #readData(data: BegunData, octets: Buffer, from: number, end: number): number {
    this.#data = data
    let at = from
    const bytes = Math.min(data.contentBytes, end - at)
    if (bytes > 0) {
      data.contentBytes -= bytes
      this.#contentBytes += bytes
      this.#dataCame(data.stream, octets, at, at + bytes)
      at += bytes
    }
    const skipped = Math.min(data.paddingBytes, end - at)
    data.paddingBytes -= skipped
    at += skipped
    if (data.contentBytes + data.paddingBytes > 0 || this.#phase !== 'open') return at
    this.#data = undefined
    if (data.ends) this.#dataEnded(data.stream)
    if (this.#owedBytes >= CONNECTION_WINDOW / 2) this.#grantConnection()
    return at
  }

  #dataCame(stream: number, octets: Buffer, from: number, to: number): void {
    const reply = this.#streams.get(stream)
    const upload = reply?.upload
    if (upload === undefined) {
      // Nobody wants it.
      this.#owedBytes += to - from
      return
    }
    const before = upload.owedBytes
    upload.take(octets, from, to)
    this.#owedBytes += upload.owedBytes - before
    this.#grant(reply!)
  }

  #beginUpload(reply: Http2Reply, upload: Http2Upload, bytes: number): void {
    const outcome = upload.begin(bytes)
    if (outcome === 'right') return
    if (outcome === 'too-long') return this.#streamFault(reply.id, ErrorCode.protocol)
    const most = reply.call?.bodyBytesMax ?? this.context.http2Reader.limits.bodyBytes
    this.#bodyRefused(reply, new Failure('body-too-large', `the body is larger than ${most} bytes`))
  }

  #dataEnded(stream: number): void {
    const reply = this.#streams.get(stream)
    const upload = reply?.upload
    if (upload === undefined) {
      this.#left?.delete(stream)
      return
    }
    if (!upload.isWhole) return this.#streamFault(stream, ErrorCode.protocol)
    this.#endUpload(reply!, upload, undefined)
  }

  #endUpload(reply: Http2Reply, upload: Http2Upload, trailers: ReturnType<typeof passableTrailers>): void {
    upload.end(trailers)
    if (!upload.isPaused) reply.upload = undefined
  }

  /** Lets the client send as much again as the engine has taken. */
  #grant(reply: Http2Reply): void {
    const { upload, id } = reply
    if (upload !== undefined && !upload.hasEnded && upload.owedBytes >= UPLOAD_WINDOW / 2) {
      this.output.windowUpdate(id, upload.owedBytes)
      upload.window += upload.owedBytes
      upload.owedBytes = 0
    }
    if (this.#owedBytes >= CONNECTION_WINDOW / 2) this.#grantConnection()
  }

  #grantConnection(): void {
    this.output.windowUpdate(0, this.#owedBytes)
    this.#window += this.#owedBytes
    this.#owedBytes = 0
  }

  #readSettings(octets: Buffer, from: number, to: number, flags: number, stream: number): void {
    const isAnswer = (flags & Flag.ack) !== 0
    if (stream !== 0 || (isAnswer && !this.#hasSettings)) return this.#fault(ErrorCode.protocol)
    if (isAnswer ? to > from : !isWholeSettings(to - from)) return this.#fault(ErrorCode.frameSize)
    if (isAnswer || !this.#pays(FrameCost.settings)) return
    this.#hasSettings = true
    const { output } = this
    const { peer } = output
    const { initialWindow, fieldTableBytes } = peer
    const code = peer.read(octets, from, to)
    if (code !== ErrorCode.none) return this.#fault(code)
    // RFC 9113 §6.9.2: windows of streams change with it, and may become negative.
    const change = peer.initialWindow - initialWindow
    for (const reply of this.#streams.values()) {
      reply.window += change
      if (reply.window > WINDOW_MAX) return this.#fault(ErrorCode.flowControl)
      if (change > 0 && reply.isHeldUp && reply.window > 0) output.ready(reply)
    }
    output.settingsAnswer(peer.fieldTableBytes < Math.min(fieldTableBytes, FIELD_TABLE_BYTES))
  }

  #readWindowUpdate(octets: Buffer, from: number, bytes: number, stream: number): void {
    if (bytes !== 4) return this.#fault(ErrorCode.frameSize)
    if (this.#isStrange(stream)) return this.#fault(ErrorCode.protocol)
    if (!this.#pays(FrameCost.other)) return
    const increment = read31(octets, from)
    const { output } = this
    if (stream === 0) {
      if (increment === 0) return this.#fault(ErrorCode.protocol)
      if (output.window + increment > WINDOW_MAX) return this.#fault(ErrorCode.flowControl)
      return output.widen(increment)
    }
    const reply = this.#streams.get(stream)
    if (reply === undefined) return
    if (increment === 0) return this.#streamFault(stream, ErrorCode.protocol)
    reply.window += increment
    if (reply.window > WINDOW_MAX) return this.#streamFault(stream, ErrorCode.flowControl)
    if (reply.isHeldUp && reply.window > 0) output.ready(reply)
  }

  #readReset(bytes: number, stream: number): void {
    if (bytes !== 4) return this.#fault(ErrorCode.frameSize)
    if (stream === 0 || this.#isStrange(stream)) return this.#fault(ErrorCode.protocol)
    this.#left?.delete(stream)
    const reply = this.#streams.get(stream)
    if (reply === undefined) {
      this.#pays(FrameCost.other)
      return
    }
    this.#drop(reply)
    this.#countReset()
  }

  /** Whether a stream has not begun, and cannot be spoken of (RFC 9113 §5.1). */
  #isStrange(stream: number): boolean {
    return stream > this.#lastStream || (stream !== 0 && (stream & 1) === 0)
  }

  /** A stream that does not come to a request: the client may still go on with it. */
  #refuseStream(stream: number, ends: boolean, code: number): void {
    if (!ends) this.#leaveStream(stream)
    this.output.reset(stream, code)
    this.#countReset()
  }

  /** RFC 9113 §8.1.1. */
  #malformed(stream: number, ends: boolean): void {
    const { log, http2Reader: reader } = this.context
    const failure = new Failure('bad-request', `the request is malformed: ${reader.block.problem}`)
    const logged = log === undefined ? undefined : this.#log(refusedRequest(reader))
    const { recorder, clock } = this.context
    recorder.answered('self', failure.reason, failure.status, clock.monotonicMs())
    logged?.answered('self', failure.reason, failure.status)
    logged?.ended(0, false)
    this.#refuseStream(stream, ends, ErrorCode.protocol)
  }

  #recordRefused(failure: Failure, reply: Http2Reply): void {
    const { recorder, clock } = this.context
    recorder.answered('self', failure.reason, failure.status, clock.monotonicMs())
    reply.answered('self', failure.reason, failure.status)
  }

  /** A body that is not taken: with an answer when none has begun, else with a reset. */
  #bodyRefused(reply: Http2Reply, failure: Failure): void {
    const { call, upload } = reply
    reply.call = undefined
    if (upload !== undefined) this.#owedBytes += upload.drop()
    call?.gone()
    if (reply.isWaiting) {
      this.#recordRefused(failure, reply)
      answerWithFailure(reply, failure, upload?.headOnly === true)
    } else this.broken(reply, ErrorCode.cancel)
  }

  /** What a client has done wrong on one stream (RFC 9113 §5.4.2). */
  #streamFault(stream: number, code: number): void {
    // RFC 9113 §6.4: what has not begun is not reset.
    if (this.#isStrange(stream)) return this.#fault(code)
    const reply = this.#streams.get(stream)
    if (reply !== undefined) this.broken(reply, code)
    else this.output.reset(stream, code)
    this.#countReset()
  }

  /** The end of a stream that is not its answer's. */
  #drop(reply: Http2Reply): void {
    const { call, logged, upload } = reply
    this.#streams.delete(reply.id)
    reply.abandon()
    reply.call = reply.upload = undefined
    if (upload !== undefined) this.#owedBytes += upload.drop()
    logged?.ended(reply.sentBytes, false)
    call?.gone()
    if (this.#streams.size === 0) this.#endIfDone()
  }

  #dropAll(): void {
    for (const reply of this.#streams.values()) this.#drop(reply)
  }

  #countReset(): void {
    if (!this.#patience.reset()) this.#fault(ErrorCode.enhanceYourCalm)
  }

  /** Whether a frame that asks for no page is put up with. */
  #pays(cost: number): boolean {
    const { output } = this
    const isPatient =
      this.#patience.spend(cost, output.sentBytes + this.#contentBytes) &&
      output.unreadAnswers <= UNREAD_ANSWERS_MAX
    if (!isPatient) this.#fault(ErrorCode.enhanceYourCalm)
    return isPatient
  }

  #leaveStream(stream: number): void {
    const left = (this.#left ??= new Set())
    if (left.size >= LEFT_STREAMS_MAX) left.delete(left.values().next().value!)
    left.add(stream)
  }

  /** What ends the connection (RFC 9113 §5.4.1). */
  #fault(code: number): void {
    if (this.#phase !== 'open' && this.#phase !== 'preface') return
    this.#phase = 'lingering'
    this.#dropAll()
    // RFC 9113 §6.8: never a later one than has been told.
    this.output.goAway(this.#lastAnswered ?? this.#lastStream, code)
    this.#linger()
  }

  /** Says which stream is the last that is answered (RFC 9113 §6.8). */
  #leave(code: number): void {
    if (this.#lastAnswered !== undefined) return
    this.#toldToLeave = true
    this.#lastAnswered = this.#lastStream
    this.output.goAway(this.#lastStream, code)
  }

  /** Ends the connection when no more streams can come and none is under way. */
  #endIfDone(): void {
    if (this.#phase !== 'open' || this.#streams.size > 0) return
    if (this.#lastAnswered !== undefined) this.#linger()
  }

  /** Closes in a way that lets the client read what has been sent, although it may still be sending. */
  #linger(): void {
    this.#phase = 'lingering'
    this.#pending = this.#block = this.#data = undefined
    this.#sinceMs = this.context.clock.monotonicMs()
    if (!this.output.isReading) this.output.flush()
  }

  #close(): void {
    if (this.#phase === 'closed') return
    this.#enterClosed()
    this.socket.end()
  }

  #enterClosed(): void {
    this.#phase = 'closed'
    this.#dropAll()
    for (const { logged, bytes } of this.#unread ?? []) logged.ended(bytes, false)
    this.#unread = this.#pending = this.#block = this.#data = undefined
    this.output.clear()
    this.context.closed(this)
  }

  #log(request: LoggableRequest): LoggedRequest | undefined {
    return this.context.log!.begin(request, this.client, 'HTTP/2.0')
  }

  /** Looks at frames and field blocks that are not complete. Returns whether the connection has ended. */
  #sweepPart(nowMs: number, headTimeMs: number): boolean {
    if (!this.#hasPart) this.#partSinceMs = undefined
    else if (this.#partSinceMs === undefined) this.#partSinceMs = nowMs
    else if (nowMs - this.#partSinceMs > headTimeMs) {
      this.#fault(ErrorCode.enhanceYourCalm)
      return true
    }
    return false
  }

  #sweepStream(reply: Http2Reply, nowMs: number): void {
    const { settings } = this.context
    const { upload } = reply
    if (reply.isHeldUp && reply.windowMs !== undefined) {
      if (this.#isOverdue(nowMs - reply.windowMs, reply.sentBytes - reply.windowBytes)) {
        this.broken(reply, ErrorCode.cancel)
        return
      }
      if (nowMs - reply.windowMs < settings.bodyTime) return
    }
    reply.windowMs = nowMs
    reply.windowBytes = reply.sentBytes
    if (upload === undefined || upload.hasEnded || upload.isPaused) return
    // Whoever waits for 100 (Continue) waits for the origin, but ought not to do so for ever (RFC 9110 §10.1.1).
    const elapsedMs = nowMs - upload.windowMs
    const isOverdue = upload.awaitsContinue
      ? elapsedMs > settings.idleTime
      : this.#isOverdue(elapsedMs, upload.windowBytes)
    if (isOverdue)
      return this.#bodyRefused(reply, new Failure('body-timeout', 'the body did not arrive in time'))
    if (upload.awaitsContinue || elapsedMs < settings.bodyTime) return
    upload.windowMs = nowMs
    upload.windowBytes = 0
  }

  /** Whether the client takes what waits for its kernel more slowly than `bodyRate` over `bodyTime`. */
  #isSlow(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#windowMs
    const taken = this.output.sentBytes - this.output.outbox.waitingBytes
    if (this.#isOverdue(elapsedMs, taken - this.#takenBefore)) return true
    if (elapsedMs >= this.context.settings.bodyTime) this.#startWindow(nowMs)
    return false
  }

  #isOverdue(elapsedMs: number, bytes: number): boolean {
    const { bodyRate, bodyTime } = this.context.settings
    return elapsedMs >= bodyTime && bodyRate > 0 && bytes < (bodyRate * elapsedMs) / 1000
  }

  #startWindow(nowMs: number): void {
    this.#windowMs = nowMs
    this.#takenBefore = this.output.sentBytes - this.output.outbox.waitingBytes
  }
}

/** What of a refused request may be told. */
function refusedRequest({ method, rawTarget }: Http2RequestReader): RefusedRequest {
  const line = Buffer.from(`${method} ${rawTarget} `, 'latin1')
  return new RefusedRequest(line, 0, line.length)
}
