// TLS over our own sockets, against the TLS of the runtime's library.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import * as fc from 'fast-check'
import { Certificates } from '../../testing/certificates.ts'
import { within } from '../../testing/within.ts'
import { listen } from './network.ts'
import { openSsl } from './openssl.ts'
import type { Socket, SocketListener, SocketUser } from './socket.ts'
import { TICKET_KEY_BYTES, TlsContext, type SecuredProtocol, type TlsServerSettings } from './tls-context.ts'
import { TlsSocket } from './tls-socket.ts'

const made = new Certificates()
let settings: TlsServerSettings
beforeAll(() => {
  const files = made.selfSigned('one', ['localhost'])
  settings = {
    identities: [{ names: ['localhost'], cert: made.read(files.cert), key: made.read(files.key) }],
    protocols: ['h2', 'http/1.1'],
    minVersion: '1.2',
    clientCa: undefined,
    ticketKeys: Buffer.alloc(TICKET_KEY_BYTES, 7),
  }
})
afterAll(() => made[Symbol.dispose]())

/** Our end of a connection. */
class User implements SocketUser {
  received = Buffer.alloc(0)
  readonly told: string[] = []
  during: (() => void) | undefined
  #changed = Promise.withResolvers<void>()

  constructor(
    readonly socket: Socket,
    readonly protocol: SecuredProtocol,
  ) {}

  onData(octets: Buffer, end: number): void {
    this.received = Buffer.concat([this.received, octets.subarray(0, end)])
    // It is lent: nobody may rely on it after the return.
    octets.fill(0xaa, 0, end)
    this.during?.()
    this.#change()
  }

  onDrain(): void {
    this.#tell('drain')
  }

  onEnd(): void {
    this.#tell('end')
  }

  onClose(error: Error | undefined): void {
    this.#tell(error === undefined ? 'close' : 'close with an error')
  }

  onFault(): void {
    this.#tell('fault')
  }

  async until(met: () => boolean): Promise<void> {
    while (!met()) await within(5_000, 'a change', this.#changed.promise)
  }

  /** Writes all of it, as an outbox does: what is not taken is given again, in pieces of whatever size. */
  async write(bytes: Buffer, pieces: readonly number[] = [bytes.length]): Promise<void> {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const drains = this.told.filter((told) => told === 'drain').length
      const length = Math.min(pieces[i % pieces.length]!, bytes.length - at)
      const taken = this.socket.write(bytes, at, length)
      expect(taken).toBeGreaterThanOrEqual(0)
      at += taken
      if (taken < length) await this.until(() => this.told.filter((told) => told === 'drain').length > drains)
    }
  }

  #tell(what: string): void {
    this.told.push(what)
    this.#change()
  }

  #change(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }
}

let listener: SocketListener | undefined
let context: TlsContext
const users: User[] = []
const failures: (Error | undefined)[] = []
const faults: Error[] = []
let arrived = Promise.withResolvers<void>()

/** A handshake is over. */
function happened(): void {
  const { resolve } = arrived
  arrived = Promise.withResolvers()
  resolve()
}

function serve(more: Partial<TlsServerSettings> = {}): void {
  context = new TlsContext(openSsl()!, { ...settings, ...more })
  listener = listen(
    { hostname: '127.0.0.1', port: 0 },
    {
      accept(socket) {
        const secure: TlsSocket = new TlsSocket(socket, context, {
          secured(protocol) {
            const user = new User(secure, protocol)
            users.push(user)
            happened()
            return user
          },
          failed(error) {
            failures.push(error)
            happened()
          },
          fault: (error) => faults.push(error),
        })
        return secure
      },
      fault: (error) => faults.push(error),
    },
  )
}

afterEach(() => {
  for (const { socket } of users.splice(0)) socket.terminate()
  listener?.stop()
  context.free()
  failures.length = 0
  expect(faults).toEqual([])
})

const clientOptions = (more: ConnectionOptions): ConnectionOptions => ({
  host: '127.0.0.1',
  port: listener!.port,
  rejectUnauthorized: false,
  ALPNProtocols: ['http/1.1'],
  ...more,
})

/** A connection from both its ends. */
async function connected(more: ConnectionOptions = {}): Promise<{ user: User; peer: TLSSocket }> {
  const before = users.length
  const peer = connectTls(clientOptions({ allowHalfOpen: true, ...more } as ConnectionOptions))
  peer.on('error', () => undefined)
  while (users.length === before) await within(5_000, 'a handshake', arrived.promise)
  return { user: users[before]!, peer }
}

/** All that a peer gets, until there is so much of it. */
function received(peer: TLSSocket, bytes: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let length = 0
  peer.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length >= bytes) resolve(Buffer.concat(chunks))
  })
  return within(10_000, `${bytes} bytes`, promise)
}

const pattern = (bytes: number, seed: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  for (let i = 0; i < bytes; i++) buffer[i] = (i * 31 + (i >> 8) + seed) & 0xff
  return buffer
}

