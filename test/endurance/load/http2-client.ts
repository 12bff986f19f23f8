// A client of HTTP/2 (RFC 9113) that asks for many things at once on one connection, and tells what failed from what the
// server has told to send again (§6.8, §8.7). It keeps to the server's windows (§6.9).
//
// Left out: pushes, priorities, and field blocks beyond the status: no dynamic table is allowed to the server.
import { realTimers } from '../../../src/base/clock.ts'
import {
  fieldBlock,
  Flag,
  type Frame,
  frame,
  FrameType,
  Http2Frames,
  statusOf,
} from '../../../testing/http2-frames.ts'
import type { Answered } from './asked.ts'

/** What became of a request; `repeat`: the server has not begun it, and it may be sent again. */
export type Http2Outcome = Answered | 'repeat'

interface Stream {
  readonly outcome: PromiseWithResolvers<Http2Outcome>
  status: number
  readonly body: Buffer[]
  /** How much may still be sent on it. */
  window: number
}

const settingCodes = { headerTableSize: 1, initialWindowSize: 4 } as const
const refusedStream = 7
const windowBytes = 1 << 20
const firstWindow = 65_535
const dataBytesMax = 16_384
/** Frames may be far apart. */
const dayMs = 86_400_000

/** One connection. */
export class Http2Client {
  readonly #frames: Http2Frames
  readonly #streams = new Map<number, Stream>()
  #window = firstWindow
  /** Since the server was told last that it may send more. */
  #read = 0
  #streamWindow = firstWindow
  #leaving: string | undefined
  /** Those that wait for a window to open. */
  #waiting: (() => void)[] = []

  private constructor(frames: Http2Frames) {
    this.#frames = frames
    frames.send(
      frame(
        FrameType.settings,
        0,
        0,
        Buffer.concat([
          setting(settingCodes.headerTableSize, 0),
          setting(settingCodes.initialWindowSize, windowBytes),
        ]),
      ),
      windowUpdate(0, windowBytes),
    )
    void this.#readFrames()
  }

  /** Connects to a loopback port, whatever the certificate; `connected` is told our own before the handshake. */
  static async connect(port: number, connected?: (port: number) => void): Promise<Http2Client> {
    return new Http2Client(await Http2Frames.connect(port, 'https', connected))
  }

  /** Whether nothing more can be asked here: the server has said so, or the connection has ended. */
  get ended(): boolean {
    return this.#leaving !== undefined || this.#frames.ended
  }

  /** Asks, and sends a body as its pieces come. Rejects when the stream or the connection breaks, or after `waitMs`. */
  async ask(
    lines: readonly (readonly [string, string])[],
    waitMs: number,
    pieces?: AsyncIterable<Buffer>,
  ): Promise<Http2Outcome> {
    const number = this.#frames.stream()
    const stream: Stream = {
      outcome: Promise.withResolvers(),
      status: 0,
      body: [],
      window: this.#streamWindow,
    }
    this.#streams.set(number, stream)
    const flags = Flag.endHeaders | (pieces === undefined ? Flag.endStream : 0)
    this.#frames.send(frame(FrameType.headers, flags, number, fieldBlock(lines)))
    if (this.#frames.ended) this.#settle(number, new Error('the connection had ended'))
    else if (pieces !== undefined) void this.#sendBody(number, stream, pieces)
    const late = realTimers.after(waitMs, () =>
      this.#settle(number, new Error(`waited ${waitMs} ms for an answer`)),
    )
    try {
      return await stream.outcome.promise
    } finally {
      late.cancel()
    }
  }

  destroy(): void {
    this.#frames.destroy()
  }

  async #sendBody(number: number, stream: Stream, pieces: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        if (!this.#streams.has(number)) return
        const bytes = Math.min(dataBytesMax, this.#window, stream.window, piece.length - at)
        if (bytes <= 0) {
          await new Promise<void>((resolve) => this.#waiting.push(resolve))
          continue
        }
        this.#window -= bytes
        stream.window -= bytes
        this.#frames.send(frame(FrameType.data, 0, number, piece.subarray(at, at + bytes)))
        at += bytes
      }
    }
    this.#frames.send(frame(FrameType.data, Flag.endStream, number))
  }

