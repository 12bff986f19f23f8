// Upgrades (RFC 9110 §7.8) through Myriad to a real WebSocket server, with a real WebSocket client.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { response, startRawOrigin } from '../../testing/raw-origin.ts'
import { within } from '../../testing/within.ts'

let ended: PromiseWithResolvers<number>
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, self) => {
    if (self.upgrade(request, { data: undefined })) return undefined
    return new Response('no upgrade', { status: 400 })
  },
  websocket: {
    message(socket, message) {
      if (message === 'close') socket.close(4001, 'asked for')
      else socket.send(message)
    },
    close: (_, code) => ended.resolve(code),
  },
})
let myriad: Myriad
beforeAll(async () => {
  ended = Promise.withResolvers()
  myriad = await startMyriad(`http://127.0.0.1:${server.port}`)
})
afterAll(async () => {
  await myriad.stop()
  await server.stop(true)
})

async function open(): Promise<WebSocket> {
  ended = Promise.withResolvers()
  const socket = new WebSocket(`ws://127.0.0.1:${myriad.port}/socket`)
  socket.binaryType = 'arraybuffer'
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the WebSocket did not open')))
  })
  await within(5_000, 'the WebSocket to open', opened)
  return socket
}

const message = (socket: WebSocket) =>
  within(
    5_000,
    'a message',
    new Promise<string | ArrayBuffer>((resolve) =>
      socket.addEventListener('message', (event) => resolve(event.data as string | ArrayBuffer), {
        once: true,
      }),
    ),
  )

const hash = (data: ArrayBuffer | Uint8Array) => new Bun.CryptoHasher('sha256').update(data).digest('hex')

test('messages go both ways, in order', async () => {
  const socket = await open()
  for (let i = 0; i < 100; i++) {
    const answer = message(socket)
    socket.send(`message ${i}`)
    expect(await answer).toBe(`message ${i}`)
  }
  socket.close()
})

test('a message of 4 MB arrives as it was sent', async () => {
  const bytes = new Uint8Array(4 << 20).map((_, i) => (i * 7) ^ (i >> 8))
  const socket = await open()
  const answer = message(socket)
  socket.send(bytes)
  expect(hash((await answer) as ArrayBuffer)).toBe(hash(bytes))
  socket.close()
}, 20_000)

test('the server ends it: the client is told', async () => {
  const socket = await open()
  const closed = new Promise<number>((resolve) =>
    socket.addEventListener('close', (event) => resolve(event.code)),
  )
  socket.send('close')
  expect(await within(5_000, 'the client to be told', closed)).toBe(4001)
})

test('the client ends it: the server is told', async () => {
  const socket = await open()
  socket.close(4002, 'done')
  expect(await within(5_000, 'the server to be told', ended.promise)).toBe(4002)
})

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n`

test('a client that vanishes: the server is told', async () => {
  ended = Promise.withResolvers()
  const client = await RawClient.connect(myriad.port)
  await client.send(upgrade('/socket'))
  const answer = await client.response()
  expect([
    answer.status,
    answer.field('upgrade')?.toLowerCase(),
    answer.field('connection')?.toLowerCase(),
  ]).toEqual([101, 'websocket', 'upgrade'])
  client.destroy()
  expect(await within(5_000, 'the server to be told', ended.promise)).toBe(1006)
})

test('bytes that the client sends behind its request belong to the tunnel', async () => {
  const origin = await startRawOrigin(async ({ connection }) => {
    const reader = connection.tunnel()
    connection.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello')
    connection.write((await reader.take(5))!)
    connection.end()
  })
  const other = await startMyriad(origin.url)
  const client = await RawClient.connect(other.port)
  await client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly')
  expect((await client.response()).status).toBe(101)
  expect((await client.closed()).toString()).toBe('helloearly')
  client.destroy()
  await other.stop()
  await origin.stop()
})

test('an upgrade that the origin does not take is an ordinary exchange', async () => {
  const origin = await startRawOrigin(() =>
    response('426 Upgrade Required', ['Upgrade: echo', 'Connection: upgrade'], 'no'),
  )
  const other = await startMyriad(origin.url)
  const client = await RawClient.connect(other.port)
  for (let i = 0; i < 2; i++) {
    await client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n')
    const answer = await client.response()
    expect([answer.status, answer.text()]).toEqual([426, 'no'])
  }
  client.destroy()
  await other.stop()
  await origin.stop()
})
