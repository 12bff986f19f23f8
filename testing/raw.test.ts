// The raw client and the raw origin against each other: what the proofs of the whole system stand on.
import { afterEach, expect, test } from 'bun:test'
import { RawClient } from './raw-client.ts'
import { type RawOrigin, response, startRawOrigin } from './raw-origin.ts'

let origin: RawOrigin
afterEach(() => origin.stop())

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`

test('pipelined requests are seen apart and answered in order', async () => {
  origin = await startRawOrigin()
  const client = await RawClient.connect(origin.port)
  await client.send(`${get('/1')}POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${get('/3')}`)
  for (const line of ['GET /1', 'POST /2', 'GET /3'])
    expect((await client.response()).text()).toBe(`seen ${line}\n`)
  expect((await origin.requests[1]!.body).toString()).toBe('hello')
  expect(origin.problems).toEqual([])
  client.destroy()
})

test('a chunked upload is handed over as it arrives', async () => {
  origin = await startRawOrigin()
  const client = await RawClient.connect(origin.port)
  await client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  const request = await origin.request(1)
  await request.receives(3)
  expect(request.received().toString()).toBe('abc')
  await client.send('2\r\nde\r\n0\r\nTrailer: x\r\n\r\n')
  expect((await request.body).toString()).toBe('abcde')
  client.destroy()
})

test('chunks, trailers, interim responses and a body until the close are read; a cut body is told apart', async () => {
  origin = await startRawOrigin((request) => {
    const { target, connection } = request
    if (target === '/chunked')
      return 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nSum: 1\r\n\r\n'
    if (target === '/close') connection.write('HTTP/1.1 200 OK\r\n\r\nuntil the end')
    if (target === '/cut') connection.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    connection.end()
  })
  const first = await RawClient.connect(origin.port)
  await first.send(get('/chunked'))
  const chunked = await first.response()
  expect(chunked.interim.map((r) => [r.status, r.field('link')])).toEqual([[103, 'x']])
  expect([chunked.text(), chunked.end, chunked.trailers]).toEqual(['hi', 'chunked', [['Sum', '1']]])
  await first.send(get('/close'))
  expect(await first.response()).toMatchObject({ end: 'close', body: Buffer.from('until the end') })
  const second = await RawClient.connect(origin.port)
  await second.send(get('/cut'))
  expect(await second.response()).toMatchObject({ end: 'cut', body: Buffer.from('half') })
  await expect(second.response()).rejects.toThrow('ended before a response')
  first.destroy()
  second.destroy()
})

test('what is not canonical is a problem, not a request', async () => {
  origin = await startRawOrigin()
  for (const bytes of [
    'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 01\r\n\r\n',
    'GET /#f HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
  ]) {
    const client = await RawClient.connect(origin.port)
    await client.send(bytes)
    expect((await client.closed()).toString()).toBe('')
    client.destroy()
  }
  expect(origin.requests).toEqual([])
  expect(origin.problems).toHaveLength(6)
})

test('an upgraded connection is left to the test', async () => {
  origin = await startRawOrigin(async ({ connection }) => {
    const reader = connection.tunnel()
    connection.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
    const bytes = await reader.take(3)
    connection.write(bytes!)
  })
  const client = await RawClient.connect(origin.port)
  await client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
  expect((await client.response()).status).toBe(101)
  await client.send('abc')
  expect((await client.bytes(3)).toString()).toBe('abc')
  client.destroy()
})

test('a client that half-closes still gets its answer', async () => {
  origin = await startRawOrigin()
  origin.answer(async ({ connection }) => {
    await connection.closed
    return response('200 OK', [], 'late')
  })
  const client = await RawClient.connect(origin.port)
  await client.send(get('/'))
  client.halfClose()
  expect((await client.response()).text()).toBe('late')
  client.destroy()
})
