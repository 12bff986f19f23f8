// The pool of connections to a FastCGI application: which are kept, for how long, and for whom they are given up. Time is
// in the test's hand.
import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { answer, end, startFastCgi, stdout, type FastCgiRequest } from '../../../testing/fastcgi.ts'
import { Answering, testGateway, type CallOptions } from '../../../testing/origin-call.ts'
import { pass } from '../../../testing/within.ts'
import { defaultsOf } from '../../base/setting.ts'
import { limitRows } from '../../http1/limits.ts'
import type { GatewayLines, Origin } from '../origin.ts'
import { FastCgiOrigin } from './fastcgi-origin.ts'
import { defaultFastCgi, type FastCgiSettings } from './settings.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const script = { documentRoot: '/r', filename: '/r/i.php', name: '/i.php', pathInfo: '' }
const hello = answer('X: a', 'hello')

type AnswerTo = (request: FastCgiRequest, connection: Socket) => void

const parts = {
  limits: defaultsOf(limitRows),
  instance: 'test',
  tellError: () => {},
  fault: (error: unknown) => {
    throw error
  },
}

/** An application, a pool in front of it, and a way to ask. */
async function setup(answerTo: AnswerTo, settings: Partial<FastCgiSettings> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fastcgi-'))
  const path = join(folder, 'app.sock')
  const server = await startFastCgi(path, answerTo)
  const clock = new FakeClock()
  const faults: string[] = []
  const pool = new FastCgiOrigin(
    { address: { kind: 'unix', path }, settings: { ...defaultFastCgi, ...settings } },
    { clock, timers: clock, ...parts, fault: (error) => faults.push(String(error)) },
  )
  const origin: Origin = {
    send: (request, events) => pool.run(request, script, events),
    connections: pool.connections,
    close: () => pool.close(),
  }
  cleanups.push(
    () => rmSync(folder, { recursive: true }),
    () => server.stop(),
    () => pool.close(),
  )
  const ask = (options?: CallOptions) => new Answering(origin, options)
  return { server, pool, clock, ask, faults }
}

/** An application whose requests a test answers one by one, in the order of their coming. */
function byHand() {
  const waiting: { path: string; connection: Socket }[] = []
  let wake: (() => void) | undefined
  const answerTo: AnswerTo = ({ variables }, connection) => {
    waiting.push({ path: variables.get('REQUEST_URI')!, connection })
    wake?.()
  }
  return {
    answerTo,
    async came(count: number): Promise<void> {
      while (waiting.length < count) await new Promise<void>((resolve) => (wake = resolve))
    },
    answer(path: string): void {
      waiting.find((one) => one.path === path)!.connection.write(hello)
    },
  }
}

const fail = (): never => {
  throw new Error('broken')
}

const always: AnswerTo = (_, connection) => connection.write(hello)

/** Answers the first request of each connection, and ends it with the second. */
function once(): AnswerTo {
  const used = new WeakSet<Socket>()
  return (_, connection) => {
    if (used.has(connection)) connection.destroy()
    else connection.write(hello)
    used.add(connection)
  }
}

async function ended(answering: Answering): Promise<void> {
  expect(await answering.result()).toBe('ended')
  expect(answering.body).toBe('hello')
}

describe('a connection', () => {
  test('is used again, for a moment', async () => {
    const { server, pool, clock, ask } = await setup(always, { keepTime: 250 })
    for (let i = 0; i < 3; i++) await ended(ask())
    expect([server.connections, pool.connections]).toEqual([1, { open: 1, idle: 1, queued: 0 }])
    clock.advance(300)
    expect(pool.connections).toEqual({ open: 0, idle: 0, queued: 0 })
    await ended(ask())
    expect(server.connections).toBe(2)
  })

  test('that is used without a pause ends when its time is over, so that others get the worker', async () => {
    const { server, clock, ask } = await setup(always, { keepTime: 250 })
    for (let i = 0; i < 12; i++) {
      await ended(ask())
      clock.advance(50)
    }
    expect(server.connections).toBe(3)
  })

  test('is opened anew for each request where none is kept', async () => {
    const { server, pool, ask } = await setup(always, { keepTime: 0 })
    for (let i = 0; i < 3; i++) await ended(ask())
    expect([server.connections, pool.connections.open]).toEqual([3, 0])
  })

  test('is new for what cannot be sent again', async () => {
    const { server, pool, ask } = await setup(always)
    await ended(ask())
    await ended(ask({ method: 'POST', body: { kind: 'whole', bytes: Buffer.from('a') } }))
    expect([server.connections, pool.connections.open]).toEqual([2, 1])
  })

  test('is given up when another request may be waiting for its worker', async () => {
    const hand = byHand()
    const { pool, clock, ask } = await setup(hand.answerTo)
    const first = ask({ path: '/first' })
    const second = ask({ path: '/second' })
    await hand.came(2)
    hand.answer('/first')
    await ended(first)
    expect(pool.connections).toEqual({ open: 2, idle: 1, queued: 0 })
    clock.advance(20)
    expect(pool.connections).toEqual({ open: 1, idle: 0, queued: 0 })
    // It has its worker now, or had one all the time: others are kept.
    const third = ask({ path: '/third' })
    await hand.came(3)
    hand.answer('/third')
    await ended(third)
    clock.advance(20)
    expect(pool.connections).toEqual({ open: 2, idle: 1, queued: 0 })
    hand.answer('/second')
    await ended(second)
    expect(pool.connections.idle).toBe(2)
  })

  test('is given up at once when it becomes free and another request has been waiting', async () => {
    const hand = byHand()
    const { pool, clock, ask } = await setup(hand.answerTo)
    const first = ask({ path: '/first' })
    const second = ask({ path: '/second' })
    await hand.came(2)
    clock.advance(20)
    hand.answer('/first')
    await ended(first)
    expect(pool.connections).toEqual({ open: 1, idle: 0, queued: 0 })
    second.call.abort()
  })

  test('goes on to the next in the queue', async () => {
    const hand = byHand()
    const { server, ask, pool } = await setup(hand.answerTo, { connectionsMax: 1 })
    const all = ['/a', '/b', '/c'].map((path) => ask({ path }))
    expect(pool.connections.queued).toBe(2)
    for (const [i, path] of ['/a', '/b', '/c'].entries()) {
      await hand.came(i + 1)
      hand.answer(path)
      await ended(all[i]!)
    }
    expect(server.connections).toBe(1)
  })
})

