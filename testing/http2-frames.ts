// An HTTP/2 client that sends exactly the frames it is given (RFC 9113 §4, §6), for what no well-behaved client says.
// Field blocks are written without compression (RFC 7541 §6.2.2); of those that arrive only the status is read.
import { connect as connectClear, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { Flag, FrameType } from '../src/http2/frame.ts'
import { ByteReader } from './byte-reader.ts'
import { within } from './within.ts'

export { Flag, FrameType }

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** What became of a request. `reset` and `goaway` carry the error code (RFC 9113 §7). */
export type Outcome =
  | { readonly kind: 'status'; readonly status: number; readonly body: Buffer }
  | { readonly kind: 'reset'; readonly code: number }
  | { readonly kind: 'goaway'; readonly code: number }
  | { readonly kind: 'closed' }

const patienceMs = 5_000

/** The frames that stand in octets, one after the other. */
export function readFrames(octets: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < octets.length;) {
    const next = at + 9 + octets.readUIntBE(at, 3)
    const payload = octets.subarray(at + 9, next)
    const stream = octets.readUInt32BE(at + 5) & 0x7fff_ffff
    frames.push({ type: octets[at + 3]!, flags: octets[at + 4]!, stream, payload })
    at = next
  }
  return frames
}

/** The octets of a frame. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A field block, each line as a literal without indexing; names and values as they are, right or wrong. */
export function fieldBlock(lines: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(lines.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]))
}

function literal(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1')
  if (octets.length < 127) return Buffer.concat([Buffer.from([octets.length]), octets])
  // RFC 7541 §5.1: 7 bits of prefix, then groups of 7 bits, the lowest first.
  const length: number[] = [127]
  let rest = octets.length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  length.push(rest)
  return Buffer.concat([Buffer.from(length), octets])
}

/** A plain GET, as pseudo-fields. */
export function getLines(
  path: string,
  authority = 'site.test',
  method = 'GET',
): readonly (readonly [string, string])[] {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':authority', authority],
    [':path', path],
  ]
}

/** One connection, of which every frame is said by the test. */
export class Http2Frames {
  readonly #socket: Socket
  readonly #reader = new ByteReader()
  readonly frames: Frame[] = []
  #nextStream = 1

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#reader.push(chunk))
    socket.on('close', () => this.#reader.end())
    socket.on('error', () => this.#reader.end())
  }

  /**
   * Connects to a loopback port and sends the preface with empty SETTINGS (RFC 9113 §3.4); `connected` is told the port of
   * our side before the handshake.
   */
  static async connect(
    port: number,
    scheme: 'http' | 'https' = 'https',
    connected?: (port: number) => void,
  ): Promise<Http2Frames> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const address = { port, host: '127.0.0.1' }
    const socket =
      scheme === 'http'
        ? connectClear(address, () => resolve(socket))
        : connect(
            { ...address, servername: 'localhost', rejectUnauthorized: false, ALPNProtocols: ['h2'] },
            () => resolve(socket),
          )
    socket.once('error', reject)
    socket.once('connect', () => connected?.(socket.localPort!))
    socket.setNoDelay(true)
    const client = new Http2Frames(await within(patienceMs, 'a connection', promise))
    client.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FrameType.settings, 0, 0))
    return client
  }

  get ended(): boolean {
    return this.#reader.ended
  }

  /** The number of a new stream. */
  stream(): number {
    const stream = this.#nextStream
    this.#nextStream += 2
    return stream
  }

  send(...octets: readonly Uint8Array[]): void {
    if (!this.ended) this.#socket.write(Buffer.concat(octets))
  }

  /** Sends a request with these lines and, in one DATA frame, this body. */
  request(lines: readonly (readonly [string, string])[], body?: string | Uint8Array): number {
    const stream = this.stream()
    const flags = Flag.endHeaders | (body === undefined ? Flag.endStream : 0)
    this.send(frame(FrameType.headers, flags, stream, fieldBlock(lines)))
    if (body !== undefined) this.send(frame(FrameType.data, Flag.endStream, stream, Buffer.from(body)))
    return stream
  }

  /** The next frame; undefined when the connection has ended. SETTINGS and PING are acknowledged. */
  async next(waitMs = patienceMs): Promise<Frame | undefined> {
    const head = await within(waitMs, 'a frame', this.#reader.take(9))
    if (head === undefined) return undefined
    const payload = await within(waitMs, 'the rest of a frame', this.#reader.take(head.readUIntBE(0, 3)))
    if (payload === undefined) return undefined
    const read = { type: head[3]!, flags: head[4]!, stream: head.readUInt32BE(5) & 0x7fffffff, payload }
    if (read.type === FrameType.settings && (read.flags & Flag.ack) === 0)
      this.send(frame(FrameType.settings, Flag.ack, 0))
    if (read.type === FrameType.ping && (read.flags & Flag.ack) === 0)
      this.send(frame(FrameType.ping, Flag.ack, 0, payload))
    return read
  }

  /** What becomes of a request. */
  async outcome(stream: number, waitMs = patienceMs): Promise<Outcome> {
    let status = 0
    const body: Buffer[] = []
    for (;;) {
      const read = await this.next(waitMs)
      if (read === undefined) return { kind: 'closed' }
      if (read.type === FrameType.goAway) {
        const code = read.payload.readUInt32BE(4)
        if (code !== 0) return { kind: 'goaway', code }
      }
      if (read.stream !== stream) continue
      if (read.type === FrameType.rstStream) return { kind: 'reset', code: read.payload.readUInt32BE(0) }
      if (read.type === FrameType.headers) status = statusOf(read.payload)
      if (read.type === FrameType.data) body.push(read.payload)
      if (
        (read.type === FrameType.headers || read.type === FrameType.data) &&
        (read.flags & Flag.endStream) !== 0
      )
        return { kind: 'status', status, body: Buffer.concat(body) }
    }
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** RFC 7541 Appendix A: entries 8 to 14 are statuses. */
const indexed = [200, 204, 206, 304, 400, 404, 500]

/** The status of a response, from its field block: it stands first, and not in the dynamic table. */
export function statusOf(block: Buffer): number {
  let at = 0
  // Size updates of the dynamic table may stand first (RFC 7541 §4.2).
  while ((block[at]! & 0xe0) === 0x20) at++
  const first = block[at]!
  if (first >= 0x88 && first <= 0x8e) return indexed[first - 0x88]!
  const length = block[at + 1]!
  const text = block.subarray(at + 2, at + 2 + (length & 0x7f))
  return (length & 0x80) === 0 ? Number(text.toString('latin1')) : huffmanDigits(text)
}

/** Digits in the code of RFC 7541 Appendix B: '0' to '2' take five bits, the others six. */
function huffmanDigits(octets: Buffer): number {
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  let digits = ''
  for (let at = 0; digits.length < 3;) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2)
    if (five <= 2) {
      digits += five
      at += 5
    } else {
      digits += Number.parseInt(bits.slice(at, at + 6), 2) - 0x19 + 3
      at += 6
    }
  }
  return Number(digits)
}
