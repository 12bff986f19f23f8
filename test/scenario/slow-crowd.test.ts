// Thousands of slow clients at once, some that send and some that read: visitors are served on, and the slow ones come to
// their limits.
import { afterEach, expect, test } from 'bun:test'
import { RawClient } from '../../testing/raw-client.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

let site: Site
afterEach(() => site.stop())

const MB = 2 ** 20

/** How long a visitor on a new connection waits for a page. */
async function visit(): Promise<number> {
  const startMs = performance.now()
  expect((await site.ask('/')).text()).toBe('page')
  return performance.now() - startMs
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!

async function connectMany(count: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  while (clients.length < count)
    clients.push(
      ...(await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(site.myriad.port)))),
    )
  return clients
}

test('2,000 clients whose heads drip in', async () => {
  site = await startSite({ limits: { headTime: '3s' } })
  site.on('/', fresh('page'))
  await visit()
  const slow = await connectMany(2_000)
  const times: number[] = []
  let ended = 0
  const answers = slow.map(async (client) => {
    const { status } = await client.response('GET', 20_000)
    ended++
    client.destroy()
    return status
  })
  for (const client of slow) void client.send('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')
  while (ended < slow.length) {
    for (const client of slow.slice(0, 200)) if (!client.ended) void client.send('x')
    times.push(await visit())
  }
  // None of them got more time than any other.
  expect(new Set(await Promise.all(answers))).toEqual(new Set([408]))
  expect(times.length).toBeGreaterThan(20)
  expect(p99(times)).toBeLessThan(500)
}, 40_000)

test('100 clients that do not read what they asked for', async () => {
  site = await startSite({ edge: { bodyTime: '1s' } })
  site.on('/', fresh('page'))
  site.on('/large', fresh('x'.repeat(8 * MB - 65_536)))
  await visit()
  expect((await site.ask('/large')).status).toBe(200)
  const slow = await connectMany(100)
  for (const client of slow) {
    await client.send(request('/large'))
    await client.head()
    client.pause()
  }
  const times: number[] = []
  for (const startMs = performance.now(); performance.now() - startMs < 3_000;) times.push(await visit())
  expect(p99(times)).toBeLessThan(500)
  // They have been given up: what they read now is what lay in the sockets' buffers.
  const ends = slow.map(async (client) => {
    client.resume()
    return (await client.closed(20_000)).length
  })
  for (const length of await Promise.all(ends)) expect(length).toBeLessThan(8 * MB - 65_536)
  expect((await site.ask('/large')).status).toBe(200)
}, 60_000)
