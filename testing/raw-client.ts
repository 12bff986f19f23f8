// A client that sends exactly the bytes it is given and reads responses with a small parser of its own (RFC 9112),
// so that a test does not judge the server with the server's own codec.
//
// Left out: everything that a test can say itself, such as redirects, decoding and retries.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ByteReader } from './byte-reader.ts'
import { within } from './within.ts'

/** A response as it stood on the wire. */
export interface RawResponse {
  readonly version: string
  readonly status: number
  readonly reason: string
  /** Lines in order, names as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** 1xx responses that came before. */
  readonly interim: readonly RawResponse[]
  /** Body without its transfer coding. */
  readonly body: Buffer
  /** How the body ended: `cut` is an end before what the head had promised. */
  readonly end: 'none' | 'length' | 'chunked' | 'close' | 'cut'
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** All lines of that name (any case) joined with ', '. */
  field(name: string): string | undefined
  text(): string
}

const patienceMs = 5_000

/** One connection. */
export class RawClient {
  readonly #socket: Socket
  readonly #reader = new ByteReader()
  #failure: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#reader.push(chunk as Buffer))
    socket.on('end', () => this.#reader.end())
    socket.on('close', () => this.#reader.end())
    socket.on('error', (error) => {
      this.#failure = error
      this.#reader.end()
    })
  }

  /**
   * Connects to a loopback port, from another address of this machine when one is given. The connection is half-open:
   * the server's FIN does not end our side.
   */
  static connect(port: number, localAddress = '127.0.0.1'): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.removeListener('error', reject)
        resolve(new RawClient(socket))
      })
    })
  }

  /**
   * Connects to a loopback port with TLS, for HTTP/1.1, whatever the certificate; `connected` is told the port of our side
   * before the handshake.
   */
  static connectTls(port: number, connected?: (port: number) => void): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }
      const socket = connectTls(options)
      socket.once('error', reject)
      socket.once('connect', () => connected?.(socket.localPort!))
      socket.setNoDelay(true)
      socket.once('secureConnect', () => {
        socket.removeListener('error', reject)
        resolve(new RawClient(socket))
      })
    })
  }

  /** Whether the server has ended its side. */
  get ended(): boolean {
    return this.#reader.ended
  }

  /** The error of the connection, such as a reset. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** The port of our side. */
  get localPort(): number | undefined {
    return this.#socket.localPort
  }

  /** Bytes that have arrived and were not read. */
  get pending(): Buffer {
    return this.#reader.pending
  }

  /** Writes bytes; in a string each character is one byte. Resolves when the system has taken them. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const written: Uint8Array = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
      this.#socket.write(written, () => resolve())
    })
  }

  /** Reads the next final response; `method` is that of its request. Rejects when the connection ends before a head. */
  async response(method = 'GET', waitMs = patienceMs): Promise<RawResponse> {
    return within(waitMs, `the response to a ${method}`, this.#readResponse(method))
  }

  /** Reads one head, final or interim, leaving its body. */
  async head(waitMs = patienceMs): Promise<RawHead> {
    return within(waitMs, 'the head of a response', this.#readHead())
  }

  /** Takes exactly `count` raw bytes. */
  async bytes(count: number, waitMs = patienceMs): Promise<Buffer> {
    const taken = await within(waitMs, `${count} bytes`, this.#reader.take(count))
    if (!taken) throw new Error(`the connection ended before ${count} bytes: ${this.#rest()}`)
    return taken
  }

  /** Resolves when the server has ended the connection, with what it had sent until then. */
  async closed(waitMs = patienceMs): Promise<Buffer> {
    return within(waitMs, 'the connection to be closed', this.#reader.takeAll())
  }

  /** Stops reading, so that the server meets back-pressure. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends our side only (half-close). */
  halfClose(): void {
    this.#socket.end()
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Ends the connection with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  async #readHead(): Promise<RawHead> {
    const raw = await this.#reader.takeThrough('\r\n\r\n')
    if (!raw) {
      const cause = this.#failure ? { cause: this.#failure } : {}
      throw new Error(`the connection ended before a response: ${this.#rest()}`, cause)
    }
    return parseHead(raw.toString('latin1'))
  }

  async #readResponse(method: string): Promise<RawResponse> {
    const interim: RawResponse[] = []
    for (;;) {
      const head = await this.#readHead()
      if (head.status >= 100 && head.status < 200 && head.status !== 101) {
        interim.push(responseOf(head, [], Buffer.alloc(0), 'none', []))
        continue
      }
      const { body, end, trailers } = await this.#readBody(method, head)
      return responseOf(head, interim, body, end, trailers)
    }
  }

  async #readBody(method: string, head: RawHead): Promise<Pick<RawResponse, 'body' | 'end' | 'trailers'>> {
    const none = { trailers: [] }
    const { status } = head
    if (method === 'HEAD' || status === 101 || status === 204 || status === 304)
      return { body: Buffer.alloc(0), end: 'none', ...none }
    const coding = head.field('transfer-encoding')
    if (coding?.toLowerCase() === 'chunked') return this.#readChunks()
    if (coding !== undefined) throw new Error(`a transfer coding that no test expects: ${coding}`)
    const length = head.field('content-length')
    if (length === undefined) {
      const body = await this.#reader.takeAll()
      return { body, end: this.#failure ? 'cut' : 'close', ...none }
    }
    if (!/^[0-9]+$/.test(length)) throw new Error(`not a Content-Length: ${length}`)
    const body = await this.#reader.take(Number(length))
    if (body) return { body, end: 'length', ...none }
    return { body: await this.#reader.takeAll(), end: 'cut', ...none }
  }

  async #readChunks(): Promise<Pick<RawResponse, 'body' | 'end' | 'trailers'>> {
    const parts: Buffer[] = []
    const cut = () => ({ body: Buffer.concat(parts), end: 'cut' as const, trailers: [] })
    for (;;) {
      const line = await this.#reader.takeThrough('\r\n')
      if (!line) return cut()
      const size = /^([0-9a-fA-F]+)\r\n$/.exec(line.toString('latin1'))
      if (!size) throw new Error(`not a chunk size: ${JSON.stringify(line.toString('latin1'))}`)
      const count = Number.parseInt(size[1]!, 16)
      if (count === 0) break
      const data = await this.#reader.take(count + 2)
      if (!data) {
        parts.push(await this.#reader.takeAll())
        return cut()
      }
      if (data.toString('latin1', count) !== '\r\n') throw new Error('a chunk does not end with CRLF')
      parts.push(data.subarray(0, count))
    }
    const trailers: [string, string][] = []
    for (;;) {
      const line = await this.#reader.takeThrough('\r\n')
      if (!line) return cut()
      if (line.length === 2) return { body: Buffer.concat(parts), end: 'chunked', trailers }
      trailers.push(parseField(line.toString('latin1', 0, line.length - 2)))
    }
  }

  #rest(): string {
    return JSON.stringify(this.#reader.pending.toString('latin1').slice(0, 300))
  }
}

/** The head of a response. */
export type RawHead = Pick<RawResponse, 'version' | 'status' | 'reason' | 'fields' | 'field'>

function parseHead(text: string): RawHead {
  const lines = text.slice(0, -4).split('\r\n')
  const first = /^(HTTP\/1\.[01]) ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/.exec(lines[0]!)
  if (!first) throw new Error(`not a status line: ${JSON.stringify(lines[0])}`)
  const fields = lines.slice(1).map(parseField)
  return {
    version: first[1]!,
    status: Number(first[2]),
    reason: first[3]!,
    fields,
    field: (name) => joined(fields, name),
  }
}

function parseField(line: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/.exec(line)
  if (!match) throw new Error(`not a field line: ${JSON.stringify(line)}`)
  return [match[1]!, match[2]!]
}

function joined(fields: readonly (readonly [string, string])[], name: string): string | undefined {
  const values = fields.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}

function responseOf(
  head: RawHead,
  interim: readonly RawResponse[],
  body: Buffer,
  end: RawResponse['end'],
  trailers: RawResponse['trailers'],
): RawResponse {
  return { ...head, interim, body, end, trailers, text: () => body.toString('latin1') }
}
