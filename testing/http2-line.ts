// Both ends of an HTTP/2 connection in a test's hand: an engine behind it, time that moves when it is told to, and a client that
// says what it is told to say, frame by frame.
import { Http2Connection } from '../src/edge/http2-connection.ts'
import { edgeRows } from '../src/edge/settings.ts'
import { TrustedPeers } from '../src/edge/trust.ts'
import { defaultsOf } from '../src/base/setting.ts'
import { limitRows, type Http1Limits } from '../src/http1/limits.ts'
import { PREFACE } from '../src/http2/frame.ts'
import { Http2RequestReader } from '../src/http2/request-reader.ts'
import type { RequestLog } from '../src/request/request-log.ts'
import { TestEngine, type EngineOptions } from './engine.ts'
import { FakeSocket } from './fake-socket.ts'
import { readFieldBlock, type Line } from './field-block.ts'
import { fieldBlock, Flag, frame, FrameType, readFrames, type Frame } from './http2-frames.ts'
import { lend } from './lent.ts'

const settings = defaultsOf(edgeRows)

/** Connections to one engine. */
export class Http2Setup {
  readonly engine: TestEngine
  readonly reader: Http2RequestReader
  log: RequestLog | undefined
  draining = false
  /** What every answer tells. */
  told: readonly (readonly [key: string, value: string])[] = []
  closed = 0

  constructor(
    options: EngineOptions = {},
    readonly trusted: readonly string[] = [],
    limits: Partial<Http1Limits> = {},
  ) {
    this.engine = new TestEngine(options)
    this.reader = new Http2RequestReader({ ...defaultsOf(limitRows), ...limits }, 'http')
  }

  get origin() {
    return this.engine.origin
  }

  /** A connection on which nothing has been said. */
  accept(): Http2Line {
    return new Http2Line(this)
  }

  /** A connection with the first words said; `payload`: the client's settings. */
  connect(payload?: Uint8Array): Http2Line {
    const line = this.accept().send(PREFACE, frame(FrameType.settings, 0, 0, payload))
    line.frames()
    return line
  }
}

/** The head of a request. */
export function requestLines(path: string, method = 'GET', ...more: readonly Line[]): Line[] {
  return [[':method', method], [':scheme', 'http'], [':authority', 'a.test'], [':path', path], ...more]
}

/** A HEADERS frame of a request without a body. */
export function getFrame(stream: number, path = '/page', ...more: readonly Line[]): Buffer {
  const block = fieldBlock(requestLines(path, 'GET', ...more))
  return frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, block)
}

/** A HEADERS frame of a request with a body. */
export function postFrame(stream: number, path = '/page', ...more: readonly Line[]): Buffer {
  return frame(FrameType.headers, Flag.endHeaders, stream, fieldBlock(requestLines(path, 'POST', ...more)))
}

/** A DATA frame. */
export function dataFrame(stream: number, text: string, ends = false): Buffer {
  return frame(FrameType.data, ends ? Flag.endStream : 0, stream, Buffer.from(text))
}

/** A frame with one number of 32 bits. */
export function numberFrame(type: number, stream: number, number: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(number)
  return frame(type, 0, stream, payload)
}

/** The payload of SETTINGS with one setting. */
export function setting(name: number, value: number): Buffer {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(name)
  payload.writeUInt32BE(value, 2)
  return payload
}

/** What was sent on one stream. */
export interface Answered {
  readonly interim: readonly Line[][]
  readonly fields: Readonly<Record<string, string>>
  readonly body: string
  readonly trailers: readonly Line[] | undefined
  readonly end: 'open' | 'whole' | `reset ${number}`
}

/** One connection. */
export class Http2Line {
  readonly socket = new FakeSocket()
  readonly connection: Http2Connection
  /** All that came. */
  #came: Frame[] = []
  #rest = Buffer.alloc(0)

  constructor(readonly setup: Http2Setup) {
    const { engine } = setup
    this.connection = new Http2Connection(this.socket, {
      engine: engine.engine,
      recorder: engine,
      log: setup.log,
      clock: engine.clock,
      http2Reader: setup.reader,
      told: setup.told,
      settings,
      trusted: new TrustedPeers(setup.trusted),
      get draining() {
        return setup.draining
      },
      closed: () => setup.closed++,
    })
  }

  send(...octets: readonly Uint8Array[]): this {
    lend(Buffer.concat(octets), (lent, end) => this.connection.onData(lent, end))
    return this
  }

  /** The frames that came since the last call. */
  frames(): Frame[] {
    const octets = Buffer.concat([this.#rest, Buffer.from(this.socket.take(), 'latin1')])
    let end = 0
    while (end + 9 <= octets.length && end + 9 + octets.readUIntBE(end, 3) <= octets.length)
      end += 9 + octets.readUIntBE(end, 3)
    this.#rest = octets.subarray(end)
    const frames = readFrames(octets.subarray(0, end))
    this.#came.push(...frames)
    return frames
  }

  /** As `frames`, as soon as this turn is over. */
  async turn(): Promise<Frame[]> {
    await Promise.resolve()
    return this.frames()
  }

  /** What has come on a stream, ever. */
  answer(stream: number): Answered {
    this.frames()
    const interim: Line[][] = []
    let head: Line[] | undefined
    let trailers: Line[] | undefined
    let end: Answered['end'] = 'open'
    const body: Buffer[] = []
    let block = Buffer.alloc(0)
    for (const { type, flags, payload } of this.#came.filter((each) => each.stream === stream)) {
      if (type === FrameType.headers || type === FrameType.continuation) {
        block = Buffer.concat([block, payload])
        if ((flags & Flag.endHeaders) !== 0) {
          const lines = readFieldBlock(block)
          block = Buffer.alloc(0)
          if (head !== undefined) trailers = lines
          else if (lines[0]![1].startsWith('1')) interim.push(lines)
          else head = lines
        }
      }
      if (type === FrameType.data) body.push(payload)
      if (type === FrameType.rstStream) end = `reset ${payload.readUInt32BE()}`
      else if (type <= FrameType.headers && (flags & Flag.endStream) !== 0) end = 'whole'
    }
    const fields = Object.fromEntries(head ?? [])
    return { interim, fields, body: Buffer.concat(body).toString('latin1'), trailers, end }
  }

  /** The code of GOAWAY; undefined: none has come. */
  get goAway(): number | undefined {
    this.frames()
    return this.#came.findLast(({ type }) => type === FrameType.goAway)?.payload.readUInt32BE(4)
  }

  /** Gives the socket room, and tells so. */
  drain(roomBytes = Infinity): void {
    this.socket.roomBytes = roomBytes
    this.connection.onDrain()
  }

  wait(ms: number): void {
    const { clock } = this.setup.engine
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250)
      this.connection.sweep(clock.monotonicMs(), this.setup.reader.limits.headTime)
    }
  }
}
