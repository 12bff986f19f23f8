// What leaves on an HTTP/2 connection: frames of all its streams, in turn (RFC 9113 §5.2 and §6.9), put together so that one
// write takes as many as there are. Bodies that have to wait, for the kernel or for a window, wait where they lie.
//
// There is one place in a process where frames are put together. It belongs to one connection at a time, and is sent when
// another needs it, when it is full, when what came has been read, and at the end of this turn of the event loop.
import { Outbox } from '../base/outbox.ts'
import { Flag, FRAME_HEAD_BYTES, FrameType, PAYLOAD_BYTES_MAX, put32, putFrameHead } from '../http2/frame.ts'
import { INITIAL_WINDOW, PeerSettings } from '../http2/settings.ts'
import type { Socket } from '../net/socket.ts'

const SCRATCH_BYTES = 128 << 10
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
/** How far `scratch` is filled. */
let used = 0
let holder: Http2Output | undefined
let isFlushDue = false

const flushAtTurnsEnd = (): void => {
  if (isFlushDue) return
  isFlushDue = true
  queueMicrotask(flushHolder)
}
const flushHolder = (): void => {
  isFlushDue = false
  holder?.flush()
}

/** Gives the place to another connection. */
const take = (output: Http2Output): void => {
  holder?.flush()
  holder = output
}

/** Takes any bytes; a view of a part, which `set` would need, costs more than the copy. */
const copyBytes = Buffer.prototype.copy

/** What a stream came to in its turn. */
export const Sent = {
  /** It has no more for now, or its own window has no room. */
  all: 0,
  some: 1,
  /** The connection's window has no room. */
  none: 2,
} as const

/** What an output tells its connection. */
export interface OutputEvents {
  /** Bytes have been handed to the socket. */
  sent(bytes: number): void
  /** The kernel has taken all of them. */
  emptied(): void
}

/** A stream with something to send. */
export interface SendingStream {
  /** Whether the output knows that. */
  isListed: boolean
  /** Sends a frame or two; returns a `Sent`. */
  sendSome(): number
}

/** The way out of one connection. */
export class Http2Output {
  readonly outbox: Outbox
  readonly peer = new PeerSettings()
  /** What the client takes on the connection before it grants more. */
  window: number = INITIAL_WINDOW
  /** Bytes that were put on their way, ever. */
  sentBytes = 0
  /** Answers to frames of the connection, that the client has not read. */
  unreadAnswers = 0
  /** Octets are being read: what is put together is sent when that is over. */
  isReading = false
  /** With something to send, in turn. */
  #ready: SendingStream[] = []
  /** With something to send that the connection's window has no room for. */
  #starved: SendingStream[] = []
  #isSending = false
  /** The client has to be told that nothing is remembered of what is sent (RFC 7541 §4.2). */
  #tellsTable = false

  constructor(
    socket: Socket,
    private readonly events: OutputEvents,
  ) {
    this.outbox = new Outbox(socket)
  }

  /** Whether nothing waits: what is sent now goes out at once, if windows allow it. */
  get isClear(): boolean {
    return this.outbox.waitingBytes === 0 && this.#ready.length === 0
  }

  /** Whether all that was ever sent has been taken by the kernel, but for what is being put together. */
  get isEmpty(): boolean {
    return this.outbox.waitingBytes === 0 && (holder !== this || used === 0)
  }

  /** Sends what has been put together. */
  flush(): void {
    if (holder !== this || used === 0) return
    const bytes = used
    used = 0
    this.events.sent(bytes)
    if (this.outbox.send(scratch, 0, bytes, bytes)) this.events.emptied()
  }

  /** The kernel takes more. */
  drain(): void {
    if (!this.outbox.flush()) return
    this.unreadAnswers = 0
    this.send()
    if (holder === this && used > 0) this.flush()
    else this.events.emptied()
  }

  /** Forgets what waits: the socket is gone. */
  clear(): void {
    if (holder === this) {
      holder = undefined
      used = 0
    }
    this.#ready = []
    this.#starved = []
    this.outbox.clear()
  }

  /** A whole answer, with a body of at most one frame, or none; the windows have room for it, and nothing waits. */
  whole(stream: number, block: string, body: Uint8Array, bytes: number): void {
    if (block.length > PAYLOAD_BYTES_MAX || this.#tellsTable) {
      this.head(stream, block, bytes === 0)
      if (bytes > 0) this.data(stream, body, 0, bytes, true)
      return
    }
    let at = this.#room(block.length + bytes + 2 * FRAME_HEAD_BYTES)
    const flags = bytes === 0 ? Flag.endHeaders | Flag.endStream : Flag.endHeaders
    at = putFrameHead(scratch, at, block.length, FrameType.headers, flags, stream)
    at += scratch.latin1Write(block, at)
    if (bytes > 0) {
      at = putFrameHead(scratch, at, bytes, FrameType.data, Flag.endStream, stream)
      at += copyBytes.call(body, scratch, at, 0, bytes)
      this.window -= bytes
    }
    this.#used(at)
  }

