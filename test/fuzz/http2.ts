// What clients of HTTP/2 say when everything goes wrong now and then, and what must hold for each: the same comes of every split
// of the octets, what is answered is HTTP/2, and what reaches the origin is a request that every reader reads alike.
import { FieldBlockWriter, readFieldBlock, type Habit, type Line } from '../../testing/field-block.ts'
import { Flag, frame, FrameType, readFrames } from '../../testing/http2-frames.ts'
import { Http2Setup, numberFrame, requestLines, setting } from '../../testing/http2-line.ts'
import { parseRequestHead } from '../../testing/raw-origin.ts'
import { isHopByHop } from '../../src/http/hopbyhop.ts'
import { fieldLines } from '../../src/http1/head-writer.ts'
import { PREFACE } from '../../src/http2/frame.ts'
import { mutated } from './inputs.ts'
import type { Random } from './random.ts'

const paths = ['/', '/stored', '/stored', '/a/./../b?c', '/%61']
const oddPaths = ['/%00', '/a b', '*', 'x', '', '/\x80']
const methods = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'get']
const oddMethods = ['CONNECT', 'TRACE', 'G T', '']
const lines: readonly Line[] = [
  ['x', 'a'],
  ['cookie', 'a=b'],
  ['cookie', 'c=d'],
  ['te', 'trailers'],
  ['host', 'a.test'],
  ['range', 'bytes=0-1'],
  ['if-none-match', '"a"'],
  ['x_forwarded_for', '1'],
  ['expect', '100-continue'],
  ['content-length', '4'],
]
const oddLines: readonly Line[] = [
  ['te', 'gzip'],
  ['content-length', '0'],
  ['content-length', '-1'],
  ['host', 'b.test'],
  ['connection', 'x'],
  ['transfer-encoding', 'chunked'],
  ['X', 'a'],
  ['x', 'a\r\nb: c'],
  ['x', ' a'],
  ['x y', 'a'],
  [':path', '/'],
  [':status', '200'],
  ['x', 'y'.repeat(300)],
]

/** The words of one client. */
class Client {
  readonly #writer = new FieldBlockWriter()
  #stream = -1
  /** One thing in so many is odd. */
  readonly #oddTimes: number

  constructor(readonly random: Random) {
    this.#oddTimes = 6 + random.below(60)
  }

