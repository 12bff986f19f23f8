// What every kind of socket does (socket.ts), as tests against peers that the runtime's own library makes.
//
// Long because a contract is one thing: whoever adds to it sees all of it.
import { connect as connectPeer, createServer, type Server, type Socket as Peer } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { RemoteAddress } from './network.ts'
import type {
  Acceptor,
  Connecting,
  Connector,
  Socket,
  SocketAddress,
  SocketListener,
  SocketUser,
} from './socket.ts'

/** An implementation. */
export interface Sockets {
  listen(address: SocketAddress, acceptor: Acceptor): SocketListener
  connect(address: RemoteAddress, connector: Connector): Connecting
}

/** Our end of a connection: what it was told, and ways to wait for it. */
class User implements SocketUser {
  readonly told: string[] = []
  received = Buffer.alloc(0)
  readonly #waiting: { met: () => boolean; resolve: () => void }[] = []
  during: (() => void) | undefined

  constructor(readonly socket: Socket) {}

  onData(octets: Buffer, end: number): void {
    this.received = Buffer.concat([this.received, octets.subarray(0, end)])
    this.during?.()
    this.#look()
  }

  onDrain(): void {
    this.#tell('drain')
  }

  onEnd(): void {
    this.#tell('end')
  }

  onClose(error: Error | undefined): void {
    this.#tell(error === undefined ? 'close' : `close ${(error as { code?: string }).code}`)
  }

  onFault(error: Error): void {
    this.#tell(`fault ${error.message}`)
  }

  /** Resolves when this holds. */
  until(met: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ met, resolve })
      this.#look()
    })
  }

  untilTold(what: string): Promise<void> {
    return this.until(() => this.told.some((told) => told.startsWith(what)))
  }

  /** Resolves when nothing more will come, and nothing went wrong. */
  untilOver(): Promise<void> {
    return this.until(() => this.told.includes('end') || this.told.includes('close'))
  }

  /** Writes all of it, as fast as it is taken. */
  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const drains = this.told.filter((told) => told === 'drain').length
      const taken = this.socket.write(bytes, at, bytes.length - at)
      expect(taken).toBeGreaterThanOrEqual(0)
      at += taken
      if (at < bytes.length)
        await this.until(() => this.told.filter((told) => told === 'drain').length > drains)
    }
  }

  #tell(what: string): void {
    this.told.push(what)
    this.#look()
  }

  #look(): void {
    for (const waiting of this.#waiting.slice())
      if (waiting.met()) {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        waiting.resolve()
      }
  }
}

/** The other end: all that it gets, and how that ended. */
class Other {
  received = Buffer.alloc(0)
  failure: string | undefined
  readonly closed: Promise<void>
  readonly ended: Promise<void>

  constructor(readonly peer: Peer) {
    peer.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes])
    })
    peer.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = error.code
    })
    this.ended = new Promise((resolve) => peer.once('end', resolve))
    this.closed = new Promise((resolve) => peer.once('close', () => resolve()))
  }
}

