// An origin that records every byte it is sent and answers with exactly the bytes that a test gives it. It reads
// requests with a parser of its own that accepts only the canonical form of RFC 9112: one space, one CRLF, one Host,
// one framing. So what it calls one request is one request to any reader.
import { createServer, type Server, type Socket } from 'node:net'
import { ByteReader } from './byte-reader.ts'
import { within } from './within.ts'

/** A request whose head has arrived. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** All lines of that name (any case) joined with ', '. */
  field(name: string): string | undefined
  /** The body without its transfer coding, once it is whole; rejects when the connection ends before. */
  readonly body: Promise<Buffer>
  /** Trailer lines, once the body is whole. */
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** What has arrived of the body until now. */
  received(): Buffer
  /** Resolves when at least `count` bytes of the body have arrived. */
  receives(count: number): Promise<void>
  readonly connection: OriginConnection
}

/** A connection that was opened to the origin. */
export interface OriginConnection {
  /** From 0, in the order of opening. */
  readonly index: number
  /** Requests whose heads arrived here. */
  readonly requests: readonly SeenRequest[]
  /** Writes raw bytes; in a string each character is one byte. */
  write(bytes: string | Uint8Array): void
  /** Writes raw bytes and resolves when the system has taken them: not before the peer makes room. */
  flush(bytes: string | Uint8Array): Promise<void>
  /** Ends our side. */
  end(): void
  /** Ends the connection at once. */
  destroy(): void
  /** Ends the connection with a reset. */
  reset(): void
  /** Resolves when the peer has ended the connection. */
  readonly closed: Promise<void>
  /** To be called by the answer that writes a 101: what follows is not read as HTTP but left to the caller. */
  tunnel(): ByteReader
}

/** Answers a request; called when its head has arrived. A returned string is written. */
export type Answer = (request: SeenRequest) => string | void | Promise<string | void>

/** A running origin. */
export interface RawOrigin {
  readonly port: number
  readonly url: string
  /** Every request so far, over all connections, in the order in which the heads arrived. */
  readonly requests: readonly SeenRequest[]
  readonly connections: readonly OriginConnection[]
  /** What was not a canonical request, in words; must stay empty. */
  readonly problems: readonly string[]
  /** Replaces the answer for requests to come. */
  answer(answer: Answer): void
  /** Resolves with the `count`-th request (from 1). */
  request(count: number): Promise<SeenRequest>
  /** Resolves with the `count`-th connection (from 1). */
  connection(count: number): Promise<OriginConnection>
  /** Ends the listener and all connections. */
  stop(): Promise<void>
}

/** A response with a Content-Length; `fields` are whole lines. */
export function response(status: string, fields: readonly string[], body = ''): string {
  const lines = [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

const plain: Answer = async (request) => {
  const { method, target } = request
  const body = `seen ${method} ${target}\n`
  // RFC 9110 §8.6: the length that a GET would have had.
  return method === 'HEAD'
    ? `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: ${body.length}\r\n\r\n`
    : response('200 OK', ['Cache-Control: no-store'], body)
}

/** Starts an origin on a free loopback port. It answers `seen METHOD TARGET`, uncacheable, unless told otherwise. */
export async function startRawOrigin(first: Answer = plain): Promise<RawOrigin> {
  let answer = first
  const requests: SeenRequest[] = []
  const connections: Connection[] = []
  const problems: string[] = []
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const look of waiting) look()
  }
  const until = <T>(what: string, found: () => T | undefined): Promise<T> => {
    const wait = new Promise<T>((resolve) => {
      const look = () => {
        const value = found()
        if (value === undefined) return
        waiting.delete(look)
        resolve(value)
      }
      waiting.add(look)
      look()
    })
    return within(5_000, what, wait)
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new Connection(connections.length, socket)
    connections.push(connection)
    changed()
    const seen = async (request: SeenRequest) => {
      requests.push(request)
      changed()
      try {
        const bytes = await answer(request)
        if (typeof bytes === 'string') connection.write(bytes)
      } catch (error) {
        problems.push(`the test's answer failed: ${String(error)}`)
      }
    }
    void connection.read(seen).catch((error: Error) => {
      problems.push(error.message)
      connection.destroy()
    })
  })
  const port = await listen(server)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    connections,
    problems,
    answer: (next) => (answer = next),
    request: (count) => until(`request ${count} at the origin`, () => requests[count - 1]),
    connection: (count) => until(`connection ${count} at the origin`, () => connections[count - 1]),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const connection of connections) connection.destroy()
      await closed
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

class Connection implements OriginConnection {
  readonly requests: SeenRequest[] = []
  readonly closed: Promise<void>
  readonly #reader = new ByteReader()
  #tunnelled = false

