// Connections on their way: none is left open behind a time limit, a failed handshake or an error.
import { afterEach, expect, test } from 'bun:test'
import { httpOrigin } from '../../../testing/http-origin.ts'
import { pass, within } from '../../../testing/within.ts'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { defaultTlsOrigin } from './settings.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const arrives = async (done: () => boolean): Promise<void> => {
  while (!done()) await pass(1)
}

/** A server that takes connections and leaves the rest to `taken`; it never closes its side by itself. */
async function silentServer(taken: (socket: Socket) => void = () => {}) {
  const sockets: { socket: Socket; ended: boolean }[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const seen = { socket, ended: false }
    sockets.push(seen)
    const end = (): void => void (seen.ended = true)
    socket.on('error', end).on('end', end).on('close', end).resume()
    taken(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    for (const { socket } of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    /** Resolves when a connection has come. */
    connected: () =>
      within(
        2000,
        'a connection',
        arrives(() => sockets.length > 0),
      ),
    /** Resolves when every connection has been ended by the other side. */
    ended: () =>
      within(
        2000,
        'the end of the connection',
        arrives(() => sockets.every((seen) => seen.ended)),
      ),
  }
}

test('a handshake that takes too long ends with its connection', async () => {
  const server = await silentServer()
  const { clock, ask, origin } = httpOrigin(server.port, { connectTime: 1000 }, { tls: defaultTlsOrigin })
  cleanups.push(() => origin.close())
  const asking = ask()
  await server.connected()
  await pass(5)
  clock.advance(1000)
  expect(asking.failure?.code).toBe('connect-timeout')
  await server.ended()
})

test('an origin that ends the connection before its handshake refuses, and the connection ends', async () => {
  const server = await silentServer((socket) => socket.end())
  const { ask, origin } = httpOrigin(server.port, {}, { tls: defaultTlsOrigin })
  cleanups.push(() => origin.close())
  expect(await ask().result()).toBe('connect-refused')
  await server.ended()
  expect(origin.connections).toEqual({ open: 0, idle: 0, queued: 0 })
})

test('an origin that speaks no TLS refuses, and the connection ends', async () => {
  const server = await silentServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const { ask, origin } = httpOrigin(server.port, {}, { tls: defaultTlsOrigin })
  cleanups.push(() => origin.close())
  expect(await ask().result()).toBe('connect-refused')
  await server.ended()
})