  async #readFrames(): Promise<void> {
    try {
      for (;;) {
        const read = await this.#frames.next(dayMs)
        if (read === undefined) break
        this.#take(read)
      }
    } catch (error) {
      this.#leaving ??= String(error)
    }
    this.#leaving ??= 'the connection ended without a word'
    for (const number of this.#streams.keys()) this.#settle(number, new Error(this.#leaving))
    this.#wake()
  }

  #take(read: Frame): void {
    const stream = this.#streams.get(read.stream)
    switch (read.type) {
      case FrameType.headers:
      case FrameType.data:
        if (read.type === FrameType.data) this.#giveBack(read)
        if (stream !== undefined) this.#takeMessage(read, stream)
        return
      case FrameType.rstStream: {
        const code = read.payload.readUInt32BE(0)
        this.#settle(
          read.stream,
          code === refusedStream ? 'repeat' : new Error(`the stream was reset with ${code}`),
        )
        return
      }
      case FrameType.goAway: {
        const last = read.payload.readUInt32BE(0) & 0x7fffffff
        this.#leaving = `GOAWAY with ${read.payload.readUInt32BE(4)}, and an end before the answer`
        for (const number of this.#streams.keys()) if (number > last) this.#settle(number, 'repeat')
        return
      }
      case FrameType.settings:
        this.#takeSettings(read)
        return
      case FrameType.windowUpdate:
        if (read.stream === 0) this.#window += read.payload.readUInt32BE(0)
        else if (stream !== undefined) stream.window += read.payload.readUInt32BE(0)
        this.#wake()
    }
  }

  #takeMessage(read: Frame, stream: Stream): void {
    const content = contentOf(read)
    // 1xx come before the answer, trailers after it.
    if (read.type === FrameType.data) stream.body.push(content)
    else if (stream.status < 200) stream.status = statusOf(content)
    if ((read.flags & Flag.endStream) !== 0)
      this.#settle(read.stream, { status: stream.status, body: Buffer.concat(stream.body) })
  }

  #takeSettings({ flags, payload }: Frame): void {
    if ((flags & Flag.ack) !== 0) return
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== settingCodes.initialWindowSize) continue
      const size = payload.readUInt32BE(at + 2)
      // RFC 9113 §6.9.2: it changes the windows of streams that are open, too.
      for (const stream of this.#streams.values()) stream.window += size - this.#streamWindow
      this.#streamWindow = size
    }
    this.#wake()
  }

  /** What was read may be sent again; told when it is much. A stream's own window is as large as its answers. */
  #giveBack({ payload }: Frame): void {
    this.#read += payload.length
    if (this.#read < windowBytes / 2) return
    this.#frames.send(windowUpdate(0, this.#read))
    this.#read = 0
  }

  #settle(number: number, outcome: Http2Outcome | Error): void {
    const stream = this.#streams.get(number)
    this.#streams.delete(number)
    if (outcome instanceof Error) stream?.outcome.reject(outcome)
    else stream?.outcome.resolve(outcome)
    this.#wake()
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go()
  }
}

/** A payload without its padding (RFC 9113 §6.1). */
function contentOf({ payload, flags }: Frame): Buffer {
  return (flags & Flag.padded) === 0 ? payload : payload.subarray(1, payload.length - payload[0]!)
}

function setting(code: number, value: number): Buffer {
  const octets = Buffer.alloc(6)
  octets.writeUInt16BE(code, 0)
  octets.writeUInt32BE(value, 2)
  return octets
}

function windowUpdate(stream: number, bytes: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(bytes)
  return frame(FrameType.windowUpdate, 0, stream, octets)
}
