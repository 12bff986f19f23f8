// TLS over our own sockets, against the TLS of the runtime's library and of OpenSSL; and records made by hand, where no library sends
// them. Long because each version and each rule of the records is shown with real peers.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { connect as connectTcp, type Socket as TcpSocket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import * as fc from 'fast-check'
import { Certificates } from '../../testing/certificates.ts'
import { within } from '../../testing/within.ts'
import { pointerTo } from './libc.ts'
import { listen } from './network.ts'
import { openSsl } from './openssl.ts'
import type { Socket, SocketListener, SocketUser } from './socket.ts'
import { CONTENT_BYTES_MAX, ContentType, TlsRecords } from './tls-records.ts'
import { cipherSuite } from './tls-secrets.ts'
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

const versions = ['TLSv1.3', 'TLSv1.2'] as const

describe.skipIf(openSsl() === undefined).each(versions)('a socket with %s', (maxVersion) => {
  test('property: what is written arrives, whatever it is given in and however slowly it is read', async () => {
    serve()
    const { user, peer } = await connected({ maxVersion })
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
    const { user, peer } = await connected({ maxVersion })
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
    while (ends.length < 8) ends.push(await connected({ maxVersion }))
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
    const { user, peer } = await connected({ maxVersion })
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
    const { user, peer } = await connected({ maxVersion })
    peer.destroy()
    await user.until(() => user.told.length > 0)
    expect(user.told.length).toBe(1)
  })

  test('octets that were changed on their way end the connection', async () => {
    serve()
    const outer = connectTcp(listener!.port, '127.0.0.1')
    const inner = connectTls({
      socket: outer,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      maxVersion,
    })
    inner.on('error', () => undefined)
    while (users.length === 0) await within(5_000, 'a handshake', arrived.promise)
    const [user] = users
    expect(user!.protocol).toBe('h2')
    outer.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), Buffer.alloc(40, 1)]))
    await user!.until(() => user!.told.length > 0)
    expect(user!.told).toEqual(['close with an error'])
    inner.destroy()
  })
})

