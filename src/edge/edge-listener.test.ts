// A listener with real sockets and a clock in the test's hand: who is let in, and who gives way.
import { afterEach, expect, test } from 'bun:test'
import { TestEngine } from '../../testing/engine.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { defaultsOf } from '../base/setting.ts'
import { limitRows } from '../http1/limits.ts'
import { Admission } from './admission.ts'
import { BanList } from './ban-list.ts'
import { EdgeListener } from './edge-listener.ts'
import { edgeRows, type EdgeSettings } from './settings.ts'

const limits = defaultsOf(limitRows)
const clients: RawClient[] = []
let listener: EdgeListener
let engine: TestEngine

function listen(settings: Partial<EdgeSettings>): void {
  engine = new TestEngine()
  engine.exchange({ target: '/page' }, { 'Cache-Control': 'max-age=86400' })
  const all = { ...defaultsOf(edgeRows), ...settings }
  listener = new EdgeListener(
    { scheme: 'http', hostname: '127.0.0.1', port: 0 },
    {
      engine: engine.engine,
      recorder: engine,
      clock: engine.clock,
      timers: engine.clock,
      log: undefined,
      limits,
      settings: all,
      admission: new Admission({
        perAddressMax: all.connectionsPerAddress,
        exempt: [],
        bans: new BanList(all.ban),
      }),
      fault: (error) => {
        throw error
      },
    },
  )
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  listener.cut()
  await listener.drain()
})

async function connect(address = '127.0.0.1'): Promise<RawClient> {
  const client = await RawClient.connect(listener.port, address)
  clients.push(client)
  return client
}

/** Whether a visitor on a new connection is served. */
async function visits(address = '127.0.0.1'): Promise<boolean> {
  // A refusal may come before the client knows that it is connected.
  const client = await connect(address).catch(() => undefined)
  if (client === undefined) return false
  await client.send('GET /page HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
  const answer = await client.response().catch(() => undefined)
  client.destroy()
  return answer?.status === 200
}

/** A client that sends the beginning of a head and then no more. */
async function dawdle(address = '127.0.0.1'): Promise<RawClient> {
  const client = await connect(address)
  await client.send('GET /page HTTP/1.1\r\nHost: a.test\r\nX-')
  return client
}

test('one address may have so many connections; when one has ended there is room for another', async () => {
  listen({ connectionsPerAddress: 2 })
  const [first] = [await dawdle('127.0.0.2'), await dawdle('127.0.0.2')]
  expect(await visits('127.0.0.2')).toBe(false)
  expect(await visits('127.0.0.3')).toBe(true)
  expect(engine.refusals).toEqual(['per-address'])
  first!.halfClose()
  await first!.closed()
  expect(await visits('127.0.0.2')).toBe(true)
})

test('who is banned is not read', async () => {
  listen({ ban: ['127.0.0.8/31'] })
  expect(await visits('127.0.0.7')).toBe(true)
  expect(await visits('127.0.0.8')).toBe(false)
  expect(await visits('127.0.0.9')).toBe(false)
  expect(engine.refusals).toEqual(['banned', 'banned'])
})

test('when there may be no more connections, those that have waited long make room', async () => {
  listen({ connectionsMax: 3 })
  const slow = await Promise.all([dawdle(), dawdle(), dawdle()])
  // They may as well be visitors whose requests are on their way.
  expect(await visits()).toBe(false)
  expect(engine.refusals).toEqual(['full'])
  engine.clock.advance(1_500)
  for (let i = 0; i < 5; i++) expect(await visits()).toBe(true)
  expect(slow.filter(({ ended }) => ended).length).toBeGreaterThan(0)
})

test('who waits for the application is not ended for a newcomer', async () => {
  listen({ connectionsMax: 1 })
  const visitor = await connect()
  const asked = engine.origin.exchanges.length
  await visitor.send('GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n')
  while (engine.origin.exchanges.length === asked) await new Promise(setImmediate)
  engine.clock.advance(5_000)
  expect(await visits()).toBe(false)
  engine.origin.last.answer(200, { 'Cache-Control': 'no-store' }, 'late')
  expect((await visitor.response()).text()).toBe('late')
})

test('when many come to a limit at once, they are ended in several turns', async () => {
  listen({ connectionsPerAddress: 0 })
  const slow = await Promise.all(Array.from({ length: 200 }, () => dawdle()))
  while (listener.connections < slow.length) await new Promise(setImmediate)
  // What has been sent has been read when a visitor behind it was answered.
  expect(await visits()).toBe(true)
  engine.clock.advance(limits.headTime)
  let ended = 0
  let mostAtOnce = 0
  while (ended < slow.length) {
    engine.clock.advance(250)
    await new Promise(setImmediate)
    const before = ended
    ended = engine.records.filter(({ status }) => status === 408).length
    mostAtOnce = Math.max(mostAtOnce, ended - before)
  }
  expect(mostAtOnce).toBeLessThan(slow.length)
  const statuses = await Promise.all(slow.map(async (client) => (await client.response()).status))
  expect(new Set(statuses)).toEqual(new Set([408]))
})

test('2,000 slow clients: visitors are served on', async () => {
  listen({ connectionsMax: 500, connectionsPerAddress: 0 })
  for (let batch = 0; batch < 20; batch++) {
    // Beyond 500 each slow client drives out another one.
    await Promise.all(Array.from({ length: 100 }, () => dawdle()))
    engine.clock.advance(1_100)
    for (let i = 0; i < 5; i++) expect(await visits()).toBe(true)
    expect(listener.connections).toBeLessThanOrEqual(500)
  }
  expect(engine.refusals).toEqual([])
}, 30_000)
