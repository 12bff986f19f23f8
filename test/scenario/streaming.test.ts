// Bodies in both directions flow as they come: nothing waits for the end, nothing is lost or mixed up.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { response } from '../../testing/raw-origin.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site.stop())

const digest = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

/** Bytes that do not repeat, so that a loss or a swap shows. */
function noise(count: number): Buffer {
  const bytes = Buffer.alloc(count)
  let state = 12345
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    bytes[i] = state >> 16
  }
  return bytes
}

test('an upload with a length reaches the origin piece by piece', async () => {
  site.on('/up', async (seen) => response('200 OK', ['Cache-Control: no-store'], `got ${await seen.body}`))
  const client = await site.connect()
  await client.send(`${request('/up', { method: 'PUT', lines: ['Content-Length: 10'] })}first`)
  const seen = await site.origin.request(site.origin.requests.length + 1)
  await seen.receives(5)
  await client.send('secnd')
  expect((await client.response('PUT')).text()).toBe('got firstsecnd')
  client.destroy()
})

test('a chunked upload reaches the origin piece by piece', async () => {
  site.on('/up-chunked', async (seen) =>
    response('200 OK', ['Cache-Control: no-store'], `got ${await seen.body}`),
  )
  const client = await site.connect()
  const seen = site.origin.request(site.origin.requests.length + 1)
  await client.send(
    `${request('/up-chunked', { method: 'PUT', lines: ['Transfer-Encoding: chunked'] })}5\r\nfirst\r\n`,
  )
  await (await seen).receives(5)
  await client.send('6\r\nsecond\r\n0\r\n\r\n')
  expect((await client.response('PUT')).text()).toBe('got firstsecond')
  client.destroy()
})

for (const [name, first, second, end] of [
  ['with a length', 'Content-Length: 11\r\n\r\nfirst', 'second', 'length'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n', '6\r\nsecond\r\n0\r\n\r\n', 'chunked'],
] as const) {
  for (const control of ['no-store', 'max-age=60'] as const) {
    test(`a download ${name}, ${control}, reaches the client piece by piece`, async () => {
      const path = `/down-${end}-${control}`
      const release = Promise.withResolvers<void>()
      site.on(path, async ({ connection }) => {
        connection.write(`HTTP/1.1 200 OK\r\nCache-Control: ${control}\r\n${first}`)
        await release.promise
        connection.write(second)
      })
      const client = await site.connect()
      await client.send(request(path))
      const head = await client.head()
      expect(head.status).toBe(200)
      const chunked = head.field('transfer-encoding') === 'chunked'
      expect((await client.bytes(chunked ? 8 : 5)).toString()).toContain('first')
      release.resolve()
      expect((await client.bytes(chunked ? 13 : 6)).toString()).toContain('second')
      client.destroy()
    })
  }
}

test('8 MB up and 8 MB down arrive as they were sent, stored or not', async () => {
  const bytes = noise(8 << 20)
  site.on('/echo', async (seen) => {
    const body = await seen.body
    seen.connection.write(
      `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    seen.connection.write(body)
  })
  const client = await site.connect()
  await client.send(request('/echo', { method: 'PUT', lines: [`Content-Length: ${bytes.length}`] }))
  await client.send(bytes)
  expect(digest((await client.response('PUT', 15_000)).body)).toBe(digest(bytes))
  site.on('/large', ({ connection }) => {
    connection.write(
      `HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    )
    connection.write(bytes)
  })
  for (let i = 0; i < 2; i++) expect(digest((await site.ask('/large')).body)).toBe(digest(bytes))
  expect(site.seen('/large')).toHaveLength(1)
  client.destroy()
}, 30_000)

test('a client that does not read keeps nobody else waiting', async () => {
  const bytes = noise(4 << 20)
  site.on('/stalled', ({ connection }) => {
    connection.write(`HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: ${bytes.length}\r\n\r\n`)
    connection.write(bytes)
  })
  site.on('/quick', fresh('quick'))
  const stalled = await site.connect()
  await stalled.send(request('/stalled'))
  await stalled.head()
  stalled.pause()
  for (let i = 0; i < 20; i++) expect((await site.ask('/quick')).text()).toBe('quick')
  stalled.resume()
  expect(digest(await stalled.bytes(bytes.length, 15_000))).toBe(digest(bytes))
  stalled.destroy()
}, 30_000)

test('an origin that is ahead of a client that does not read is held back', async () => {
  let written = 0
  const piece = noise(1 << 20)
  const total = 64
  site.on('/held', async ({ connection }) => {
    connection.write(`HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: ${total << 20}\r\n\r\n`)
    for (; written < total; written++) await connection.flush(piece)
  })
  const client = await site.connect()
  await client.send(request('/held'))
  await client.head()
  client.pause()
  for (let i = 0; i < 20; i++) await site.ask('/quick')
  const whileHeld = written
  client.resume()
  expect((await client.bytes(total << 20, 20_000)).length).toBe(total << 20)
  expect(whileHeld).toBeLessThan(32)
  client.destroy()
}, 30_000)
