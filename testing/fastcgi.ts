// The application's side of FastCGI 1.0, written apart from the client's: what it is sent is read strictly, and what it
// answers is exactly what a test says.
import { createServer, type Socket } from 'node:net'
import { ByteReader } from './byte-reader.ts'

/** A record as it stands on the wire. */
export function record(type: number, content: string | Uint8Array, padding = 0, requestId = 1): Buffer {
  const octets = typeof content === 'string' ? Buffer.from(content, 'latin1') : Buffer.from(content)
  const header = Buffer.from([1, type, requestId >> 8, requestId & 255, 0, 0, padding, 0])
  header.writeUInt16BE(octets.length, 4)
  return Buffer.concat([header, octets, Buffer.alloc(padding, 0xaa)])
}

export const stdout = (content: string, padding = 0): Buffer => record(6, content, padding)
export const stderr = (content: string): Buffer => record(7, content)
/** FCGI_END_REQUEST. */
export const end = (protocolStatus = 0): Buffer =>
  record(3, Buffer.from([0, 0, 0, 0, protocolStatus, 0, 0, 0]))

/** A whole answer. */
export const answer = (head: string, body = ''): Buffer =>
  Buffer.concat([stdout(`${head}\r\n\r\n${body}`), stdout(''), end()])

/** A request as an application understands it. */
export interface FastCgiRequest {
  readonly role: number
  readonly keep: boolean
  readonly variables: ReadonlyMap<string, string>
  readonly body: string
}

/** Reads the pairs of §3.4; throws at lengths that lead out of them and at a name that comes twice. */
export function readPairs(octets: Buffer): Map<string, string> {
  const pairs = new Map<string, string>()
  let at = 0
  const length = (): number => {
    const first = octets.readUInt8(at)
    if (first < 128) return (at++, first)
    at += 4
    return octets.readUInt32BE(at - 4) & 0x7fff_ffff
  }
  while (at < octets.length) {
    const nameBytes = length()
    const valueBytes = length()
    if (at + nameBytes + valueBytes > octets.length) throw new Error('a pair is cut off')
    const name = octets.toString('latin1', at, at + nameBytes)
    if (pairs.has(name)) throw new Error(`${name} comes twice`)
    pairs.set(name, octets.toString('latin1', at + nameBytes, at + nameBytes + valueBytes))
    at += nameBytes + valueBytes
  }
  return pairs
}

/** Reads all requests that stand in these octets; throws at what is not exactly one request after the other. */
export async function readRequests(octets: Buffer): Promise<FastCgiRequest[]> {
  const reader = new ByteReader()
  reader.push(octets)
  reader.end()
  const requests: FastCgiRequest[] = []
  for (;;) {
    const request = await readRequest(reader)
    if (request === undefined) return requests
    requests.push(request)
  }
}

async function readRequest(reader: ByteReader): Promise<FastCgiRequest | undefined> {
  const first = await readRecord(reader)
  if (first === undefined) return undefined
  if (first.type !== 1 || first.content.length !== 8) throw new Error('not FCGI_BEGIN_REQUEST')
  const pairs = await readStream(reader, 4)
  const body = await readStream(reader, 5)
  return {
    role: first.content.readUInt16BE(0),
    keep: first.content[2] === 1,
    variables: readPairs(pairs),
    body: body.toString('latin1'),
  }
}

async function readStream(reader: ByteReader, type: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (;;) {
    const next = await readRecord(reader)
    if (next?.type !== type) throw new Error(`a record of type ${next?.type} within a stream of type ${type}`)
    if (next.content.length === 0) return Buffer.concat(pieces)
    pieces.push(next.content)
  }
}

async function readRecord(reader: ByteReader): Promise<{ type: number; content: Buffer } | undefined> {
  const header = await reader.take(8)
  if (header === undefined) return undefined
  if (header[0] !== 1 || header.readUInt16BE(2) !== 1) throw new Error('not a record of request 1')
  const content = await reader.take(header.readUInt16BE(4))
  await reader.take(header[6]!)
  if (content === undefined) throw new Error('a record is cut off')
  return { type: header[1]!, content }
}

/** An application at a unix socket that answers each request as a test says. */
export interface FastCgiServer {
  /** Every request so far, in the order in which they were complete. */
  readonly requests: readonly FastCgiRequest[]
  /** How many connections were opened. */
  readonly connections: number
  stop(): Promise<void>
}

/** Starts an application; `answerTo` writes what it likes to the connection. */
export async function startFastCgi(
  path: string,
  answerTo: (request: FastCgiRequest, connection: Socket) => void,
): Promise<FastCgiServer> {
  const requests: FastCgiRequest[] = []
  const open = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections++
    open.add(socket)
    const reader = new ByteReader()
    socket.on('data', (chunk) => reader.push(chunk as Buffer))
    socket.on('error', () => reader.end())
    socket.on('close', () => (open.delete(socket), reader.end()))
    void serve(reader, (request) => {
      requests.push(request)
      answerTo(request, socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    requests,
    get connections() {
      return connections
    },
    async stop() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function serve(reader: ByteReader, answerTo: (request: FastCgiRequest) => void): Promise<void> {
  for (;;) {
    const request = await readRequest(reader)
    if (request === undefined) return
    answerTo(request)
  }
}
