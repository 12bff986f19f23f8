// The pool of connections to an HTTP/1.1 origin, against servers on this machine, with time in the test's hand.
import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { httpOrigin } from '../../../testing/http-origin.ts'
import { Answering, type CallOptions } from '../../../testing/origin-call.ts'
import { response, startRawOrigin, type Answer } from '../../../testing/raw-origin.ts'
import { pass } from '../../../testing/within.ts'
import { LARGE_BYTES, originContract } from '../origin-contract.ts'
import { defaultTlsOrigin, type HttpOriginConfig, type HttpOriginSettings } from './settings.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const hello = response('200 OK', ['X-One: 1'], 'hello')

/** The application of the contract. */
const application: Answer = async (request) => {
  const { connection, method } = request
  switch (request.target) {
    case '/hello':
      return method === 'HEAD' ? hello.slice(0, -5) : hello
    case '/empty':
      return 'HTTP/1.1 204 No Content\r\n\r\n'
    case '/echo':
      return response('200 OK', [], (await request.body).toString('latin1'))
    case '/large':
      connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`)
      connection.write(Buffer.alloc(LARGE_BYTES, 'x'))
      return undefined
    case '/half':
      await connection.flush('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
      connection.end()
      return undefined
    default:
      return undefined
  }
}

/** An origin that is closed after the test. */
function originTo(
  port: number,
  settings: Partial<HttpOriginSettings> = {},
  rest: Partial<HttpOriginConfig> = {},
) {
  const made = httpOrigin(port, settings, rest)
  cleanups.push(() => made.origin.close())
  return made
}

async function setup(answer: Answer, settings: Partial<HttpOriginSettings> = {}) {
  const server = await startRawOrigin(answer)
  cleanups.push(() => server.stop())
  return { server, ...originTo(server.port, settings) }
}

/** Asks, and waits for the end. */
async function exchange(
  ask: (options?: CallOptions) => Answering,
  options?: CallOptions,
): Promise<Answering> {
  const answering = ask(options)
  await answering.result()
  return answering
}

originContract('HTTP/1.1', async () => {
  const server = await startRawOrigin(application)
  const { origin } = httpOrigin(server.port)
  return { origin, stop: () => (origin.close(), server.stop()) }
})

describe('connections', () => {
  test('are used again', async () => {
    const { server, origin, ask } = await setup(() => hello)
    for (let i = 0; i < 3; i++) expect((await exchange(ask)).body).toBe('hello')
    expect(server.connections).toHaveLength(1)
    expect(origin.connections).toEqual({ open: 1, idle: 1, queued: 0 })
  })

  test('are not when the origin says so, when none are to be kept, or when they were unused too long', async () => {
    const closing = await setup(() => `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    await exchange(closing.ask)
    await exchange(closing.ask)
    expect(closing.server.connections).toHaveLength(2)
    const none = await setup(() => hello, { idleTime: 0 })
    await exchange(none.ask)
    expect(none.origin.connections.open).toBe(0)
    const old = await setup(() => hello, { idleTime: 1000 })
    await exchange(old.ask)
    old.clock.advance(1000)
    expect(old.origin.connections.idle).toBe(1)
    old.clock.advance(200)
    expect(old.origin.connections).toEqual({ open: 0, idle: 0, queued: 0 })
    await old.server.connections[0]!.closed
  })

  test('are not used in the last second for which the origin means to keep them', async () => {
    const brief = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3, max=100\r\nContent-Length: 0\r\n\r\n'
    const { server, clock, ask } = await setup(() => brief)
    await exchange(ask)
    clock.advance(2000)
    await exchange(ask)
    expect(server.connections).toHaveLength(1)
    clock.advance(2001)
    await exchange(ask)
    expect(server.connections).toHaveLength(2)
  })

  test('that the origin closes while they lie idle are forgotten', async () => {
    const { server, origin, ask } = await setup(() => hello)
    await exchange(ask)
    server.connections[0]!.end()
    while (origin.connections.open > 0) await pass(1)
    expect((await exchange(ask)).body).toBe('hello')
    expect(server.connections).toHaveLength(2)
  })

  test('are at most so many; who waits longest goes first', async () => {
    const { server, origin, ask } = await setup(() => undefined, { connectionsMax: 2 })
    const all = ['/1', '/2', '/3', '/4'].map((path) => ask({ path }))
    await server.request(2)
    expect(origin.connections).toMatchObject({ queued: 2 })
    for (let count = 1; count <= 4; count++) {
      const request = await server.request(count)
      request.connection.write(response('200 OK', [], request.target))
      await all[count - 1]!.result()
    }
    expect(all.map(({ body }) => body)).toEqual(['/1', '/2', '/3', '/4'])
    expect(server.connections).toHaveLength(2)
  })

  test('a queue that is full, or in which one waits too long, is an answer too', async () => {
    const { server, clock, ask } = await setup(() => undefined, {
      connectionsMax: 1,
      queueMax: 1,
      queueTime: 500,
    })
    ask()
    const queued = ask()
    const refused = ask()
    expect(refused.failure?.code).toBe('origin-busy')
    await server.request(1)
    clock.advance(700)
    expect(queued.failure?.code).toBe('origin-busy')
  })

  test('a place in the queue is free again when its client leaves', async () => {
    const { ask, origin } = await setup(() => undefined, { connectionsMax: 1, queueMax: 1 })
    ask()
    const left = ask()
    left.call.abort()
    expect(origin.connections.queued).toBe(0)
    expect(ask().failure).toBeUndefined()
    expect(ask().failure?.code).toBe('origin-busy')
  })

  test('one that is lost makes room for who waits', async () => {
    const { server, ask } = await setup(({ target }) => (target === '/2' ? hello : undefined), {
      connectionsMax: 1,
    })
    const first = ask({ path: '/1' })
    const second = ask({ path: '/2' })
    ;(await server.request(1)).connection.reset()
    expect(await first.result()).toBe('origin-closed')
    expect(await second.result()).toBe('ended')
  })

  test('one whose client left before it was there is kept for the next', async () => {
    const { server, origin, ask } = await setup(() => hello)
    ask().call.abort()
    while (origin.connections.idle === 0) await pass(1)
    expect((await exchange(ask)).body).toBe('hello')
    expect(server.connections).toHaveLength(1)
  })

  test('giving an exchange up closes its connection', async () => {
    const { server, origin, ask } = await setup(() => undefined)
    const { call } = ask()
    const { connection } = await server.request(1)
    call.abort()
    await connection.closed
    expect(origin.connections.open).toBe(0)
  })
})