describe.skipIf(openSsl() === undefined)('a socket with TLS', () => {
  test('property: what is written arrives, whatever it is given in and however slowly it is read', async () => {
    serve()
    const { user, peer } = await connected()
    const sizes = fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6_000_000 }),
        sizes,
        fc.boolean(),
        async (bytes, pieces, isSlow) => {
          const sent = pattern(bytes, pieces[0]!)
          if (isSlow) peer.pause()
          const arriving = received(peer, bytes)
          if (isSlow) peer.pause()
          const writing = user.write(sent, pieces)
          await new Promise((resolve) => setImmediate(resolve))
          peer.resume()
          await writing
          const got = await arriving
          peer.removeAllListeners('data')
          expect(got.equals(sent)).toBe(true)
        },
      ),
      { numRuns: 25 },
    )
    peer.destroy()
  })

  test('what comes is told in order, through any pauses', async () => {
    serve()
    const { user, peer } = await connected()
    const sent = pattern(3_000_000, 1)
    let chunks = 0
    user.during = () => {
      if (++chunks % 3 !== 0) return
      user.socket.pause()
      setImmediate(() => user.socket.resume())
    }
    peer.write(sent)
    await user.until(() => user.received.length === sent.length)
    expect(user.received.equals(sent)).toBe(true)
    peer.destroy()
  })

  test('many connections at once do not get one another’s octets', async () => {
    serve()
    const ends: Awaited<ReturnType<typeof connected>>[] = []
    while (ends.length < 8) ends.push(await connected())
    await Promise.all(
      ends.map(async ({ user, peer }) => {
        let chunks = 0
        user.during = () => {
          if (++chunks % 2 === 0) return
          user.socket.pause()
          queueMicrotask(() => user.socket.resume())
        }
        peer.write(pattern(400_000, 3))
        await user.until(() => user.received.length === 400_000)
        expect(user.received.equals(pattern(400_000, 3))).toBe(true)
        const arriving = received(peer, 500_000)
        await user.write(pattern(500_000, 5))
        expect((await arriving).equals(pattern(500_000, 5))).toBe(true)
        peer.destroy()
      }),
    )
  })

  test('each side may end before the other', async () => {
    serve()
    const { user, peer } = await connected()
    peer.end('the last')
    await user.until(() => user.told.includes('end'))
    expect(user.received.toString()).toBe('the last')
    const arriving = received(peer, 6)
    await user.write(Buffer.from('answer'))
    expect((await arriving).toString()).toBe('answer')
    const ended = new Promise((resolve) => peer.once('end', resolve))
    user.socket.shutdown()
    await within(5_000, 'the end', ended)
    user.socket.end()
    peer.destroy()
  })

  test('a client that goes is told once', async () => {
    serve()
    const { user, peer } = await connected()
    peer.destroy()
    await user.until(() => user.told.length > 0)
    expect(user.told.length).toBe(1)
  })

  test('what is no TLS is ended', async () => {
    serve()
    const client = connectTcp(listener!.port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    client.resume()
    await within(5_000, 'the end', new Promise((resolve) => client.once('close', resolve)))
    expect(failures.length).toBe(1)
    expect(users.length).toBe(0)
  })

  test('who goes within a handshake, is told as a failure', async () => {
    serve()
    const client = connectTcp(listener!.port, '127.0.0.1')
    client.write(Buffer.from([22, 3, 1, 2, 0, 1]))
    await new Promise((resolve) => client.once('connect', resolve))
    client.destroy()
    while (failures.length === 0) await within(5_000, 'the failure', arrived.promise)
    expect(users.length).toBe(0)
  })

  test('octets that were changed on their way end the connection', async () => {
    serve()
    const outer = connectTcp(listener!.port, '127.0.0.1')
    const inner = connectTls({ socket: outer, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    inner.on('error', () => undefined)
    while (users.length === 0) await within(5_000, 'a handshake', arrived.promise)
    const [user] = users
    expect(user!.protocol).toBe('h2')
    outer.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), Buffer.alloc(40, 1)]))
    await user!.until(() => user!.told.length > 0)
    expect(user!.told).toEqual(['close with an error'])
    inner.destroy()
  })

  test('the best protocol of those that both speak is taken, and a client without any is refused', async () => {
    serve()
    expect((await connected({ ALPNProtocols: ['http/1.1', 'h2'] })).user.protocol).toBe('h2')
    expect((await connected({ ALPNProtocols: ['http/1.1'] })).user.protocol).toBe('http/1.1')
    expect((await connected({ ALPNProtocols: [] })).user.protocol).toBe('http/1.1')
    const stranger = connectTls(clientOptions({ ALPNProtocols: ['smtp'] }))
    stranger.on('error', () => undefined)
    while (failures.length === 0) await within(5_000, 'the failure', arrived.promise)
    stranger.destroy()
  })

  test('versions older than the oldest are not spoken', async () => {
    serve({ minVersion: '1.3' })
    const old = connectTls(clientOptions({ maxVersion: 'TLSv1.2' }))
    old.on('error', () => undefined)
    while (failures.length === 0) await within(5_000, 'the failure', arrived.promise)
    expect((await connected()).peer.getProtocol()).toBe('TLSv1.3')
  })

  test('a certificate whose key is another’s is not taken', () => {
    serve()
    const files = made.selfSigned('two', ['localhost'])
    const [one] = settings.identities
    const identities = [{ ...one!, key: made.read(files.key) }]
    expect(() => new TlsContext(openSsl()!, { ...settings, identities })).toThrow(/key/)
    const none = [{ ...one!, cert: 'nothing' }]
    expect(() => new TlsContext(openSsl()!, { ...settings, identities: none })).toThrow()
  })

  test('a context that is freed during a handshake is still good for it', async () => {
    serve()
    const first = context
    const outer = connectTcp(listener!.port, '127.0.0.1')
    await new Promise((resolve) => outer.once('connect', resolve))
    await new Promise((resolve) => setImmediate(resolve))
    context = new TlsContext(openSsl()!, settings)
    first.free()
    const peer = connectTls({ socket: outer, rejectUnauthorized: false, servername: 'localhost' })
    peer.on('error', () => undefined)
    while (users.length === 0) await within(5_000, 'a handshake', arrived.promise)
    peer.destroy()
  })
})
