// HTTP/1.1 over TLS is the same as in clear text: what tells the codecs apart, and what HTTP/3 does otherwise (the table in
// docs/manual/tls.md).
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { ask, overTls } from '../../testing/protocols.ts'
import { RawClient, type RawResponse } from '../../testing/raw-client.ts'
import { type RawOrigin, response, startRawOrigin } from '../../testing/raw-origin.ts'
import { fresh } from '../../testing/site.ts'

let origin: RawOrigin
let myriad: Myriad
beforeAll(async () => {
  origin = await startRawOrigin()
  myriad = await startMyriad(origin.url, undefined, {}, ['https://127.0.0.1:0'])
})
afterAll(async () => {
  await myriad.stop()
  await origin.stop()
  expect(origin.problems).toEqual([])
})

const seen = (path: string) => origin.requests.filter(({ target }) => target.split('?')[0] === path)
const http3 = overTls.find(({ version }) => version === 'http3')!

/** Sends bytes on a connection of its own, and reads the first answer. */
async function say(bytes: string, method = 'GET'): Promise<RawResponse> {
  const client = await RawClient.connectTls(myriad.port)
  try {
    await client.send(bytes)
    return await client.response(method)
  } finally {
    client.destroy()
  }
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

/** With an interim response and with trailers. */
const hints =
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTrailer: Sum\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nSum: 1\r\n\r\n'

test('interim responses and trailers of the application are passed on', async () => {
  origin.answer(() => hints)
  const got = await say('GET /hints HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n')
  expect([got.text(), got.interim.length, got.trailers.length]).toEqual(['body', 1, 1])
})

test('the application is asked whether it wants a body', async () => {
  origin.answer(async (request) => {
    if (request.field('expect') !== undefined) request.connection.write('HTTP/1.1 100 Continue\r\n\r\n')
    return response('200 OK', ['Cache-Control: no-store'], `${(await request.body).length}`)
  })
  const client = await RawClient.connectTls(myriad.port)
  await client.send('POST /expects HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
  expect((await client.head()).status).toBe(100)
  await client.send('body')
  expect((await client.response('POST')).text()).toBe('4')
  client.destroy()
  expect(seen('/expects')[0]!.field('expect')).toBe('100-continue')
})

test('an upgrade is a tunnel', async () => {
  origin.answer(
    () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst words',
  )
  const client = await RawClient.connectTls(myriad.port)
  await client.send('GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  expect((await client.head()).status).toBe(101)
  expect((await client.bytes(11)).toString()).toBe('first words')
  client.destroy()
})

test('pipelined requests are answered in order', async () => {
  origin.answer((request) => response('200 OK', ['Cache-Control: no-store'], request.target))
  const client = await RawClient.connectTls(myriad.port)
  await client.send(get('/one') + get('/two') + get('/three'))
  for (const path of ['/one', '/two', '/three']) expect((await client.response()).text()).toBe(path)
  client.destroy()
})

test('a method that nobody here knows is the application’s', async () => {
  origin.answer((request) => response('200 OK', ['Cache-Control: no-store'], request.method))
  expect((await say('FROBNICATE /unknown HTTP/1.1\r\nHost: a\r\n\r\n')).text()).toBe('FROBNICATE')
})

test('over HTTP/3 interim responses and trailers are dropped', async () => {
  origin.answer(() => hints)
  const got = await ask(http3, myriad, '/hints-3')
  expect(await got.text()).toBe('body')
})

test('a stored answer is the same over all protocols, its length with it', async () => {
  origin.answer(() => fresh('stored'))
  for (const protocol of overTls) {
    const got = await ask(protocol, myriad, '/stored')
    expect([await got.text(), got.headers.get('content-length')]).toEqual(['stored', '6'])
  }
  expect(seen('/stored').length).toBe(1)
})