/** Answers the first request of each connection; closes at the second. */
const once: Answer = ({ connection }) => {
  if (connection.requests.length === 1) return hello
  connection.destroy()
  return undefined
}

describe('a kept connection that the origin has given up', () => {
  test.each([
    ['GET', {}],
    ['PUT', { method: 'PUT', body: { kind: 'whole', bytes: Buffer.from('x') } }],
  ] as [string, CallOptions][])('is replaced, once, for %s', async (_, options) => {
    const { server, ask } = await setup(once)
    await exchange(ask)
    const second = await exchange(ask, options)
    expect(second).toMatchObject({ outcome: 'ended', body: 'hello' })
    expect(server.connections).toHaveLength(2)
    expect(server.requests).toHaveLength(3)
  })

  test.each([
    ['POST', { method: 'POST', body: { kind: 'whole', bytes: Buffer.from('x') } }],
    ['a body that cannot be sent again', { method: 'PUT', body: { kind: 'stream', bytes: 1 } }],
  ] as [string, CallOptions][])('is a failure for %s', async (_, options) => {
    const { server, ask } = await setup(once)
    await exchange(ask)
    const second = ask(options)
    second.call.write(Buffer.from('x'))
    second.call.finish(undefined)
    expect(await second.result()).toBe('origin-closed')
    expect(server.requests).toHaveLength(2)
  })

  test('is replaced for one that had waited for it in the queue', async () => {
    const { server, ask } = await setup(once, { connectionsMax: 1 })
    const [first, second] = [ask(), ask()]
    expect([await first.result(), await second.result()]).toEqual(['ended', 'ended'])
    expect(server.connections).toHaveLength(2)
  })

  test('is not replaced twice, and a new connection that closes is a failure', async () => {
    let closes = false
    const { server, ask } = await setup(({ connection }) => {
      if (!closes) return hello
      connection.destroy()
      return undefined
    })
    await exchange(ask)
    closes = true
    expect(await ask().result()).toBe('origin-closed')
    expect(server.requests).toHaveLength(3)
    expect(await ask().result()).toBe('origin-closed')
    expect(server.requests).toHaveLength(4)
  })

  test('is a failure once a byte of an answer has come', async () => {
    const { server, ask } = await setup(async ({ connection }) => {
      if (connection.requests.length === 1) return hello
      await connection.flush('HTTP/1.1 2')
      connection.end()
      return undefined
    })
    await exchange(ask)
    expect(await ask().result()).toBe('origin-closed')
    expect(server.requests).toHaveLength(2)
  })
})

