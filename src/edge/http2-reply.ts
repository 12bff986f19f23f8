// The answer on one stream of HTTP/2 (RFC 9113 §8.1). What can leave at once does; what has to wait, for the kernel or for a
// window, waits here.
import { assert } from '../base/assert.ts'
import { OwnBytes, type Held } from '../base/outbox.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import type { Fields } from '../http/fields.ts'
import { fieldBit } from '../http/known-fields.ts'
import type { ArrivedLines, FieldReader, ResponseHead } from '../http/message.ts'
import { ErrorCode } from '../http2/error-code.ts'
import { PAYLOAD_BYTES_MAX } from '../http2/frame.ts'
import { fieldsBlock, lineBlock, linesBlock, statusBlock } from '../http2/response-block.ts'
import type { Client, Reply, RequestCall } from '../request/reply.ts'
import type { LoggedRequest } from '../request/request-log.ts'
import type { Representation } from '../request/representation.ts'
import { storedBlock } from './http2-image.ts'
import { Sent, type Http2Output, type SendingStream } from './http2-output.ts'
import type { Http2Upload } from './http2-upload.ts'
import type { ToldFields } from './told-fields.ts'

/** What a reply needs from its connection. */
export interface Http2Streams {
  readonly client: Client
  readonly output: Http2Output
  readonly told: ToldFields
  /** The answer is complete. */
  replied(reply: Http2Reply): void
  /** The answer cannot be completed: the stream is to be reset. */
  broken(reply: Http2Reply, code: number): void
  /** The client has been told to send its body (100 Continue). */
  continued(reply: Http2Reply): void
  /** The engine takes more of the body again. */
  resumed(reply: Http2Reply): void
}

/** Part of a body that waits. */
interface Piece {
  bytes: Uint8Array
  at: number
  to: number
  source: Held | undefined
}

/** An origin's lines are put here; and what they become. */
const arrived = Buffer.allocUnsafeSlow(65_536)
const encoded = Buffer.allocUnsafeSlow(2 * arrived.length)

const contentLengthBit = fieldBit['content-length']
const CONTINUE = statusBlock(100)

/**
 * `waiting`: nothing has been said but interim responses. `open`: more may follow. `said`: no more will, but some may wait.
 * `over`: all has left, or never will.
 */
type State = 'waiting' | 'open' | 'said' | 'over'

/** Writes one answer. */
export class Http2Reply implements Reply, SendingStream {
  call: RequestCall | undefined
  /** Undefined once it has been read to its end, and where there is none. */
  upload: Http2Upload | undefined
  isListed = false
  /** Bytes of its frames. */
  sentBytes = 0
  /** What was sent when its pace was last looked at, and when that was. */
  windowBytes = 0
  windowMs: number | undefined
  #state: State = 'waiting'
  #head: string | undefined
  #pieces: Piece[] | undefined
  /** Bytes of the body that wait. */
  #waitingBytes = 0
  #trailers: string | undefined
  /** What of the announced length is to come; -1: none was announced. */
  #left = -1
  /** Whoever writes has been told to wait. */
  #asksToWait = false

  constructor(
    private readonly streams: Http2Streams,
    readonly id: number,
    /** What the client takes on this stream before it grants more. */
    public window: number,
    /** Its entry in the access log; undefined: there is none. */
    readonly logged: LoggedRequest | undefined,
  ) {}

  get client(): Client {
    return this.streams.client
  }

  /** Whether nothing of the final answer has been said. */
  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** Whether it has something to send that its reader does not take. */
  get isHeldUp(): boolean {
    return this.#waitingBytes > 0
  }