describe('a kept connection that ends without an answer', () => {
  test('had been given up before: a request that can be repeated is', async () => {
    const { server, ask } = await setup(once())
    await ended(ask())
    await ended(ask())
    expect([server.connections, server.requests.length]).toEqual([2, 3])
  })

  test('a new one that does is a failure', async () => {
    const { server, ask } = await setup((_, connection) => connection.destroy())
    expect(await ask().result()).toBe('origin-closed')
    expect(server.requests.length).toBe(1)
  })
})

describe('limits', () => {
  test('of the queue: 503', async () => {
    const hand = byHand()
    const { clock, ask } = await setup(hand.answerTo, { connectionsMax: 1, queueMax: 1, queueTime: 1000 })
    const under = ask({ path: '/under' })
    const queued = ask({ path: '/queued' })
    expect(await ask({ path: '/over' }).result()).toBe('origin-busy')
    await hand.came(1)
    clock.advance(1100)
    expect(await queued.result()).toBe('origin-busy')
    hand.answer('/under')
    await ended(under)
  })

  test('of time: 504', async () => {
    const hand = byHand()
    const { clock, ask } = await setup(hand.answerTo, { firstByteTime: 1000 })
    const late = ask()
    await hand.came(1)
    clock.advance(1100)
    expect(await late.result()).toBe('first-byte-timeout')
  })

  test('of collected bodies: 413, and 503 while others take the room', async () => {
    const { ask } = await setup(always, { collectedBytes: 100 })
    const stream = { method: 'POST', body: { kind: 'stream', bytes: undefined } } as const
    const large = ask(stream)
    large.call.write(Buffer.alloc(101))
    expect(await large.result()).toBe('body-too-large')
    const first = ask(stream)
    first.call.write(Buffer.alloc(80))
    const second = ask(stream)
    second.call.write(Buffer.alloc(80))
    expect(await second.result()).toBe('origin-busy')
    first.call.finish(undefined)
    await ended(first)
    // The room is given back.
    const third = ask(stream)
    third.call.write(Buffer.alloc(80))
    third.call.abort()
    const fourth = ask(stream)
    fourth.call.write(Buffer.alloc(80))
    fourth.call.finish(undefined)
    await ended(fourth)
  })

  test('of collected bodies: one whose length is known is passed on as it comes', async () => {
    const { server, ask } = await setup(always, { collectedBytes: 100 })
    const known = ask({ method: 'POST', body: { kind: 'stream', bytes: 160 } })
    known.call.write(Buffer.alloc(80, 'a'))
    known.call.write(Buffer.alloc(80, 'b'))
    known.call.finish(undefined)
    await ended(known)
    expect(server.requests[0]!.body).toBe('a'.repeat(80) + 'b'.repeat(80))
  })
})

test('a client that sends a short body slowly occupies no connection', async () => {
  const { server, ask } = await setup(always)
  const slow = ask({ method: 'POST', body: { kind: 'stream', bytes: 10 } })
  slow.call.write(Buffer.from('hello'))
  await ended(ask())
  await pass(10)
  expect([server.connections, server.requests.length]).toEqual([1, 1])
  slow.call.write(Buffer.from('world'))
  slow.call.finish(undefined)
  await ended(slow)
  expect(server.requests[1]!.body).toBe('helloworld')
})