const part: Answer = ({ connection }) => connection.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx')

describe('time', () => {
  test('runs out without a first byte', async () => {
    const { server, clock, ask } = await setup(() => undefined, { firstByteTime: 1000 })
    const asking = ask()
    const { connection } = await server.request(1)
    clock.advance(1000)
    expect(asking.outcome).toBe('open')
    clock.advance(200)
    expect(asking.failure?.code).toBe('first-byte-timeout')
    await connection.closed
  })

  test('runs out between bytes, and in all', async () => {
    const between = await setup(part, { betweenBytesTime: 1000 })
    const pausing = between.ask()
    await pausing.until('a byte', () => pausing.receivedBytes > 0)
    between.clock.advance(1200)
    expect(pausing.failure?.code).toBe('between-bytes-timeout')
    const total = await setup(part, { totalTime: 1000, betweenBytesTime: 5000 })
    const slow = total.ask()
    await slow.until('a byte', () => slow.receivedBytes > 0)
    total.clock.advance(1200)
    expect(slow.failure?.code).toBe('total-timeout')
  })

  test('runs out while connecting, TLS included, and what connects later is not used', async () => {
    const server = await startRawOrigin(() => undefined)
    cleanups.push(() => server.stop())
    const { clock, origin, ask } = originTo(server.port, { connectTime: 1000 }, { tls: defaultTlsOrigin })
    const asking = ask()
    const connection = await server.connection(1)
    clock.advance(1000)
    expect(asking.failure?.code).toBe('connect-timeout')
    connection.end()
    await connection.closed
    expect(origin.connections).toEqual({ open: 0, idle: 0, queued: 0 })
  })
})

const serving = (server: Server): Server =>
  server.on('connection', (socket) => socket.on('data', () => socket.write(hello)))
const closing = (server: Server) => () => new Promise((resolve) => server.close(resolve))

describe('addresses', () => {
  test('a port that nobody listens on', async () => {
    const server = await startRawOrigin()
    const { port } = server
    await server.stop()
    const { ask, origin } = originTo(port)
    expect(await ask().result()).toBe('connect-refused')
    expect(origin.connections).toEqual({ open: 0, idle: 0, queued: 0 })
  })

  test('a name that is not known', async () => {
    const { ask } = originTo(80, {}, { hostname: 'no-such-name.invalid' })
    expect(await ask().result()).toBe('connect-refused')
  })

  test('IPv6', async () => {
    const server = serving(createServer())
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
    cleanups.push(closing(server))
    const { ask } = originTo((server.address() as AddressInfo).port, {}, { hostname: '::1' })
    expect((await exchange(ask)).body).toBe('hello')
  })

  test('a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'origin-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const socket = join(folder, 'a.sock')
    const server = serving(createServer())
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    cleanups.push(closing(server))
    expect((await exchange(originTo(80, { socket }).ask)).body).toBe('hello')
    expect(
      await originTo(80, { socket: join(folder, 'b.sock') })
        .ask()
        .result(),
    ).toBe('connect-refused')
  })
})

describe('a body that ends with the connection', () => {
  test('ends with its end, and fails with its loss', async () => {
    const { server, ask } = await setup(({ connection, target }) => {
      void connection.flush('HTTP/1.1 200 OK\r\n\r\nbody').then(() => {
        if (target === '/end') connection.end()
      })
    })
    const whole = await exchange(ask, { path: '/end' })
    expect([whole.body, whole.outcome, whole.bodyBytes]).toEqual(['body', 'ended', undefined])
    const lost = ask({ path: '/lost' })
    await lost.until('its body', () => lost.receivedBytes === 4)
    server.connections[1]!.reset()
    expect(await lost.result()).toBe('origin-closed')
  })
})
