import { describe, expect, test } from 'bun:test'
import { connect as connectPeer } from 'node:net'
import { nextTurn } from '../base/clock.ts'
import { EpollListener } from './epoll-listener.ts'
import { EventLoop } from './event-loop.ts'
import { connect, listen } from './network.ts'
import { describeSockets } from './socket-contract.ts'
import type { Socket, SocketUser } from './socket.ts'

describeSockets('a socket of our own', { listen, connect })

const nothing: SocketUser = { onData() {}, onDrain() {}, onEnd() {}, onClose() {}, onFault() {} }
const acceptor = (accept: (socket: Socket) => SocketUser | undefined = () => nothing) => ({
  accept,
  fault(error: Error) {
    throw error
  },
})

/** Things that the runtime does by itself. */
const runtime = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 1))
  await Bun.file(import.meta.path).text()
  await crypto.subtle.digest('SHA-256', new Uint8Array(100_000))
  await Promise.resolve()
}

describe.skipIf(EventLoop.get() === undefined)('the event loop of our own', () => {
  test('is used where there is one', () => {
    const listener = listen({ hostname: '127.0.0.1', port: 0 }, acceptor())
    expect(listener).toBeInstanceOf(EpollListener)
    listener.stop()
  })

  test("leaves the runtime's timers, promises and threads their turn, busy or idle", async () => {
    const listener = listen(
      { hostname: '127.0.0.1', port: 0 },
      acceptor((socket) => ({ ...nothing, onData: (octets, end) => void socket.write(octets, 0, end) })),
    )
    const peer = connectPeer({ port: listener.port, host: '127.0.0.1' })
    await new Promise((resolve) => peer.once('connect', resolve))
    let echoes = 0
    peer.on('data', (bytes) => {
      echoes++
      peer.write(bytes)
    })
    await runtime()
    peer.write('x')
    await runtime()
    expect(echoes).toBeGreaterThan(0)
    peer.destroy()
    listener.stop()
  })

  test('gives way to whoever waits for the next turn, and does first what was put off to the end of this one', async () => {
    const done = Promise.withResolvers<string[]>()
    const seen: string[] = []
    const listener = listen(
      { hostname: '127.0.0.1', port: 0 },
      acceptor((socket) => ({
        ...nothing,
        onData(octets, end) {
          socket.write(octets, 0, end)
          if (seen.length > 0) return
          seen.push('data')
          nextTurn(() => done.resolve(seen))
          queueMicrotask(() => seen.push('microtask'))
        },
      })),
    )
    // Both ends are in this loop: there is always something for it to do.
    const client = Promise.withResolvers<Socket>()
    connect(
      { hostname: '127.0.0.1', port: listener.port },
      {
        opened(socket) {
          client.resolve(socket)
          return {
            ...nothing,
            onData(octets, end) {
              if (seen.length > 0) seen.push('echo')
              socket.write(octets, 0, end)
            },
          }
        },
        failed: done.reject,
        fault: done.reject,
      },
    )
    const socket = await client.promise
    socket.write(Buffer.from('x'))
    expect(await done.promise).toEqual(['data', 'microtask'])
    socket.end()
    listener.stop()
  })

  test('listens on IPv6, and says from where a connection came', async () => {
    const from = Promise.withResolvers<string>()
    const listener = listen(
      { hostname: '::1', port: 0 },
      acceptor((socket) => {
        from.resolve(socket.remoteAddress)
        return undefined
      }),
    )
    const peer = connectPeer({ port: listener.port, host: '::1' })
    peer.on('error', () => undefined)
    expect([await from.promise, listener.hostname]).toEqual(['::1', '::1'])
    listener.stop()
  })

  test('tells nobody of a descriptor that was closed in the same turn and is used again', async () => {
    // All are told of in one turn; the first closes the others, whose descriptors the next connections get.
    const sockets: Socket[] = []
    let later = 0
    const told: number[] = []
    const listener = listen(
      { hostname: '127.0.0.1', port: 0 },
      acceptor((socket) => {
        const i = sockets.push(socket) - 1
        return {
          ...nothing,
          onData() {
            told.push(i)
            if (i < 4 && later++ === 0) for (const each of sockets.slice(0, 4)) each.end()
          },
        }
      }),
    )
    const peers = Array.from({ length: 4 }, () => connectPeer({ port: listener.port, host: '127.0.0.1' }))
    await Promise.all(peers.map((peer) => new Promise((resolve) => peer.once('connect', resolve))))
    const ended = Promise.all(peers.map((peer) => new Promise((resolve) => peer.once('close', resolve))))
    for (const peer of peers) peer.write('x')
    await ended
    expect(told).toHaveLength(1)
    listener.stop()
  })
})