test('nobody there: 502', async () => {
  const { pool, clock } = await setup(always)
  pool.close()
  for (const address of [
    { kind: 'unix', path: '/nowhere/fpm.sock' },
    { kind: 'tcp', hostname: '127.0.0.1', port: 1 },
    { kind: 'tcp', hostname: 'no-such-host.invalid', port: 9000 },
  ] as const) {
    const nobody = new FastCgiOrigin(
      { address, settings: defaultFastCgi },
      { clock, timers: clock, ...parts },
    )
    const origin: Origin = {
      send: (request, events) => nobody.run(request, script, events),
      connections: nobody.connections,
      close: () => nobody.close(),
    }
    expect(await new Answering(origin).result()).toBe('connect-refused')
    nobody.close()
  }
})

describe("a fault of Myriad's own is told, and ends its request and connection", () => {
  const unwritable: GatewayLines = {
    ...testGateway,
    get clientAddress(): string {
      throw new Error('unwritable')
    },
  }

  test('while a request begins, on a new connection, a kept one, and one that others waited for', async () => {
    const { pool, ask, faults } = await setup(always, { connectionsMax: 1 })
    expect(await ask({ gateway: unwritable }).result()).toBe('origin-closed')
    expect(pool.connections).toEqual({ open: 0, idle: 0, queued: 0 })
    expect(await ask().result()).toBe('ended')
    expect(pool.connections.idle).toBe(1)
    expect(await ask({ gateway: unwritable }).result()).toBe('origin-closed')
    const [first, second, third] = [ask(), ask({ gateway: unwritable }), ask()]
    expect(await Promise.all([first.result(), second.result(), third.result()])).toEqual([
      'ended',
      'origin-closed',
      'ended',
    ])
    expect(pool.connections).toEqual({ open: 1, idle: 1, queued: 0 })
    expect(faults).toEqual(['unwritable', 'unwritable', 'unwritable'].map((text) => `Error: ${text}`))
  })

  test.each([false, true])('while an answer is passed on; while its failure is told: %s', async (again) => {
    const { pool, ask, faults } = await setup(always, { connectionsMax: 1 })
    const broken = ask()
    broken.onData = fail
    if (again) broken.fail = fail
    while (faults.length < (again ? 2 : 1)) await pass(1)
    expect(broken.failure?.code).toBe(again ? undefined : 'origin-closed')
    expect(pool.connections).toEqual({ open: 0, idle: 0, queued: 0 })
    expect(await ask().result()).toBe('ended')
  })
})

const records = (body: string): Buffer =>
  Buffer.concat([
    stdout('X: a\r\n\r\n'),
    ...(body.match(/.{1,60000}/gs) ?? []).map((piece) => stdout(piece)),
    end(),
  ])
/** Takes the first piece, and then nothing until `resume`. */
const stalled = (answering: Answering): Promise<void> => {
  answering.onData = () => answering.call.pause()
  return answering.until('a piece', () => answering.receivedBytes > 0)
}

describe('an answer that the client does not take', () => {
  const long = 'x'.repeat(600_000)
  test('is taken off its worker, which answers somebody else meanwhile', async () => {
    const { pool, server, ask } = await setup((_, connection) => connection.write(records(long)), {
      connectionsMax: 1,
    })
    const slow = ask()
    await stalled(slow)
    const other = ask()
    expect(await other.result()).toBe('ended')
    expect(other.receivedBytes).toBe(long.length)
    expect([server.connections, slow.outcome]).toEqual([1, 'open'])
    // Each piece pauses again: nothing comes unasked.
    const before = slow.receivedBytes
    slow.call.resume()
    expect(slow.receivedBytes - before).toBe(60_000)
    slow.onData = () => {}
    slow.call.resume()
    expect([slow.outcome, slow.body === long, pool.ahead.bytes]).toEqual(['ended', true, 0])
  })

  test('and that is too long for that goes at its pace', async () => {
    const much = 'x'.repeat(8_000_000)
    const { pool, ask } = await setup((_, connection) => connection.write(records(much)))
    const slow = ask()
    await stalled(slow)
    while (pool.ahead.bytes < 1 << 20) await pass(1)
    await pass(20)
    expect(pool.ahead.bytes).toBeLessThan((1 << 20) + 60_001)
    slow.onData = () => {}
    slow.call.resume()
    expect(await slow.result()).toBe('ended')
    expect([slow.body === much, pool.ahead.bytes]).toEqual([true, 0])
  })

  test('whose client goes, or whose worker dies, is not kept', async () => {
    const { pool, ask } = await setup((_, connection) => {
      connection.write(records(long))
    })
    const gone = ask()
    await stalled(gone)
    while (pool.connections.idle === 0) await pass(1)
    gone.call.abort()
    expect([pool.ahead.bytes, pool.connections.idle]).toEqual([0, 1])
    const dying = await setup((_, connection) => {
      connection.write(Buffer.concat([stdout('X: a\r\n\r\n'), stdout(long.slice(0, 60_000)), stdout('more')]))
      connection.end()
    })
    const cut = dying.ask()
    await stalled(cut)
    expect([await cut.result(), dying.pool.ahead.bytes]).toEqual(['origin-closed', 0])
  })
})