  interim(head: ResponseHead): void {
    if (this.#state !== 'waiting') return
    if (head.status === 100) this.streams.continued(this)
    this.streams.output.head(this.id, statusBlock(head.status) + fieldsBlock(head.fields), false)
  }

  wantBody(): void {
    if (this.#state !== 'waiting') return
    this.streams.continued(this)
    this.streams.output.head(this.id, CONTINUE, false)
  }

  stored(
    representation: Representation,
    headOnly: boolean,
    ageSeconds: number,
    ttlSeconds: number,
    reason: Reason,
    member: string | undefined,
  ): void {
    if (this.#state === 'over') return
    assert(this.#state === 'waiting', 'a second answer to one request')
    const block = storedBlock(representation, ageSeconds, ttlSeconds, reason, member, this.streams.told)
    const { body, source } = representation
    const { output } = this.streams
    const bytes = headOnly ? 0 : body.length
    if (bytes <= PAYLOAD_BYTES_MAX && bytes <= output.window && bytes <= this.window && output.isClear) {
      const before = output.sentBytes
      output.whole(this.id, block, body, bytes)
      this.sentBytes += output.sentBytes - before
      return this.#over()
    }
    this.#state = 'said'
    this.#head = block
    if (bytes > 0) this.#wait(body, 0, bytes, source)
    output.ready(this)
  }

  start(head: ResponseHead, bodyBytes: number | undefined, hasBody: boolean): void {
    const { status, fields } = head
    this.#start(statusBlock(status) + fieldsBlock(fields) + this.#told(fields), bodyBytes, hasBody)
  }

  forward(
    status: number,
    _reason: string,
    lines: ArrivedLines,
    added: string,
    bodyBytes: number | undefined,
    hasBody: boolean,
  ): boolean {
    // RFC 9110 §8.6: a 204 has no length.
    const omitted = hasBody || status === 204 ? contentLengthBit : 0
    let to = lines.copyTo(arrived, 0, omitted)
    if (to < 0 || to + added.length > arrived.length) return false
    to += arrived.latin1Write(added, to)
    const block = statusBlock(status) + linesBlock(arrived, 0, to, encoded) + this.#told(lines)
    this.#start(block, bodyBytes, hasBody)
    return true
  }

  /** What the listener adds. */
  #told(said: Pick<FieldReader, 'has'>): string {
    let block = ''
    for (const [key, value] of this.streams.told) if (!said.has(key)) block += lineBlock(key, value)
    return block
  }

  #start(block: string, bodyBytes: number | undefined, hasBody: boolean): void {
    if (this.#state === 'over') return
    assert(this.#state === 'waiting', 'a second answer to one request')
    this.#head = block
    this.#state = 'open'
    if (!hasBody || bodyBytes === 0) this.#state = 'said'
    if (hasBody && bodyBytes !== undefined) {
      this.#head += lineBlock('content-length', String(bodyBytes))
      this.#left = bodyBytes
    }
    this.streams.output.ready(this)
  }

  write(chunk: Uint8Array, source?: Held): boolean {
    return this.#write(chunk, 0, chunk.length, source, false)
  }

  writePart(octets: Uint8Array, from: number, to: number): boolean {
    return this.#write(octets, from, to, undefined, true)
  }

  /** `isLent`: what has to wait is copied. */
  #write(bytes: Uint8Array, from: number, to: number, source: Held | undefined, isLent: boolean): boolean {
    if (this.#state !== 'open' || from === to) return true
    if (this.#left >= 0) {
      this.#left -= to - from
      assert(this.#left >= 0, 'more body than was announced')
      // So that the last frame says that it is.
      if (this.#left === 0) this.#state = 'said'
    }
    const piece = this.#wait(bytes, from, to, source)
    this.streams.output.ready(this)
    if (this.#waitingBytes === 0) return true
    if (isLent && piece.at < piece.to) {
      const copy = Uint8Array.prototype.slice.call(bytes, piece.at, piece.to)
      piece.bytes = copy
      piece.at = 0
      piece.to = copy.length
      piece.source = new OwnBytes(copy)
    }
    this.#asksToWait = true
    return false
  }

  finish(trailers: Fields | undefined): void {
    if (this.#state !== 'open') return
    if (this.#left > 0) return this.fail()
    this.#state = 'said'
    if (trailers !== undefined) this.#trailers = fieldsBlock(trailers)
    this.streams.output.ready(this)
  }

  fail(): void {
    if (this.#state === 'over') return
    this.streams.broken(this, ErrorCode.internal)
  }

  answered(tier: Tier, reason: Reason, status: number): void {
    this.logged?.answered(tier, reason, status)
  }

  tunnel(): void {
    // RFC 9113 §8.6: there is no switching of protocols, so none is asked for.
    this.fail()
  }

  pause(): void {
    if (this.upload !== undefined) this.upload.isPaused = true
  }

  resume(): void {
    if (this.upload !== undefined) this.streams.resumed(this)
  }

  sendSome(): number {
    const { output } = this.streams
    const before = output.sentBytes
    const outcome = this.#sendSome(output)
    this.sentBytes += output.sentBytes - before
    if (outcome === Sent.all) {
      if (this.#state === 'said' && this.#waitingBytes === 0) this.#over()
      else if (this.#asksToWait && this.#waitingBytes === 0) {
        this.#asksToWait = false
        this.call?.writable()
      }
    }
    return outcome
  }

  #sendSome(output: Http2Output): number {
    const isLast = this.#state === 'said' && this.#trailers === undefined
    if (this.#head !== undefined) {
      const ends = isLast && this.#waitingBytes === 0
      output.head(this.id, this.#head, ends)
      this.#head = undefined
      if (ends || (this.#state === 'open' && this.#waitingBytes === 0)) return Sent.all
    }
    if (this.#waitingBytes > 0) {
      const piece = this.#pieces![0]!
      const bytes = Math.min(piece.to - piece.at, PAYLOAD_BYTES_MAX, this.window, output.window)
      if (bytes <= 0) return this.window <= 0 ? Sent.all : Sent.none
      this.#waitingBytes -= bytes
      this.window -= bytes
      output.data(this.id, piece.bytes, piece.at, piece.at + bytes, isLast && this.#waitingBytes === 0)
      piece.at += bytes
      if (piece.at === piece.to) {
        piece.source?.release()
        this.#pieces!.shift()
      }
      if (this.#waitingBytes > 0) return this.window > 0 ? Sent.some : Sent.all
      if (isLast) return Sent.all
    }
    if (this.#state !== 'said') return Sent.all
    if (this.#trailers !== undefined) output.head(this.id, this.#trailers, true)
    else output.data(this.id, noBytes, 0, 0, true)
    return Sent.all
  }

  /** Nothing more is said on this stream, nor expected. */
  abandon(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.streams.output.notReady(this)
    this.#head = this.#trailers = undefined
    for (const piece of this.#pieces ?? []) piece.source?.release()
    this.#pieces = undefined
    this.#waitingBytes = 0
  }

  #over(): void {
    this.#state = 'over'
    this.streams.replied(this)
  }

  #wait(bytes: Uint8Array, at: number, to: number, source: Held | undefined): Piece {
    source?.hold()
    const piece = { bytes, at, to, source }
    ;(this.#pieces ??= []).push(piece)
    this.#waitingBytes += to - at
    return piece
  }
}

const noBytes = new Uint8Array(0)