describe.skipIf(openSsl() === undefined)('a socket with TLS', () => {
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

/** What a client does with its records by hand: it has led its handshake, and its secrets are known. */
async function byHand(): Promise<{
  user: User
  send: (...records: readonly HandRecord[]) => void
  outer: TcpSocket
  inner: TLSSocket
}> {
  serve()
  const secrets: Partial<Record<'client' | 'server', Uint8Array>> = {}
  const handshake = context.handshake.bind(context)
  context.handshake = (ssl, learn) =>
    handshake(ssl, (side, secret) => {
      secrets[side] = secret
      learn(side, secret)
    })
  const outer = connectTcp(listener!.port, '127.0.0.1')
  const inner = connectTls({ socket: outer, rejectUnauthorized: false })
  inner.on('error', () => undefined)
  while (users.length === 0) await within(5_000, 'a handshake', arrived.promise)
  const { client, server } = secrets
  const suite = cipherSuite(inner.getCipher().standardName === 'TLS_AES_128_GCM_SHA256' ? 0x1301 : 0x1302)!
  const records = new TlsRecords(openSsl()!, suite, { client: server!, server: client! }, 0)
  const content = Buffer.allocUnsafeSlow(CONTENT_BYTES_MAX + 1)
  const into = Buffer.allocUnsafeSlow(CONTENT_BYTES_MAX + 512)
  const send = (...all: readonly HandRecord[]): void => {
    for (const { type, octets } of all) {
      content.set(octets)
      const end = records.seal(type, pointerTo(content), octets.length, into, pointerTo(into), 0)
      outer.write(Buffer.from(into.subarray(0, end)))
      if (type === ContentType.handshake) records.renewWriting()
    }
  }
  return { user: users[0]!, send, outer, inner }
}

interface HandRecord {
  readonly type: number
  readonly octets: Uint8Array
}

const data = (octets: Uint8Array): HandRecord => ({ type: ContentType.data, octets })
const alert = (...octets: readonly number[]): HandRecord => ({
  type: ContentType.alert,
  octets: Uint8Array.from(octets),
})
const message = (...octets: readonly number[]): HandRecord => ({
  type: ContentType.handshake,
  octets: Uint8Array.from(octets),
})
const times = (count: number, record: HandRecord): HandRecord[] => Array.from({ length: count }, () => record)
const nothing = data(new Uint8Array(0))

describe.skipIf(openSsl() === undefined)('records of a client', () => {
  test('that bring nothing are borne in small numbers', async () => {
    const { user, send, outer } = await byHand()
    for (let i = 0; i < 3; i++) send(...times(30, nothing), data(Buffer.from('x')))
    await user.until(() => user.received.length === 3)
    send(...times(33, nothing))
    await user.until(() => user.told.length > 0)
    expect(user.told).toEqual(['close with an error'])
    outer.destroy()
  })

  test.each<[string, HandRecord]>([
    ['an unknown kind', { type: 99, octets: Uint8Array.of(1) }],
    ['a handshake anew', message(1, 0, 0, 0)],
    ['half a change of key', message(24, 0, 0)],
    ['a change of key that asks for something else', message(24, 0, 0, 1, 2)],
    ['two messages at once', message(24, 0, 0, 1, 0, 24, 0, 0, 1, 0)],
    ['half an alert', alert(2)],
    ['an alert', alert(2, 40)],
    ['more than a record holds', data(new Uint8Array(CONTENT_BYTES_MAX + 1))],
  ])('%s ends the connection', async (_, record) => {
    const { user, send, outer } = await byHand()
    send(data(Buffer.from('first')), record, data(Buffer.from('never seen')))
    await user.until(() => user.told.length > 0)
    expect([user.received.toString(), user.told]).toEqual(['first', ['close with an error']])
    outer.destroy()
  })

  test.each([
    ['not sealed', Buffer.from([22, 3, 3, 0, 4, 1, 0, 0, 0])],
    ['longer than any', Buffer.from([23, 3, 3, 0x41, 0x01])],
    ['shorter than any', Buffer.from([23, 3, 3, 0, 16, ...Buffer.alloc(16)])],
  ])('one that is %s ends the connection', async (_, octets) => {
    const { user, outer } = await byHand()
    outer.write(octets)
    await user.until(() => user.told.length > 0)
    expect(user.told).toEqual(['close with an error'])
    outer.destroy()
  })

  test('that ask for another key again and again make nothing wait for who does not read', async () => {
    const { user, send, outer, inner } = await byHand()
    // What came with the handshake comes before it.
    const ready = received(inner, 5)
    await user.write(Buffer.from('ready'))
    await ready
    const before = outer.bytesRead
    const asks = 400
    for (let i = 0; i < asks; i++) send(data(Buffer.from('x')), message(24, 0, 0, 1, 1))
    await user.until(() => user.received.length === asks)
    await user.write(Buffer.from('answer'))
    // One change of keys and one record.
    const answerBytes = 27 + 28
    while (outer.bytesRead - before < answerBytes) await Bun.sleep(1)
    expect(outer.bytesRead - before).toBe(answerBytes)
    outer.destroy()
  })

  test('that it cancels something is no end, that it closes is one, and nothing comes behind it', async () => {
    const { user, send, outer } = await byHand()
    send(alert(1, 90), data(Buffer.from('a')), alert(1, 0), data(Buffer.from('b')))
    await user.until(() => user.told.length > 0)
    outer.end()
    await user.write(Buffer.from('still answered'))
    expect([user.received.toString(), user.told]).toEqual(['a', ['end']])
  })

  test('property: that were forged by nobody with the key hand nothing on', async () => {
    const header = fc.tuple(fc.constantFrom(23, 23, 23, 22, 21, 20, 0, 128), fc.nat(255), fc.nat(255))
    const forged = fc.record({ header, length: fc.nat(300), body: fc.uint8Array({ maxLength: 300 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(forged, { minLength: 1, maxLength: 4 }), async (all) => {
        const { user, outer } = await byHand()
        for (const {
          header: [type, major, minor],
          length,
          body,
        } of all)
          outer.write(Buffer.from([type, major, minor, length >> 8, length & 255, ...body]))
        outer.end()
        await user.until(() => user.told.length > 0)
        expect(user.received).toHaveLength(0)
        outer.destroy()
        user.socket.terminate()
        users.length = 0
        listener?.stop()
        context.free()
      }),
      { numRuns: 60 },
    )
    serve()
  })

  test('come in pieces of whatever size', async () => {
    const { user, send, outer } = await byHand()
    const write = outer.write.bind(outer)
    outer.write = ((octets: Buffer) => {
      for (const octet of octets) write(Buffer.of(octet))
      return true
    }) as typeof outer.write
    outer.setNoDelay(true)
    send(data(pattern(300, 1)), data(pattern(300, 2)))
    await user.until(() => user.received.length === 600)
    expect(user.received.equals(Buffer.concat([pattern(300, 1), pattern(300, 2)]))).toBe(true)
    outer.destroy()
  })
})

describe.skipIf(openSsl() === undefined || Bun.which('openssl') === null)('the client of OpenSSL', () => {
  test.each(['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])(
    'with %s is understood, and may change keys',
    async (suite) => {
      serve()
      const client = Bun.spawn(
        ['openssl', 's_client', '-connect', `127.0.0.1:${listener!.port}`, '-tls1_3', '-ciphersuites', suite],
        { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
      )
      while (users.length === 0) await within(5_000, 'a handshake', arrived.promise)
      const [user] = users
      // It tells there of each change, and takes what comes with a command for a part of it.
      const told = client.stderr.getReader()
      const changed = async (): Promise<void> => {
        for (let text = ''; !text.includes('KEYUPDATE');) {
          const { value, done } = await within(5_000, 'a change of key', told.read())
          if (done) throw new Error('it has ended')
          text += Buffer.from(value).toString()
        }
      }
      const said = async (text: string): Promise<void> => {
        const before = user!.received.length
        client.stdin.write(`${text}\n`)
        await client.stdin.flush()
        await user!.until(() => user!.received.length > before)
      }
      await said('one')
      // A line of K alone changes its keys and asks for ours to be changed, one of k changes its own.
      for (const command of ['K', 'k', 'K']) {
        client.stdin.write(`${command}\n`)
        await client.stdin.flush()
        await changed()
        await user!.write(Buffer.from(`before ${command}\n`))
        await said(`after ${command}`)
        await user!.write(Buffer.from(`answer to ${command}\n`))
      }
      user!.socket.end()
      const output = await within(5_000, 'its end', client.stdout.text())
      expect(user!.received.toString()).toBe('one\nafter K\nafter k\nafter K\n')
      expect(output).toContain(suite)
      for (const command of ['K', 'k']) expect(output).toContain(`before ${command}\nanswer to ${command}`)
      await client.exited
    },
  )
})
