// Interim responses (RFC 9110 §15.2) and `Expect: 100-continue` (§10.1.1), in both directions.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { response } from '../../testing/raw-origin.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site.stop())

const expecting = (path: string, length: number) =>
  request(path, { method: 'POST', lines: ['Expect: 100-continue', `Content-Length: ${length}`] })

test('Early Hints pass at once, and are not part of what is stored', async () => {
  const release = Promise.withResolvers<void>()
  site.on('/hints', async ({ connection }) => {
    connection.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n')
    await release.promise
    return fresh('page')
  })
  const client = await site.connect()
  await client.send(request('/hints'))
  const hints = await client.head()
  expect([hints.status, hints.field('link')]).toEqual([103, '</a.css>; rel=preload'])
  release.resolve()
  expect((await client.response()).text()).toBe('page')
  const again = await site.ask('/hints')
  expect(again.interim).toEqual([])
  expect([again.text(), again.field('link')]).toEqual(['page', undefined])
  client.destroy()
})

test('several interim responses pass in order', async () => {
  site.on(
    '/several',
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${response('200 OK', ['Cache-Control: no-store'], 'done')}`,
  )
  const answer = await site.ask('/several')
  expect(answer.interim.map(({ status }) => status)).toEqual([102, 103])
  expect(answer.text()).toBe('done')
})

test('HTTP/1.0 gets no interim responses', async () => {
  site.on(
    '/hints-1.0',
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${response('200 OK', ['Cache-Control: no-store'], 'done')}`,
  )
  const client = await site.connect()
  await client.send('GET /hints-1.0 HTTP/1.0\r\nHost: site.test\r\n\r\n')
  const answer = await client.response()
  expect([answer.interim.length, answer.text()]).toEqual([0, 'done'])
  client.destroy()
})

test('a client that waits for 100 gets it, and then its body arrives', async () => {
  site.on('/continue', async (seen) => {
    if (seen.field('expect')) seen.connection.write('HTTP/1.1 100 Continue\r\n\r\n')
    return response('200 OK', ['Cache-Control: no-store'], `got ${await seen.body}`)
  })
  const client = await site.connect()
  await client.send(expecting('/continue', 5))
  expect((await client.head()).status).toBe(100)
  await client.send('hello')
  const answer = await client.response('POST')
  expect([answer.interim.length, answer.text()]).toEqual([0, 'got hello'])
  client.destroy()
})

test('a client that does not wait for 100 loses nothing', async () => {
  site.on('/impatient', async (seen) =>
    response('200 OK', ['Cache-Control: no-store'], `got ${await seen.body}`),
  )
  const client = await site.connect()
  await client.send(`${expecting('/impatient', 5)}hello`)
  expect((await client.response('POST')).text()).toBe('got hello')
  client.destroy()
})

test('a 100 of the origin to a client that has not asked does not disturb the answer', async () => {
  site.on('/unasked', async (seen) => {
    seen.connection.write('HTTP/1.1 100 Continue\r\n\r\n')
    return response('200 OK', ['Cache-Control: no-store'], `got ${await seen.body}`)
  })
  expect((await site.ask('/unasked', { method: 'POST', body: 'hello' })).text()).toBe('got hello')
})

test('a 101 that nobody asked for is a failure of the origin', async () => {
  site.on('/unasked-101', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
  expect((await site.ask('/unasked-101')).status).toBe(502)
})

test('an early refusal by the origin reaches the client before its body is sent', async () => {
  site.on('/refused', ({ connection }) => {
    connection.write(response('403 Forbidden', ['Cache-Control: no-store', 'Connection: close'], 'no'))
    connection.end()
  })
  const client = await site.connect()
  await client.send(request('/refused', { method: 'POST', lines: ['Content-Length: 1000000'] }))
  const answer = await client.response('POST')
  expect([answer.status, answer.text()]).toEqual([403, 'no'])
  // The rest of the body was never sent: the connection cannot be used again.
  await client.closed()
})
