// Answers of a FastCGI application in which everything goes wrong now and then, and what must hold for each: it ends in an
// answer or a failure, the same one for every split of its octets, and says nothing that could not be passed on.
import { end, record, stderr, stdout } from '../../testing/fastcgi.ts'
import { testGateway } from '../../testing/origin-call.ts'
import { FakeSocket } from '../../testing/fake-socket.ts'
import { defaultsOf } from '../../src/base/setting.ts'
import { Fields } from '../../src/http/fields.ts'
import type { ResponseHead } from '../../src/http/message.ts'
import { limitRows } from '../../src/http1/limits.ts'
import { CgiHeadReader } from '../../src/origin/fastcgi/cgi-head.ts'
import { type Exchange, FastCgiConnection } from '../../src/origin/fastcgi/connection.ts'
import { ErrorLines } from '../../src/origin/fastcgi/error-lines.ts'
import { RequestId } from '../../src/origin/fastcgi/request-id.ts'
import { mutated } from './inputs.ts'
import type { Random } from './random.ts'
import { lend } from '../../testing/lent.ts'

const lines = [
  'Status: 200 OK\r\n',
  'Status: 404\r\n',
  'Status: 204\r\n',
  'Status: 304\r\n',
  'X: a\r\n',
  'X:\r\n',
  'X : b\r\n',
  '\r\n',
  'Location: /\r\n',
  'Content-Length: 4\r\n',
  'Content-Length: 0\r\n',
  'Connection: x\r\n',
  'Date: d\r\n',
  'body',
  '',
  'X: \xff\r\n',
]
const odd = [
  'Status: 2x0\r\n',
  'Status: 101\r\n',
  'Status: 200\r\nStatus: 200\r\n',
  'Content-Length: 4, 4\r\n',
  'Content-Length: 99\r\n',
  ' folded\r\n',
  'X\r\n',
  'X: a\n',
  'X: \0\r\n',
  '\n\n',
  `X: ${'x'.repeat(500)}\r\n`,
  'HTTP/1.1 200 OK\r\n',
]

/** One answer, or several, or what is none. */
export function fastCgiInput(random: Random): Buffer {
  const base = (): string => {
    const records: Buffer[] = []
    for (let i = random.below(6); i > 0; i--)
      records.push(stdout(random.once(8) ? random.pick(odd) : random.pick(lines), random.below(9)))
    if (random.once(4)) records.push(stderr(random.pick(lines)))
    if (!random.once(4)) records.push(stdout(`\r\n${'b'.repeat(random.below(9))}`))
    if (random.once(12)) records.push(record(random.below(256), random.pick(lines), 0, random.below(3)))
    if (!random.once(8)) records.push(end(random.once(9) ? random.below(4) : 0))
    return Buffer.concat(records).toString('latin1')
  }
  const text = base()
  return Buffer.from(random.once(2) ? mutated(text, random, base) : text, 'latin1')
}

/** Takes an answer; pauses now and then. */
class Listener implements Exchange {
  readonly script = { documentRoot: '/', filename: '/i.php', name: '/i.php', pathInfo: '' }
  readonly id = new RequestId('id', 1)
  readonly request
  seenHead: { status: number; lines: string; announced: number | undefined } | undefined
  body = ''
  outcome = 'open'
  problem: string | undefined
  connection: FastCgiConnection | undefined

  constructor(
    method: string,
    private readonly random: Random,
  ) {
    this.request = {
      method,
      pathAndQuery: '/',
      fields: new Fields(),
      gateway: testGateway,
      body: { kind: 'none' },
      expectsContinue: false,
      upgrade: undefined,
    } as const
  }

  head({ status, fields }: ResponseHead, announced: number | undefined): void {
    if (this.seenHead !== undefined || this.outcome !== 'open') this.problem = 'a second head'
    const all = [...fields].filter(([name]) => name !== 'Date')
    for (const [name, value] of fields)
      if (!/^[!#-'*+.0-9A-Z^_`a-z|~-]+$/.test(name) || /[\r\n\0]/.test(value))
        this.problem = `the field ${name}: ${value}`
    if (status < 200 || status > 599) this.problem = `the status ${status}`
    this.seenHead = { status, lines: JSON.stringify(all), announced }
  }

  part(octets: Uint8Array, from: number, to: number): boolean {
    if (this.seenHead === undefined || this.outcome !== 'open' || from === to)
      this.problem = 'a body out of place'
    this.body += Buffer.from(octets.subarray(from, to)).toString('latin1')
    if (this.random.once(4)) this.connection!.pause()
    return this.random.once(2)
  }

  end(): void {
    if (this.seenHead === undefined || this.outcome !== 'open') this.problem = 'an end out of place'
    const announced = this.seenHead?.announced
    if (announced !== undefined && announced !== this.body.length)
      this.problem = `${announced} octets announced, ${this.body.length} sent`
    this.outcome = 'ended'
  }

  fail(failure: { code: string }): void {
    if (this.outcome !== 'open') this.problem = 'a failure out of place'
    this.outcome = failure.code
  }

  writable(): void {}

  get told(): string {
    const { seenHead, body, outcome } = this
    return JSON.stringify([seenHead?.status, seenHead?.lines, body, outcome])
  }
}

const heads = new CgiHeadReader({ ...defaultsOf(limitRows), fieldsBytes: 400, fieldLines: 5 })

/** What an application says in these pieces. */
export function listen(pieces: readonly Buffer[], method: string, random: Random): Listener {
  const listener = new Listener(method, random)
  const connection = new FastCgiConnection(new FakeSocket(), {
    heads,
    errors: new ErrorLines('php', () => {}),
    nowMs: () => 0,
    wallMs: () => 0,
    closed: () => {},
  })
  listener.connection = connection
  connection.start(listener)
  for (const piece of pieces) {
    lend(piece, (lent, lentEnd) => connection.onData(lent, lentEnd))
    while (random.once(2)) connection.resume()
  }
  connection.onClose(undefined)
  if (!connection.isClosed) listener.problem ??= 'a connection that stays open'
  if (listener.outcome === 'open') listener.problem ??= 'no end'
  return listener
}

/** What is wrong, in words. */
export function checkFastCgi(input: Buffer, random: Random): string | undefined {
  const method = random.pick(['GET', 'GET', 'HEAD'])
  const whole = listen([input], method, random)
  const split = listen(random.split(input), method, random)
  if (whole.told !== split.told) return `a split changes what is understood:\n${whole.told}\n${split.told}`
  return whole.problem ?? split.problem
}
