// Connections (RFC 9112 §9): kept, pipelined, half-closed, of HTTP/1.0; and those to the origin.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { response } from '../../testing/raw-origin.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site.stop())

test('one connection carries many requests, and so does the one to the origin', async () => {
  site.on('/kept', ({ target }) => response('200 OK', ['Cache-Control: no-store'], target))
  const client = await site.connect()
  const before = site.origin.connections.length
  for (let i = 0; i < 20; i++) {
    await client.send(request(`/kept?${i}`))
    expect((await client.response()).text()).toBe(`/kept?${i}`)
  }
  expect(site.origin.connections.length - before).toBeLessThanOrEqual(1)
  client.destroy()
})

test('pipelined requests are answered in order, a hit behind a slow miss too', async () => {
  site.on('/hit', fresh('hit'))
  await site.ask('/hit')
  const release = Promise.withResolvers<void>()
  site.on('/slow', async () => {
    await release.promise
    return response('200 OK', ['Cache-Control: no-store'], 'slow')
  })
  const client = await site.connect()
  await client.send(
    request('/slow') + request('/hit') + request('/hit', { method: 'HEAD' }) + request('/hit'),
  )
  while (site.seen('/slow').length === 0) await site.origin.request(site.origin.requests.length + 1)
  expect(client.pending.length).toBe(0)
  release.resolve()
  expect((await client.response()).text()).toBe('slow')
  expect((await client.response()).text()).toBe('hit')
  expect((await client.response('HEAD')).text()).toBe('')
  expect((await client.response()).text()).toBe('hit')
  client.destroy()
})

test('a hundred pipelined hits in one write come back whole and in order', async () => {
  for (let i = 0; i < 10; i++) site.on(`/page/${i}`, fresh(`page ${i}`))
  for (let i = 0; i < 10; i++) await site.ask(`/page/${i}`)
  const client = await site.connect()
  await client.send(Array.from({ length: 100 }, (_, i) => request(`/page/${i % 10}`)).join(''))
  for (let i = 0; i < 100; i++) expect((await client.response()).text()).toBe(`page ${i % 10}`)
  client.destroy()
})

test('requests that arrive byte by byte are understood', async () => {
  site.on('/drip', ({ body }) => body.then((bytes) => response('200 OK', [], `got ${bytes.toString()}`)))
  const client = await site.connect()
  for (const byte of request('/drip', { method: 'POST', body: 'hello' })) await client.send(byte)
  expect((await client.response()).text()).toBe('got hello')
  client.destroy()
})

test('a client that half-closes after its request still gets the answer, and then the end', async () => {
  site.on('/half', 'HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 4\r\n\r\nhalf')
  const client = await site.connect()
  await client.send(request('/half'))
  client.halfClose()
  expect((await client.response()).text()).toBe('half')
  expect((await client.closed()).length).toBe(0)
})

test('a client that half-closes while the origin is still working gets the answer', async () => {
  const release = Promise.withResolvers<void>()
  site.on('/half-slow', async () => {
    await release.promise
    return response('200 OK', ['Cache-Control: no-store'], 'late')
  })
  const client = await site.connect()
  await client.send(request('/half-slow'))
  client.halfClose()
  while (site.seen('/half-slow').length === 0) await site.origin.request(site.origin.requests.length + 1)
  release.resolve()
  expect((await client.response()).text()).toBe('late')
  client.destroy()
})

test('Connection: close is honoured and said', async () => {
  site.on('/close', fresh('bye'))
  const client = await site.connect()
  await client.send(request('/close', { lines: ['Connection: close'] }))
  const answer = await client.response()
  expect([answer.text(), answer.field('connection')]).toEqual(['bye', 'close'])
  expect((await client.closed()).length).toBe(0)
})

test('HTTP/1.0 gets no chunks, and its connection ends', async () => {
  site.on(
    '/old',
    'HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nold\r\n0\r\n\r\n',
  )
  const client = await site.connect()
  await client.send('GET /old HTTP/1.0\r\nHost: site.test\r\n\r\n')
  const answer = await client.response()
  expect(answer.field('transfer-encoding')).toBeUndefined()
  expect(answer.text()).toBe('old')
  expect((await client.closed()).length).toBe(0)
})

