// The answer to one request on an HTTP/1.1 connection: framing (RFC 9112 §6), and as few writes as the sizes allow.
import { assert } from '../base/assert.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import type { Held, Outbox, Pourable } from '../base/outbox.ts'
import type { Fields } from '../http/fields.ts'
import { fieldBit } from '../http/known-fields.ts'
import type { ArrivedLines, ResponseHead } from '../http/message.ts'
import { chunkEnd, chunkStart, encodeLastChunk } from '../http1/chunked.ts'
import { fieldLines, headOctets, statusLine } from '../http1/head-writer.ts'
import type { Client, Reply } from '../request/reply.ts'
import type { LoggedRequest } from '../request/request-log.ts'
import { HEADROOM, type Representation } from '../request/representation.ts'
import { headText, placeHead } from './http1-image.ts'
import { nothingTold, toldLines, type ToldFields } from './told-fields.ts'

/** What a reply needs from its connection. */
export interface ReplyConnection {
  readonly client: Client
  readonly told: ToldFields
  readonly outbox: Outbox
  /** Of the request that is being answered: HTTP/1.0 knows neither chunks nor interim responses. */
  readonly minorVersion: number
  /** Whether the connection goes on after this answer. */
  readonly keepAlive: boolean
  /** The client has been told to send its body (100 Continue). */
  continued(): void
  /** The connection ends with this answer: it says so, or is delimited by that. */
  closeAfter(): void
  /** The answer is complete. */
  replied(): void
  /** The answer cannot be completed: the client must see that. */
  broken(): void
  tunnelled(): void
  pauseBody(): void
  resumeBody(): void
  count(bytes: number): void
}

/** Up to this size head and body are put together for one write. */
const JOINED_BYTES_MAX = 65_536
/** At most this is before and behind the content of a chunk that is joined. */
const CHUNK_LINES_BYTES = 16
/**
 * Heads and bodies are put together here. A head that was passed on as it came waits here for the first of its body, or
 * for the end of this turn of the event loop: there is one such place, and who needs it has what waits there sent first.
 */
const scratch = Buffer.allocUnsafeSlow(JOINED_BYTES_MAX + 65_536 + CHUNK_LINES_BYTES)
let holder: Http1Reply | undefined
/** Whose head waits as text. */
let waiting: Http1Reply[] = []
let isFlushDue = false

const flushHolder = (): void => holder?.flushHead()
const holdFor = (reply: Http1Reply): void => {
  holder = reply
  flushAtTurnsEnd()
}
const waitFor = (reply: Http1Reply): void => {
  waiting.push(reply)
  flushAtTurnsEnd()
}
const flushAtTurnsEnd = (): void => {
  if (isFlushDue) return
  isFlushDue = true
  queueMicrotask(flushAll)
}
const flushAll = (): void => {
  isFlushDue = false
  flushHolder()
  if (waiting.length === 0) return
  const replies = waiting
  waiting = []
  for (const reply of replies) reply.flushHead()
}

/** Takes any bytes; a view of a part, which `set` would need, costs more than the copy. */
const copyBytes = Buffer.prototype.copy

const contentLengthBit = fieldBit['content-length']
const OK_LINE = statusLine(200, 'OK')

let lastHead: ResponseHead | undefined
let lastTold = nothingTold
let lastLines: string | undefined
let lastFrame = ''
let lastText = ''

/** A whole head as text. A crowd is sent one head (request/fetch.ts), and so one text, which is put together once. */
function headOf(head: ResponseHead, frame: string, told: ToldFields): string {
  const lines = head.fields.text
  if (head === lastHead && lines === lastLines && frame === lastFrame && told === lastTold) return lastText
  const start = `${statusLine(head.status, head.reason)}${fieldLines(head.fields)}`
  const text = `${start}${toldLines(told, head.fields)}${frame}`
  // Where the lines are not there as text, nothing tells whether they have been changed meanwhile.
  lastHead = lines === undefined ? undefined : head
  lastTold = told
  lastLines = lines
  lastFrame = frame
  lastText = text
  return text
}

let framedBytes = -1
let framedLine = ''
let framed = ''

/** The end of a head before a body of known length; one body after the other is of the same. */
function lengthFrame(bodyBytes: number, connectionLine: string): string {
  if (bodyBytes === framedBytes && connectionLine === framedLine) return framed
  framedBytes = bodyBytes
  framedLine = connectionLine
  return (framed = `Content-Length: ${bodyBytes}\r\n${connectionLine}\r\n`)
}

type State = 'waiting' | 'length' | 'chunked' | 'close' | 'none' | 'tunnel' | 'done'

