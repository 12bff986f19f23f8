// What a listener with TLS does otherwise than one in clear text: the table in docs/manual/tls.md, entry by entry.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { detail } from '../../testing/cache-status.ts'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
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

test('GET with a body is refused where it is announced', async () => {
  for (const framing of [
    'Content-Length: 3\r\n\r\nabc',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ]) {
    const got = await say(`GET /with-body HTTP/1.1\r\nHost: a\r\n${framing}`)
    expect([got.status, detail(got)]).toEqual([400, 'bad-request'])
  }
  const empty = await say('GET /without-body HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  expect(empty.status).toBe(200)
  expect(seen('/with-body').length).toBe(0)
})

test('the body of a GET is never read as a request', async () => {
  const client = await RawClient.connectTls(myriad.port)
  const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  await client.send(`GET /outer HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`)
  expect((await client.response()).status).toBe(400)
  await client.send('GET /after HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.response().catch(() => undefined)
  client.destroy()
  expect(seen('/smuggled').length).toBe(0)
})

test('a request without a host is refused, of HTTP/1.0 too', async () => {
  for (const version of ['1.0', '1.1'])
    expect((await say(`GET /no-host HTTP/${version}\r\n\r\n`)).status).toBe(400)
  expect((await say('GET /old HTTP/1.0\r\nHost: a\r\n\r\n')).status).toBe(200)
  expect(seen('/no-host').length).toBe(0)
})

test('the runtime says 100 by itself, and the application is not asked to', async () => {
  origin.answer(async (request) =>
    response('200 OK', ['Cache-Control: no-store'], `${(await request.body).length}`),
  )
  const client = await RawClient.connectTls(myriad.port)
  await client.send('POST /expects HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
  expect((await client.head()).status).toBe(100)
  await client.send('body')
  expect((await client.response('POST')).status).toBe(200)
  client.destroy()
  expect(seen('/expects')[0]!.field('expect')).toBe(undefined)
  expect((await seen('/expects')[0]!.body).toString()).toBe('body')
})

test('interim responses and trailers of the application are dropped', async () => {
  origin.answer(
    () =>
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nSum: 1\r\n\r\n',
  )
  const got = await say('GET /hints HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n')
  expect([got.text(), got.interim.length, got.trailers.length]).toEqual(['body', 0, 0])
})

test('a request with trailers is refused, though the application may have got its body', async () => {
  origin.answer(async (request) =>
    response('200 OK', ['Cache-Control: no-store'], `${(await request.body).length}`),
  )
  const body = '4\r\nbody\r\n0\r\nX-Late: 1\r\n\r\n'
  const got = await say(`POST /late HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`, 'POST')
  expect([got.status, got.field('connection')]).toEqual([400, 'close'])
  for (const request of seen('/late'))
    expect([request.field('x-late'), request.trailers.length]).toEqual([undefined, 0])
})

test('an upgrade is passed on as an ordinary request', async () => {
  origin.answer((request) => response('426 Upgrade Required', [], String(request.field('upgrade'))))
  const got = await say(
    'GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  expect([got.status, got.text()]).toEqual([426, 'undefined'])
})

test('an unknown method is 501 over HTTP/2 and the end of a connection over HTTP/1.1', async () => {
  const client = await RawClient.connectTls(myriad.port)
  await client.send('FROBNICATE /unknown HTTP/1.1\r\nHost: a\r\n\r\n')
  expect((await client.closed()).length).toBe(0)
  expect(seen('/unknown').length).toBe(0)
})

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

test('pipelined requests are answered in order where the answers are there, else the connection ends', async () => {
  origin.answer(() => fresh('stored'))
  await say(get('/stored'))
  const hits = await RawClient.connectTls(myriad.port)
  await hits.send(get('/stored') + get('/stored') + get('/stored'))
  for (let i = 0; i < 3; i++) expect((await hits.response()).text()).toBe('stored')
  hits.destroy()
  origin.answer((request) => response('200 OK', ['Cache-Control: no-store'], request.target))
  const misses = await RawClient.connectTls(myriad.port)
  await misses.send(get('/one') + get('/two'))
  const answers: string[] = []
  for (;;) {
    const got = await misses.response().catch(() => undefined)
    if (got === undefined || answers.push(got.text()) === 2) break
  }
  misses.destroy()
  // However many there are, each is the answer to its request.
  expect(['/one', '/two'].slice(0, answers.length)).toEqual(answers)
})

test('a control character in a field is a space to the application', async () => {
  origin.answer((request) => response('200 OK', ['Cache-Control: no-store'], String(request.field('x-odd'))))
  const got = await say('GET /controls HTTP/1.1\r\nHost: a\r\nX-Odd: a\x7fb\r\n\r\n')
  expect(got.text()).toBe('a b')
})