  /** A field block, in as many frames as it needs (RFC 9113 §6.2 and §6.10). */
  head(stream: number, block: string, ends: boolean): void {
    const text = this.#tellsTable ? NO_TABLE + block : block
    this.#tellsTable = false
    let flags = ends ? Flag.endStream : 0
    let type: number = FrameType.headers
    for (let from = 0; ; from += PAYLOAD_BYTES_MAX) {
      const part = text.length <= PAYLOAD_BYTES_MAX ? text : text.slice(from, from + PAYLOAD_BYTES_MAX)
      const isLast = from + part.length === text.length
      if (isLast) flags |= Flag.endHeaders
      let at = this.#room(part.length + FRAME_HEAD_BYTES)
      at = putFrameHead(scratch, at, part.length, type, flags, stream)
      this.#used(at + scratch.latin1Write(part, at))
      if (isLast) return
      type = FrameType.continuation
      flags = 0
    }
  }

  /** Part of a body; the windows have room for it. */
  data(stream: number, bytes: Uint8Array, from: number, to: number, ends: boolean): void {
    let at = this.#room(to - from + FRAME_HEAD_BYTES)
    at = putFrameHead(scratch, at, to - from, FrameType.data, ends ? Flag.endStream : 0, stream)
    at += copyBytes.call(bytes, scratch, at, from, to)
    this.window -= to - from
    this.#used(at)
  }

  /** RFC 9113 §6.4. */
  reset(stream: number, code: number): void {
    const at = putFrameHead(scratch, this.#answerRoom(4), 4, FrameType.rstStream, 0, stream)
    this.#used(put32(scratch, at, code))
  }

  /** RFC 9113 §6.9. */
  windowUpdate(stream: number, bytes: number): void {
    const at = putFrameHead(scratch, this.#answerRoom(4), 4, FrameType.windowUpdate, 0, stream)
    this.#used(put32(scratch, at, bytes))
  }

  /** RFC 9113 §6.7. */
  pingAnswer(octets: Buffer, from: number): void {
    const at = putFrameHead(scratch, this.#answerRoom(8), 8, FrameType.ping, Flag.ack, 0)
    this.#used(at + octets.copy(scratch, at, from, from + 8))
  }

  /** RFC 9113 §6.5. */
  settings(payload: Buffer): void {
    const at = putFrameHead(scratch, this.#room(payload.length + 9), payload.length, FrameType.settings, 0, 0)
    this.#used(at + payload.copy(scratch, at))
  }

  /** The client's settings hold from now on. */
  settingsAnswer(tellsTable: boolean): void {
    if (tellsTable) this.#tellsTable = true
    this.#used(putFrameHead(scratch, this.#answerRoom(0), 0, FrameType.settings, Flag.ack, 0))
  }

  /** RFC 9113 §6.8. */
  goAway(lastStream: number, code: number): void {
    let at = putFrameHead(scratch, this.#room(17), 8, FrameType.goAway, 0, 0)
    at = put32(scratch, at, lastStream)
    this.#used(put32(scratch, at, code))
  }

  /** A stream has something to send, and its window is open. */
  ready(stream: SendingStream): void {
    if (!stream.isListed) {
      stream.isListed = true
      this.#ready.push(stream)
    }
    this.send()
  }

  /** A stream has nothing to send any more. */
  notReady(stream: SendingStream): void {
    if (!stream.isListed) return
    stream.isListed = false
    for (const list of [this.#ready, this.#starved]) {
      const at = list.indexOf(stream)
      if (at >= 0) list.splice(at, 1)
    }
  }

  /** The client takes more on the connection. */
  widen(bytes: number): void {
    this.window += bytes
    if (this.window <= 0 || this.#starved.length === 0) return
    this.#ready.push(...this.#starved.splice(0))
    this.send()
  }

  /** Sends what may be sent, a frame of each stream in turn. */
  send(): void {
    if (this.#isSending) return
    this.#isSending = true
    while (this.#ready.length > 0 && this.outbox.waitingBytes === 0) {
      const stream = this.#ready.shift()!
      stream.isListed = false
      const sent = stream.sendSome()
      if (sent === Sent.all || stream.isListed) continue
      stream.isListed = true
      if (sent === Sent.some) this.#ready.push(stream)
      else this.#starved.push(stream)
    }
    this.#isSending = false
  }

  /** Makes room for so many bytes; returns where. */
  #room(bytes: number): number {
    if (holder !== this) take(this)
    if (used + bytes > SCRATCH_BYTES) this.flush()
    if (!this.isReading) flushAtTurnsEnd()
    return used
  }

  /** As `#room`, for the payload of an answer to what the client has sent. */
  #answerRoom(payloadBytes: number): number {
    if (this.outbox.waitingBytes > 0) this.unreadAnswers++
    return this.#room(payloadBytes + FRAME_HEAD_BYTES)
  }

  #used(to: number): void {
    this.sentBytes += to - used
    used = to
  }
}

/** A table of no size (RFC 7541 §6.3). */
const NO_TABLE = '\x20'