/** Runs the suite over an implementation. */
export function describeSockets(name: string, sockets: Sockets): void {
  const listeners: SocketListener[] = []
  const peers: Peer[] = []
  const servers: Server[] = []
  const faults: string[] = []
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.stop()
    for (const peer of peers.splice(0)) peer.destroy()
    for (const server of servers.splice(0)) server.close()
    faults.splice(0)
  })

  const fault = (error: Error): void => void faults.push(error.message)

  /** Connections to us, in the order of their coming. */
  function listening(wanted = true): { port: number; next: () => Promise<User> } {
    const come: User[] = []
    const waiting: ((user: User) => void)[] = []
    const listener = sockets.listen(
      { hostname: '127.0.0.1', port: 0 },
      {
        accept(socket) {
          if (!wanted) return undefined
          const user = new User(socket)
          const resolve = waiting.shift()
          if (resolve === undefined) come.push(user)
          else resolve(user)
          return user
        },
        fault,
      },
    )
    listeners.push(listener)
    const next = (): Promise<User> => {
      const user = come.shift()
      return user === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(user)
    }
    return { port: listener.port, next }
  }

  function peerTo(port: number): Other {
    const peer = connectPeer({ port, host: '127.0.0.1', allowHalfOpen: true })
    peers.push(peer)
    return new Other(peer)
  }

  /** A connection that was made to us. */
  async function pair(): Promise<{ user: User; other: Other }> {
    const { port, next } = listening()
    const other = peerTo(port)
    return { user: await next(), other }
  }

  /** Tries to connect; resolves to the connection, or to the code of the failure. */
  function connecting(address: RemoteAddress): Promise<User | string> {
    return new Promise((resolve) => {
      sockets.connect(address, {
        opened(socket) {
          const user = new User(socket)
          resolve(user)
          return user
        },
        failed: (error) => resolve(String((error as { code?: string }).code)),
        fault,
      })
    })
  }

  async function echoing(where: { path: string } | { port: number }): Promise<Server> {
    const made = createServer((peer) => {
      peers.push(peer)
      peer.on('error', () => undefined)
      peer.pipe(peer)
    })
    servers.push(made)
    await new Promise<void>((resolve) =>
      made.listen('port' in where ? { ...where, host: '127.0.0.1' } : where, resolve),
    )
    return made
  }

  describe(name, () => {
    test('carries octets both ways, whatever the pieces', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 6 }), async (sizes) => {
          const { user, other } = await pair()
          const pieces = sizes.map((size, i) => Buffer.alloc(size, 65 + i))
          const all = Buffer.concat(pieces)
          for (const piece of pieces) other.peer.write(piece)
          await user.until(() => user.received.length === all.length)
          expect(user.received.equals(all)).toBe(true)
          for (const piece of pieces) await user.write(piece)
          user.socket.end()
          await other.ended
          expect(other.received.equals(all)).toBe(true)
          other.peer.destroy()
        }),
        { numRuns: 10 },
      )
    })

    test('knows the address of its peer', async () => {
      const { user } = await pair()
      expect(user.socket.remoteAddress).toBe('127.0.0.1')
    })

    test('takes no more than the peer reads, and tells when it takes more', async () => {
      const { user, other } = await pair()
      other.peer.pause()
      const bytes = Buffer.alloc(32 << 20, 'x')
      const taken = user.socket.write(bytes)
      expect(taken).toBeLessThan(bytes.length)
      other.peer.resume()
      await user.untilTold('drain')
      await user.write(bytes.subarray(taken))
      user.socket.end()
      await other.ended
      expect(other.received.length).toBe(bytes.length)
    })

    test('tells when it is asked to that it takes something', async () => {
      const { user } = await pair()
      user.socket.askDrain()
      await user.untilTold('drain')
    })

    test('delivers nothing while it is paused, and all afterwards, the end too', async () => {
      const { user, other } = await pair()
      user.socket.pause()
      other.peer.end('said')
      // The peer's way back shows that time has passed for what it said.
      await user.write(Buffer.from('back'))
      await new Promise((resolve) => other.peer.once('data', resolve))
      expect([user.received.length, user.told]).toEqual([0, []])
      user.socket.resume()
      await user.untilTold('end')
      expect(user.received.toString()).toBe('said')
    })

    test('can still be written to after the peer has ended', async () => {
      const { user, other } = await pair()
      other.peer.end('question')
      await user.untilTold('end')
      await user.write(Buffer.from('answer'))
      user.socket.end()
      await other.ended
      expect([user.received.toString(), other.received.toString()]).toEqual(['question', 'answer'])
    })

    test('can still be read after its own side has ended', async () => {
      const { user, other } = await pair()
      user.socket.shutdown()
      await other.ended
      other.peer.end('late')
      await user.untilOver()
      expect(user.received.toString()).toBe('late')
      user.socket.end()
    })

    test('that both sides have ended while it was paused still gives what came', async () => {
      const { user, other } = await pair()
      user.socket.pause()
      other.peer.end('late')
      user.socket.shutdown()
      await other.ended
      user.socket.resume()
      await user.untilOver()
      expect(user.received.toString()).toBe('late')
    })

    test('breaks off with a reset, and is told nothing more', async () => {
      const { user, other } = await pair()
      other.peer.write('a')
      await user.until(() => user.received.length === 1)
      user.socket.terminate()
      await other.closed
      expect([other.failure, user.socket.write(Buffer.from('x')) < 0]).toEqual(['ECONNRESET', true])
    })

    test.each(['open', 'paused', 'written to'])('tells of a reset by the peer when it is %s', async (how) => {
      const { user, other } = await pair()
      if (how === 'paused') user.socket.pause()
      if (how === 'written to') {
        other.peer.pause()
        user.socket.write(Buffer.alloc(32 << 20))
      }
      other.peer.resetAndDestroy()
      await user.untilTold('close')
      expect(user.told.filter((told) => told.startsWith('end'))).toEqual([])
    })

    test('that is not wanted is broken off', async () => {
      const { port } = listening(false)
      const other = peerTo(port)
      await other.closed
      expect(other.received.length).toBe(0)
    })

    test('ends with a fault in what it tells, and others go on', async () => {
      const { port, next } = listening()
      const bad = peerTo(port)
      const badUser = await next()
      const good = peerTo(port)
      const goodUser = await next()
      badUser.during = () => {
        throw new Error('oh')
      }
      bad.peer.write('x')
      await bad.closed
      await badUser.untilTold('fault oh')
      good.peer.write('y')
      await goodUser.until(() => goodUser.received.length === 1)
      expect(faults).toEqual(['oh'])
    })

    test('may be ended while it tells something', async () => {
      const { user, other } = await pair()
      user.during = () => user.socket.end()
      other.peer.write('x')
      await other.ended
      expect(user.told).toEqual([])
    })

    test('a port that is taken is an error that says so', () => {
      const { port } = listening()
      const again = (): unknown =>
        sockets.listen({ hostname: '127.0.0.1', port }, { accept: () => undefined, fault })
      expect(again).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }))
    })

    test('a listener that has stopped accepts none, and leaves its connections', async () => {
      const { user, other } = await pair()
      listeners.pop()!.stop()
      await user.write(Buffer.from('still here'))
      await new Promise((resolve) => other.peer.once('data', resolve))
      expect(other.received.toString()).toBe('still here')
    })

    describe('connecting', () => {
      test('to a port, and to a unix socket', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'socket-'))
        try {
          const made = await echoing({ port: 0 })
          const { port } = made.address() as { port: number }
          const unix = join(folder, 'a.sock')
          await echoing({ path: unix })
          for (const address of [{ hostname: '127.0.0.1', port }, { unix }]) {
            const user = await connecting(address)
            if (typeof user === 'string') throw new Error(user)
            await user.write(Buffer.from('echo'))
            await user.until(() => user.received.length === 4)
            expect(user.received.toString()).toBe('echo')
            user.socket.end()
          }
        } finally {
          rmSync(folder, { recursive: true })
        }
      })

      test('where nobody listens fails', async () => {
        const made = await echoing({ port: 0 })
        const { port } = made.address() as { port: number }
        await new Promise((resolve) => made.close(resolve))
        expect(await connecting({ hostname: '127.0.0.1', port })).toBe('ECONNREFUSED')
        expect(await connecting({ unix: join(tmpdir(), 'no-such.sock') })).toBe('ENOENT')
      })

      test('given up tells nothing, and leaves no connection', async () => {
        const made = await echoing({ port: 0 })
        const { port } = made.address() as { port: number }
        const told: string[] = []
        const attempt = sockets.connect(
          { hostname: '127.0.0.1', port },
          {
            opened: () => {
              told.push('opened')
              return undefined
            },
            failed: () => void told.push('failed'),
            fault,
          },
        )
        attempt.cancel()
        // One that was begun later has come through: so would the first.
        const user = await connecting({ hostname: '127.0.0.1', port })
        expect([typeof user, told]).toEqual(['object', []])
        ;(user as User).socket.end()
      })
    })
  })
}