  constructor(
    readonly index: number,
    readonly socket: Socket,
  ) {
    socket.on('data', (chunk) => this.#reader.push(chunk as Buffer))
    this.closed = new Promise((resolve) => {
      const gone = () => {
        this.#reader.end()
        resolve()
      }
      socket.on('end', gone)
      socket.on('close', gone)
      socket.on('error', gone)
    })
  }

  write(bytes: string | Uint8Array): void {
    void this.flush(bytes)
  }

  flush(bytes: string | Uint8Array): Promise<void> {
    const written: Uint8Array = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    return new Promise((resolve) => this.socket.write(written, () => resolve()))
  }

  end(): void {
    this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Reads requests until the end; rejects at what is not canonical. */
  async read(seen: (request: SeenRequest) => Promise<void>): Promise<void> {
    for (;;) {
      const raw = await this.#reader.takeThrough('\r\n\r\n')
      if (!raw) {
        const rest = this.#reader.pending
        if (rest.length > 0) throw new Error(`an unfinished head: ${quote(rest)}`)
        this.socket.end()
        return
      }
      const head = parseRequestHead(raw.toString('latin1'))
      const whole = Promise.withResolvers<Buffer>()
      whole.promise.catch(() => undefined)
      const body = new Body()
      const request: SeenRequest = {
        ...head,
        field: (name) => joined(head.fields, name),
        body: whole.promise,
        trailers: body.trailers,
        received: () => body.bytes(),
        receives: (count) => body.receives(count),
        connection: this,
      }
      this.requests.push(request)
      const answered = seen(request)
      // A tunnel: what follows is no longer HTTP, and is left to the test.
      if (head.upgrades) {
        whole.resolve(Buffer.alloc(0))
        await answered
        if (this.#tunnelled) return
      } else if (await this.#readBody(head, body)) whole.resolve(body.bytes())
      else {
        whole.reject(new Error('the connection ended before the body was whole'))
        return
      }
    }
  }

  tunnel(): ByteReader {
    this.#tunnelled = true
    return this.#reader
  }

  async #readBody(head: Head, body: Body): Promise<boolean> {
    if (head.length !== undefined) return this.#readData(head.length, body)
    if (!head.chunked) return true
    for (;;) {
      const line = await this.#reader.takeThrough('\r\n')
      if (!line) return false
      const size = /^([0-9a-fA-F]{1,12})\r\n$/.exec(line.toString('latin1'))
      if (!size) throw new Error(`not a canonical chunk size: ${quote(line)}`)
      const count = Number.parseInt(size[1]!, 16)
      if (count === 0) break
      if (!(await this.#readData(count, body))) return false
      const end = await this.#reader.take(2)
      if (!end) return false
      if (end.toString('latin1') !== '\r\n') throw new Error(`a chunk ends with ${quote(end)}`)
    }
    for (;;) {
      const line = await this.#reader.takeThrough('\r\n')
      if (!line) return false
      if (line.length === 2) return true
      body.trailers.push(parseField(line.toString('latin1', 0, line.length - 2)))
    }
  }

  async #readData(count: number, body: Body): Promise<boolean> {
    for (let left = count; left > 0;) {
      if (this.#reader.pending.length === 0) {
        if (this.#reader.ended) return false
        await this.#reader.more()
        continue
      }
      const taken = this.#reader.takeNow(left)
      left -= taken.length
      body.push(taken)
    }
    return true
  }
}

/** A body as it arrives. */
class Body {
  readonly trailers: [string, string][] = []
  #parts: Buffer[] = []
  #count = 0
  #waiting: { count: number; resolve: () => void }[] = []

  push(part: Buffer): void {
    this.#parts.push(part)
    this.#count += part.length
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.#count < count) return true
      resolve()
      return false
    })
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  receives(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve()
    const wait = new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    return within(5_000, `${count} bytes of a request's body`, wait)
  }
}

/** The head of a request in canonical form. */
export interface Head {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [string, string])[]
  readonly length: number | undefined
  readonly chunked: boolean
  readonly upgrades: boolean
}

/** Reads a head in canonical form, and nothing else; throws at everything that two readers could take differently. */
export function parseRequestHead(text: string): Head {
  const lines = text.slice(0, -4).split('\r\n')
  const first = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/.exec(lines[0]!)
  if (!first) throw new Error(`not a canonical request line: ${quote(lines[0]!)}`)
  const [, method, target] = first as unknown as [string, string, string]
  if (target.includes('#')) throw new Error(`a fragment in a target: ${target}`)
  const fields = lines.slice(1).map(parseField)
  const all = (name: string) => fields.filter(([key]) => key.toLowerCase() === name)
  const lengths = all('content-length')
  const codings = all('transfer-encoding')
  if (all('host').length !== 1) throw new Error(`${all('host').length} Host lines`)
  if (lengths.length + codings.length > 1) throw new Error('more than one framing')
  if (lengths[0] && !/^(0|[1-9][0-9]{0,14})$/.test(lengths[0][1]))
    throw new Error(`Content-Length: ${lengths[0][1]}`)
  if (codings[0] && codings[0][1] !== 'chunked') throw new Error(`Transfer-Encoding: ${codings[0][1]}`)
  return {
    method,
    target,
    fields,
    length: lengths[0] && Number(lengths[0][1]),
    chunked: codings.length === 1,
    upgrades: all('upgrade').length > 0,
  }
}

function parseField(line: string): [string, string] {
  const match =
    /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/.exec(
      line,
    )
  if (!match) throw new Error(`not a canonical field line: ${quote(line)}`)
  return [match[1]!, match[2]!]
}

function joined(fields: readonly (readonly [string, string])[], name: string): string | undefined {
  const values = fields.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}

function quote(bytes: Buffer | string): string {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1')
  return JSON.stringify(text.slice(0, 300))
}
