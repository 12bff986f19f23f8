// The answer to one request on Bun.serve: a Response, at once where the answer is there, else promised. A body that comes
// piece by piece becomes a stream from which the runtime takes what the client takes: that is the back-pressure.
//
// Left out, because the runtime has no way to send it: interim responses, trailers, switching protocols.
import { assert } from '../base/assert.ts'
import type { Held } from '../base/outbox.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import type { ResponseHead } from '../http/message.ts'
import type { Client, Reply } from '../request/reply.ts'
import type { Representation } from '../request/representation.ts'
import type { LoggedRequest } from '../request/request-log.ts'
import type { ServeHeads, ServeInit } from './serve-head.ts'

/** Up to this size a body is copied for each answer; above, one Blob is shared by all who are being sent it. */
const COPIED_BYTES_MAX = 262_144
/** The most that is given to the runtime at once. */
const PIECE_BYTES_MAX = 65_536
/** From here on the engine is told to wait. */
const WAITING_BYTES_MAX = 65_536

/** What a reply needs from its listener. */
export interface ReplyContext {
  heads(): ServeHeads
  count(bytes: number): void
}

/** What a reply tells of. */
export interface ReplyEvents {
  /** The head is on its way. `sizeBytes`: how large the body is, where the runtime has all of it. */
  began(sizeBytes: number | undefined): void
  /** The client takes more of the response again. */
  writable(): void
  /** The answer is complete as far as this process goes, or broken. */
  over(): void
  /** The client takes no more of it. */
  gone(): void
  pause(): void
  resume(): void
}

interface Piece {
  bytes: Uint8Array
  readonly source: Held | undefined
}

type State = 'waiting' | 'head' | 'streaming' | 'done'

/** Makes one answer. */
export class ServeReply implements Reply {
  /** The answer, once it is there. */
  response: Response | undefined
  /** How large its body is, where the runtime has all of it. */
  sizeBytes = 0
  /** Who is told of what happens; undefined while the request is being handled for the first time. */
  events: ReplyEvents | undefined
  /** Bytes that the runtime has taken, ever. */
  takenBytes = 0
  waitingBytes = 0
  /** Its entry in the access log; undefined: there is none. */
  logged: LoggedRequest | undefined
  #state: State = 'waiting'
  #promised: ((response: Response) => void) | undefined
  #init: ServeInit | undefined
  #hasBody = false
  /** Made when something waits: most answers are there at once. */
  #queue: Piece[] | undefined
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  /** The runtime waits for a piece. */
  #pulled: (() => void) | undefined
  #finished = false
  #isLogged = false
  #isBroken = false

  constructor(
    readonly client: Client,
    private readonly context: ReplyContext,
  ) {}