test('HTTP/1.0 with keep-alive keeps the connection where the length is known', async () => {
  site.on('/old-kept', fresh('kept'))
  const client = await site.connect()
  for (let i = 0; i < 2; i++) {
    await client.send('GET /old-kept HTTP/1.0\r\nHost: site.test\r\nConnection: keep-alive\r\n\r\n')
    const answer = await client.response()
    expect([answer.text(), answer.field('connection')?.toLowerCase()]).toEqual(['kept', 'keep-alive'])
  }
  client.destroy()
})

test('HEAD gets the head that GET would get, and no body', async () => {
  site.on('/head', fresh('twelve bytes', 'Content-Type: text/x-test'))
  const head = await site.ask('/head', { method: 'HEAD' })
  const get = await site.ask('/head')
  const again = await site.ask('/head', { method: 'HEAD' })
  for (const answer of [head, again]) {
    expect(answer.field('content-length')).toBe('12')
    expect(answer.field('content-type')).toBe('text/x-test')
  }
  expect(get.text()).toBe('twelve bytes')
})

test("an origin's connection that says close is not used again", async () => {
  site.on('/origin-close', ({ connection }) => {
    connection.write(response('200 OK', ['Cache-Control: no-store', 'Connection: close'], 'x'))
    connection.end()
  })
  const before = site.origin.connections.length
  for (let i = 0; i < 3; i++) {
    const answer = await site.ask('/origin-close')
    expect([answer.status, answer.field('connection')]).toEqual([200, undefined])
  }
  expect(site.origin.connections.length).toBeGreaterThanOrEqual(before + 2)
})

test('a body that ends with the connection of the origin arrives whole', async () => {
  site.on('/until-close', ({ connection }) => {
    connection.write('HTTP/1.0 200 OK\r\nCache-Control: max-age=60\r\n\r\nuntil ')
    connection.write('the end')
    connection.end()
  })
  expect((await site.ask('/until-close')).text()).toBe('until the end')
  expect((await site.ask('/until-close')).text()).toBe('until the end')
  expect(site.seen('/until-close')).toHaveLength(1)
})

test('an empty line or two between requests do no harm', async () => {
  site.on('/empty', fresh('empty'))
  const client = await site.connect()
  await client.send(`${request('/empty')}\r\n${request('/empty')}\r\n\r\n${request('/empty')}`)
  for (let i = 0; i < 3; i++) expect((await client.response()).text()).toBe('empty')
  client.destroy()
})

const asked = (client: number, i: number) => {
  const number = client * 10 + i
  const lines = [`X-Number: ${number}`, `X-Long: ${'x'.repeat(number)}`]
  return request(
    `/fields?${i % 2}`,
    i % 3 === 2 ? { method: 'POST', lines, body: `body ${number}` } : { lines },
  )
}

test('fields of pipelined requests are not mixed up, however late they are needed', async () => {
  const release = Promise.withResolvers<void>()
  site.on('/fields', async (seen) => {
    await release.promise
    const told = `${seen.target} ${seen.field('x-number')} ${seen.field('x-long')?.length} ${await seen.body}`
    return fresh(told, 'Vary: X-Number')
  })
  const clients = await Promise.all(Array.from({ length: 8 }, () => site.connect()))
  for (const [n, client] of clients.entries())
    void client.send(Array.from({ length: 10 }, (_, i) => asked(n, i)).join(''))
  await site.origin.request(site.origin.requests.length + 1)
  release.resolve()
  for (const [n, client] of clients.entries()) {
    for (let i = 0; i < 10; i++) {
      const number = n * 10 + i
      const body = i % 3 === 2 ? `body ${number}` : ''
      expect((await client.response()).text()).toBe(`/fields?${i % 2} ${number} ${number} ${body}`)
    }
    client.destroy()
  }
})