/** Writes one answer. */
export class Http1Reply implements Reply {
  #state: State = 'waiting'
  /** The head's bytes in `scratch`, while it waits there. */
  #heldBytes = 0
  /** The head, while it waits as text. */
  #heldText: string | undefined
  #left = 0

  constructor(
    private readonly connection: ReplyConnection,
    /** Its entry in the access log; undefined: there is none. */
    readonly logged?: LoggedRequest,
  ) {}

  get client(): Client {
    return this.connection.client
  }

  /** Whether nothing of the final answer has been said. */
  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  interim(head: ResponseHead): void {
    // RFC 9110 §15.2: not to an HTTP/1.0 client.
    if (this.connection.minorVersion === 0 || this.#state !== 'waiting') return
    if (head.status === 100) this.connection.continued()
    this.#send(headOctets(`${statusLine(head.status, head.reason)}${fieldLines(head.fields)}\r\n`))
  }

  wantBody(): void {
    if (this.connection.minorVersion === 0) return
    this.connection.continued()
    this.#send(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'))
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
    const { connection } = this
    const { body, source } = representation
    const from =
      representation.hasHeadroom && connection.keepAlive && connection.minorVersion === 1
        ? placeHead(representation, ageSeconds, ttlSeconds, reason, member, connection.told)
        : -1
    if (from >= 0) {
      const bytes = source!.bytes
      const to = headOnly ? HEADROOM : bytes.length
      connection.count(to - from)
      connection.outbox.send(bytes, from, to, HEADROOM - from, source)
    } else {
      const line = this.#connectionLine()
      const text = headText(representation, ageSeconds, ttlSeconds, reason, member, line, connection.told)
      const head = Buffer.from(text, 'latin1')
      connection.count(head.length + (headOnly ? 0 : body.length))
      connection.outbox.send(head)
      if (!headOnly && body.length > 0) connection.outbox.send(body, 0, body.length, 0, source)
    }
    connection.replied()
  }

  start(head: ResponseHead, bodyBytes: number | undefined, hasBody: boolean): void {
    assert(this.#state === 'waiting', 'a second answer to one request')
    const text = headOf(head, this.#frame(bodyBytes, hasBody), this.connection.told)
    if (text.length > JOINED_BYTES_MAX) {
      this.connection.count(text.length)
      this.connection.outbox.send(Buffer.from(text, 'latin1'))
      return
    }
    this.#heldText = text
    waitFor(this)
  }

  forward(
    status: number,
    reason: string,
    lines: ArrivedLines,
    added: string,
    bodyBytes: number | undefined,
    hasBody: boolean,
  ): boolean {
    assert(this.#state === 'waiting', 'a second answer to one request')
    flushHolder()
    const start = status === 200 && reason === 'OK' ? OK_LINE : statusLine(status, reason)
    // RFC 9110 §8.6: a 204 has no length.
    const omitted = hasBody || status === 204 ? contentLengthBit : 0
    let at = lines.copyTo(scratch, scratch.latin1Write(start, 0), omitted)
    if (at < 0 || at > JOINED_BYTES_MAX) return false
    at += scratch.latin1Write(added, at)
    const { told } = this.connection
    const frame = this.#frame(bodyBytes, hasBody)
    if (told !== nothingTold) at += scratch.latin1Write(toldLines(told, lines), at)
    this.#heldBytes = at + scratch.latin1Write(frame, at)
    holdFor(this)
    return true
  }

  write(chunk: Uint8Array, source?: Held): boolean {
    if (source === undefined) return this.#write(chunk, 0, chunk.length, 0)
    if (this.#state === 'done' || chunk.length === 0) return true
    this.#counts(chunk.length)
    const isChunked = this.#state === 'chunked'
    if (isChunked) this.#send(chunkStart(chunk.length))
    else this.flushHead()
    this.connection.count(chunk.length)
    const taken = this.connection.outbox.send(chunk, 0, chunk.length, 0, source)
    return isChunked ? this.#send(chunkEnd) : taken
  }

  writePart(octets: Uint8Array, from: number, to: number): boolean {
    return this.#write(octets, from, to, to - from)
  }

  pour(body: Pourable): void {
    assert(
      this.#state === 'length' && body.leftBytes === this.#left,
      'a file of another length than was announced',
    )
    this.#left = 0
    const headBytes = this.#takeHead()
    this.connection.count(headBytes + body.leftBytes)
    this.connection.outbox.sendFrom(body, scratch, headBytes)
  }

  finish(trailers: Fields | undefined): void {
    const state = this.#state
    if (state === 'done') return
    this.#state = 'done'
    if (state === 'chunked') this.#send(encodeLastChunk(trailers))
    else this.flushHead()
    if (state === 'tunnel' || (state === 'length' && this.#left > 0)) this.connection.broken()
    else this.connection.replied()
  }

  fail(): void {
    if (this.#state === 'done') return
    this.flushHead()
    this.#state = 'done'
    this.connection.broken()
  }

  answered(tier: Tier, reason: Reason, status: number): void {
    this.logged?.answered(tier, reason, status)
  }

  tunnel(head: ResponseHead): void {
    this.#state = 'tunnel'
    this.#send(
      headOctets(`${statusLine(101, head.reason)}Connection: Upgrade\r\n${fieldLines(head.fields)}\r\n`),
    )
    this.connection.tunnelled()
  }

  pause(): void {
    this.connection.pauseBody()
  }

  resume(): void {
    this.connection.resumeBody()
  }

  /** The lines that delimit the body (RFC 9112 §6) and say how the connection goes on, and the head's end. */
  #frame(bodyBytes: number | undefined, hasBody: boolean): string {
    if (!hasBody) {
      this.#state = 'none'
      return `${this.#connectionLine()}\r\n`
    }
    if (bodyBytes !== undefined) {
      this.#state = 'length'
      this.#left = bodyBytes
      return lengthFrame(bodyBytes, this.#connectionLine())
    }
    if (this.connection.minorVersion === 1) {
      this.#state = 'chunked'
      return `Transfer-Encoding: chunked\r\n${this.#connectionLine()}\r\n`
    }
    // RFC 9112 §6.3: an HTTP/1.0 client finds the end by the connection's.
    this.#state = 'close'
    this.connection.closeAfter()
    return `${this.#connectionLine()}\r\n`
  }

  #connectionLine(): string {
    if (!this.connection.keepAlive) {
      this.connection.closeAfter()
      return 'Connection: close\r\n'
    }
    return this.connection.minorVersion === 0 ? 'Connection: keep-alive\r\n' : ''
  }

  #counts(bytes: number): void {
    if (this.#state !== 'length') return
    this.#left -= bytes
    assert(this.#left >= 0, 'more body than was announced')
  }

  /** Of what has to wait the first `copiedBytes` are copied. */
  #write(octets: Uint8Array, from: number, to: number, copiedBytes: number): boolean {
    if (this.#state === 'done' || from === to) return true
    this.#counts(to - from)
    if (this.#state !== 'chunked') return this.#send(octets, from, to, copiedBytes)
    if (to - from <= JOINED_BYTES_MAX) return this.#sendChunk(octets, from, to)
    this.#send(chunkStart(to - from))
    this.#send(octets, from, to, copiedBytes)
    return this.#send(chunkEnd)
  }

  /** Sends a short chunk behind the head, in one write. */
  #sendChunk(octets: Uint8Array, from: number, to: number): boolean {
    if (holder !== this) flushHolder()
    let at = this.#takeHead()
    at += scratch.latin1Write(`${(to - from).toString(16)}\r\n`, at)
    at += copyBytes.call(octets, scratch, at, from, to)
    at += scratch.latin1Write('\r\n', at)
    this.connection.count(at)
    return this.connection.outbox.send(scratch, 0, at, at)
  }

  /** Sends bytes behind the head, in one write where they are short. */
  #send(bytes: Uint8Array, from = 0, to = bytes.length, copiedBytes = 0): boolean {
    const { connection } = this
    if (to - from > JOINED_BYTES_MAX) this.flushHead()
    const headBytes = this.#takeHead()
    const all = headBytes + to - from
    connection.count(all)
    if (headBytes === 0) return connection.outbox.send(bytes, from, to, copiedBytes)
    copyBytes.call(bytes, scratch, headBytes, from, to)
    return connection.outbox.send(scratch, 0, all, all)
  }

  /** Sends a head that waits for its body. */
  flushHead(): void {
    const headBytes = this.#takeHead()
    if (headBytes === 0) return
    this.connection.count(headBytes)
    this.connection.outbox.send(scratch, 0, headBytes, headBytes)
  }

  /** Puts a head that waits to the start of `scratch`, and waits no more; returns its length, 0: none waits. */
  #takeHead(): number {
    if (holder === this) {
      holder = undefined
      return this.#heldBytes
    }
    const text = this.#heldText
    if (text === undefined) return 0
    this.#heldText = undefined
    flushHolder()
    return scratch.latin1Write(text, 0)
  }
}