  /** Whether nothing of the answer has been said. */
  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  /** The answer, when it is not there yet. */
  promise(): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>()
    this.#promised = resolve
    return promise
  }

  interim(): void {
    // The runtime has said 100 (Continue) itself, and cannot say any other.
  }

  wantBody(): void {
    // As `interim`.
  }

  stored(
    representation: Representation,
    headOnly: boolean,
    ageSeconds: number,
    ttlSeconds: number,
    reason: Reason,
    member: string | undefined,
  ): void {
    assert(this.#state === 'waiting', 'a second answer to one request')
    this.#state = 'done'
    this.#finished = true
    const kept = this.context.heads().stored(representation, ageSeconds, ttlSeconds, reason, member)
    const { body } = representation
    const { init } = kept
    if (headOnly || body.length === 0) return this.#answer(new Response(null, init), 0)
    this.context.count(body.length)
    if (body.length > COPIED_BYTES_MAX) {
      let blob = kept.blob?.deref()
      if (blob === undefined) {
        blob = new Blob([body])
        kept.blob = new WeakRef(blob)
      }
      return this.#answer(new Response(kept.isTyped ? blob : untyped(blob), init), body.length)
    }
    this.#answer(new Response(kept.isTyped ? body : untypedBytes(body), init), body.length)
  }

  start(head: ResponseHead, _bodyBytes: number | undefined, hasBody: boolean): void {
    assert(this.#state === 'waiting', 'a second answer to one request')
    this.#state = 'head'
    const init = this.context.heads().once(head.status, head.fields)
    this.#init = init
    this.#hasBody = hasBody && !isBodiless(init.status)
    // What ends within this turn of the event loop goes out in one piece, and with its length.
    queueMicrotask(() => this.#open())
  }

  /** Lines as they came are of no use to the runtime. */
  forward(): boolean {
    return false
  }

  write(chunk: Uint8Array, source?: Held): boolean {
    if (this.#state === 'done' || !this.#hasBody || chunk.length === 0) return true
    source?.hold()
    this.#push({ bytes: chunk, source })
    return this.waitingBytes < WAITING_BYTES_MAX
  }

  writePart(octets: Uint8Array, from: number, to: number): boolean {
    // Not `octets.slice`, which for a Buffer is a view.
    return this.write(Uint8Array.prototype.slice.call(octets, from, to))
  }

  finish(): void {
    if (this.#state === 'done') return
    this.#finished = true
    if (this.#state === 'head') this.#whole()
    else if (this.#hasBody) this.#give()
    else this.#end()
  }

  fail(): void {
    if (this.#state === 'done') return
    this.#isBroken = true
    this.#end()
    // The runtime ends a body that fails as if it were complete: one that has begun is not ended at all.
    if (this.response === undefined) this.#answer(new Response(null, { status: 502 }), 0)
  }

  tunnel(): void {
    assert(false, 'an upgrade that was not asked for')
  }

  pause(): void {
    this.events?.pause()
  }

  resume(): void {
    this.events?.resume()
  }

  answered(tier: Tier, reason: Reason, status: number): void {
    this.logged?.answered(tier, reason, status)
  }

  /** The client has gone. */
  abandon(): void {
    if (this.#state !== 'done') this.#end()
    this.#logEnd(false)
  }

  /** All of the body is here before any of it had to be sent. */
  #whole(): void {
    const init = this.#init!
    const bytes = this.#hasBody ? Buffer.concat((this.#queue ?? []).map((piece) => piece.bytes)) : undefined
    this.#end()
    if (bytes === undefined || bytes.length === 0) return this.#answer(new Response(null, init), 0)
    this.context.count(bytes.length)
    const body = init.headers.has('content-type') ? bytes : untypedBytes(bytes)
    this.#answer(new Response(body, init), bytes.length)
  }

  #open(): void {
    if (this.#state !== 'head') return
    this.#state = 'streaming'
    const init = this.#init!
    if (!this.#hasBody) {
      // The rest of the exchange is the origin's; the client has all it gets.
      this.#answer(new Response(null, init), 0)
      return
    }
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => {
          if (this.#hand()) return undefined
          const { promise, resolve } = Promise.withResolvers<void>()
          this.#pulled = resolve
          return promise
        },
        cancel: () => {
          const { events } = this
          this.abandon()
          events?.gone()
        },
      },
      lazily,
    )
    this.#answer(new Response(stream, init), undefined)
  }

  #push(piece: Piece): void {
    this.waitingBytes += piece.bytes.length
    if (this.#queue === undefined) this.#queue = [piece]
    else this.#queue.push(piece)
    this.#give()
  }

  /** Gives the runtime what it waits for. */
  #give(): void {
    const pulled = this.#pulled
    if (pulled === undefined || !this.#hand()) return
    this.#pulled = undefined
    pulled()
  }

  /** Hands one piece on, or the end; returns whether there was any. */
  #hand(): boolean {
    const controller = this.#controller!
    const queue = this.#queue
    const piece = queue?.[0]
    if (queue === undefined || piece === undefined) {
      if (!this.#finished) return false
      this.#end()
      controller.close()
      return true
    }
    const bytes = piece.bytes.subarray(0, PIECE_BYTES_MAX)
    // What is held is given back when the last of it has been handed on, and the runtime sends later.
    controller.enqueue(piece.source === undefined ? bytes : Uint8Array.prototype.slice.call(bytes))
    if (bytes.length === piece.bytes.length) {
      piece.source?.release()
      queue.shift()
    } else piece.bytes = piece.bytes.subarray(bytes.length)
    this.takenBytes += bytes.length
    this.context.count(bytes.length)
    const before = this.waitingBytes
    this.waitingBytes -= bytes.length
    if (before >= WAITING_BYTES_MAX && this.waitingBytes < WAITING_BYTES_MAX && !this.#finished)
      queueMicrotask(() => this.events?.writable())
    return true
  }

  #answer(response: Response, sizeBytes: number | undefined): void {
    this.response = response
    this.sizeBytes = sizeBytes ?? 0
    this.events?.began(sizeBytes)
    this.#promised?.(response)
    if (this.#state === 'done') this.#over()
  }

  #over(): void {
    this.events?.over()
    this.#logEnd(this.#finished && !this.#isBroken)
  }

  /** What the runtime has taken counts as sent: how far the client is it does not tell. */
  #logEnd(whole: boolean): void {
    if (this.#isLogged) return
    this.#isLogged = true
    this.logged?.ended(this.takenBytes + this.sizeBytes, whole)
  }

  /** Nothing more comes from here. */
  #end(): void {
    this.#state = 'done'
    for (const piece of this.#queue ?? []) piece.source?.release()
    this.#queue = undefined
    this.waitingBytes = 0
    if (this.response !== undefined) this.#over()
    const pulled = this.#pulled
    this.#pulled = undefined
    if (!this.#isBroken) pulled?.()
  }
}

/** Nothing is taken before the runtime wants it. */
const lazily = { highWaterMark: 0 }

/** RFC 9110 §6.4.1. */
function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

/** As streams, which the runtime gives no Content-Type of its own (RFC 9110 §8.3: the recipient may then look for itself). */
function untypedBytes(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(Uint8Array.prototype.slice.call(bytes))
      controller.close()
    },
  })
}

const untyped = (blob: Blob): ReadableStream<Uint8Array> => blob.stream()
