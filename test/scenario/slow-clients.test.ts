// Limits on time and number that clients meet at the listener: each with its answer, and nobody else disturbed.
import { afterEach, expect, test } from 'bun:test'
import { detail } from '../../testing/cache-status.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

const uncached = (body: string) => response('200 OK', ['Cache-Control: no-store'], body)

let site: Site
afterEach(() => site.stop())

test('a connection without a request is closed after idleTime, without a word', async () => {
  site = await startSite({ edge: { idleTime: '300ms' } })
  site.on('/', fresh('page'))
  const never = await site.connect()
  const once = await site.connect()
  await once.send(request('/'))
  expect((await once.response()).text()).toBe('page')
  expect((await never.closed()).length).toBe(0)
  expect((await once.closed()).length).toBe(0)
})

test('a head that does not arrive within headTime is 408, however it drips', async () => {
  site = await startSite({ limits: { headTime: '500ms' } })
  const client = await site.connect()
  const answer = client.response()
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n')
  const drip = async (): Promise<void> => {
    for (let i = 0; i < 100 && !client.ended; i++) {
      await client.send(`X-${i}: a\r\n`)
      await site.ask('/')
    }
  }
  const dripping = drip()
  const got = await answer
  expect([got.status, detail(got), got.field('connection')]).toEqual([408, 'limit', 'close'])
  await client.closed()
  await dripping
})

test('a head in time is served, though the connection is older than headTime', async () => {
  site = await startSite({ limits: { headTime: '300ms' } })
  site.on('/', fresh('page'))
  const client = await site.connect()
  const start = performance.now()
  while (performance.now() - start < 1000) {
    await client.send(request('/'))
    expect((await client.response()).text()).toBe('page')
    await site.ask('/')
  }
  client.destroy()
})

test('a request body that stops is not waited for longer than bodyTime', async () => {
  site = await startSite({ edge: { bodyTime: '1s' } })
  site.on('/up', () => undefined)
  const client = await site.connect()
  await client.send(`${request('/up', { method: 'POST', lines: ['Content-Length: 100'] })}begun`)
  const seen = await site.origin.request(1)
  const said = (await client.closed(8_000)).toString()
  expect(said === '' || said.startsWith('HTTP/1.1 408 ')).toBe(true)
  await seen.connection.closed
  expect(await seen.body.catch(() => 'broken off')).toBe('broken off')
}, 15_000)

test('a client that does not read is not waited for longer than bodyTime', async () => {
  site = await startSite({ edge: { bodyTime: '1s' } })
  const bytes = Buffer.alloc(16 << 20, 'x')
  site.on('/down', ({ connection }) => {
    connection.write(`HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: ${bytes.length}\r\n\r\n`)
    connection.write(bytes)
  })
  const client = await site.connect()
  await client.send(request('/down'))
  await client.head()
  client.pause()
  const seen = await site.origin.request(1)
  await seen.connection.closed
  client.destroy()
}, 15_000)

test('a slow reader who keeps reading gets everything', async () => {
  site = await startSite({ edge: { bodyTime: '1s' } })
  const bytes = Buffer.alloc(8 << 20, 'x')
  site.on('/down', ({ connection }) => {
    connection.write(
      `HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    )
    connection.write(bytes)
  })
  const client = await site.connect()
  await client.send(request('/down'))
  await client.head()
  let got = 0
  for (const start = performance.now(); performance.now() - start < 2500;) {
    client.pause()
    await site.ask('/')
    client.resume()
    got += (await client.bytes(500)).length
  }
  got += (await client.bytes(bytes.length - got)).length
  expect(got).toBe(bytes.length)
  client.destroy()
}, 15_000)

test('more connections than connectionsMax are closed at once while all are being served', async () => {
  site = await startSite({ edge: { connectionsMax: 3 } })
  const answers: (() => void)[] = []
  site.on('/held', ({ connection }) => void answers.push(() => connection.write(uncached('page'))))
  const inside = await Promise.all([site.connect(), site.connect(), site.connect()])
  for (const client of inside) await client.send(request('/held', { method: 'POST', body: '' }))
  await site.origin.request(3)
  // The reset may come before the client knows that it is connected.
  const outside = await site.connect().catch(() => undefined)
  if (outside) expect((await outside.closed()).length).toBe(0)
  for (const answer of answers) answer()
  for (const client of inside) {
    expect((await client.response()).text()).toBe('page')
    client.destroy()
  }
})

test('a body over the limit is refused before the origin has the whole', async () => {
  site = await startSite({ limits: { bodyBytes: '10KB' } })
  site.on('/up', async (seen) =>
    response('200 OK', ['Cache-Control: no-store'], `got ${(await seen.body).length}`),
  )
  const announced = await site.ask('/up', { method: 'POST', body: 'x'.repeat(20_000) })
  expect([announced.status, detail(announced)]).toEqual([413, 'limit'])
  expect(site.seen('/up')).toHaveLength(0)
  const allowed = await site.ask('/up', { method: 'POST', body: 'x'.repeat(10_240) })
  expect(allowed.text()).toBe('got 10240')
})