  #pick<T>(right: readonly T[], odd: readonly T[]): T {
    const { random } = this
    return random.pick(random.once(this.#oddTimes) ? odd : right)
  }

  /** A frame, or two that belong together. */
  says(): Buffer {
    const { random } = this
    switch (random.below(14)) {
      case 0:
        return frame(
          FrameType.data,
          this.#flags(Flag.endStream, Flag.padded),
          this.#any(),
          Buffer.from('\x01abcd'),
        )
      case 1:
        return frame(FrameType.data, this.#flags(Flag.endStream), this.#any(), Buffer.from('abcd'))
      case 2:
        if (!random.once(4)) return this.#request()
        return numberFrame(FrameType.rstStream, this.#any(), 8)
      case 3:
        return numberFrame(FrameType.windowUpdate, this.#any(), random.pick([0, 1, 1000, 0x7fff_ffff]))
      case 4:
        return frame(FrameType.settings, 0, 0, setting(1 + random.below(6), random.pick([0, 1, 10, 20_000])))
      case 5:
        if (!random.once(this.#oddTimes)) return this.#request()
        return frame(random.below(12), random.below(256), this.#any(), Buffer.alloc(random.below(10)))
      case 6: {
        const trailers = this.#block([this.#pick(lines, oddLines)])
        return frame(FrameType.headers, this.#flags(Flag.endStream) | Flag.endHeaders, this.#any(), trailers)
      }
      default:
        return this.#request()
    }
  }

  #request(): Buffer {
    const { random } = this
    const all = [...requestLines(this.#pick(paths, oddPaths), this.#pick(methods, oddMethods))]
    for (let i = random.below(4); i > 0; i--) all.push(this.#pick(lines, oddLines))
    if (random.once(4 * this.#oddTimes)) all.splice(random.below(all.length), 1)
    const block = this.#block(all)
    const stream = this.#next()
    const flags = random.once(3) ? 0 : Flag.endStream
    if (!random.once(4)) return frame(FrameType.headers, flags | Flag.endHeaders, stream, block)
    const at = random.below(block.length + 1)
    return Buffer.concat([
      frame(FrameType.headers, flags, stream, block.subarray(0, at)),
      frame(FrameType.continuation, Flag.endHeaders, stream, block.subarray(at)),
    ])
  }

  #block(all: readonly Line[]): Buffer {
    const { random } = this
    const habit = (): Habit => ({
      huffman: random.once(2),
      indexing: random.pick(['kept', 'not', 'never']),
      tables: !random.once(3),
    })
    const sized = random.once(10) ? [this.#writer.resize(random.pick([0, 100, 4096]))] : []
    return Buffer.concat([...sized, ...all.map((line) => this.#writer.line(line, habit()))])
  }

  #next(): number {
    const { random } = this
    this.#stream += random.once(20) ? 4 : 2
    return random.once(4 * this.#oddTimes) ? random.below(20) : this.#stream
  }

  #any(): number {
    const { random } = this
    return random.once(this.#oddTimes) ? random.below(12) : Math.max(0, this.#stream)
  }

  #flags(...flags: readonly number[]): number {
    return flags.reduce((sum, flag) => sum | (this.random.once(2) ? flag : 0), 0)
  }
}

/** What one client says. */
export function http2Input(random: Random): Buffer {
  const base = (): string => {
    const client = new Client(random)
    const said = Array.from({ length: 1 + random.below(8) }, () => client.says())
    return Buffer.concat([PREFACE, frame(FrameType.settings, 0, 0), ...said]).latin1Slice()
  }
  const text = random.once(3) ? mutated(base(), random, base) : base()
  return Buffer.from(text, 'latin1')
}

/** What does not hold; undefined: all does. */
export function checkHttp2(input: Buffer, random: Random): string | undefined {
  const whole = served([input])
  const split = served(random.split(input))
  if (whole.record !== split.record) return `whole: ${whole.record}\nsplit: ${split.record}`
  return whole.problem
}

/** What comes of octets: in words, and what of it is wrong. */
export function served(pieces: readonly Buffer[]): {
  readonly record: string
  readonly problem: string | undefined
} {
  const setup = new Http2Setup({}, [], { fieldsBytes: 600, fieldLines: 8, targetBytes: 64, bodyBytes: 100 })
  setup.engine.exchange({ target: '/stored' }, { 'Cache-Control': 'max-age=60', ETag: '"a"' }, 'a page')
  const line = setup.accept()
  for (const piece of pieces) line.send(piece)
  const { exchanges } = setup.origin
  const asked = exchanges
    .slice(1)
    .map(({ request, received, finished, aborted, trailers }) =>
      JSON.stringify([
        request.method,
        request.pathAndQuery,
        request.gateway.authority,
        [...request.fields],
        received.latin1Slice(),
        finished,
        aborted,
        trailers === undefined ? [] : [...trailers],
      ]),
    )
  const problem = exchanges
    .slice(1)
    .map(({ request, trailers }) => {
      const { method, pathAndQuery, fields, gateway } = request
      // Throws where it is not what every reader reads alike.
      const head = parseRequestHead(
        `${method} ${pathAndQuery} HTTP/1.1\r\n${gateway.text}${fieldLines(fields)}\r\n`,
      )
      if (head.method !== method || head.target !== pathAndQuery)
        return `another request: ${method} ${pathAndQuery}`
      if (!/^[a-z0-9\-._~[\]:]+$/.test(gateway.authority)) return `the host ${gateway.authority}`
      const ending = fields.keys.find((key) => isHopByHop(key) || key === 'content-length' || key === 'host')
      if (ending !== undefined) return `passed on: ${ending}`
      const odd = [...(trailers ?? [])].find(
        ([name, value]) => /[^a-z_-]/.test(name) || /[\r\n\0]/.test(value),
      )
      return odd === undefined ? undefined : `a trailer: ${odd.join(': ')}`
    })
    .find((each) => each !== undefined)
  const octets = Buffer.from(line.socket.text, 'latin1')
  for (const { type, payload } of readFrames(octets)) if (type === FrameType.headers) readFieldBlock(payload)
  return { record: `${asked.join('\n')}\n${octets.toString('hex')} ${line.socket.state}`, problem }
}
