// Origins that cannot be connected to, connections that are stale, and queues that are full.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { detail } from '../../testing/cache-status.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { freePort } from '../../testing/free-port.ts'
import { startMyriad } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, request, type Site } from '../../testing/site.ts'
import { pass } from '../../testing/within.ts'
import { startFaultySite } from './origin.ts'

const plain = (body: string) => response('200 OK', ['Cache-Control: no-store'], body)

async function askOnce(port: number, bytes: string) {
  const client = await RawClient.connect(port)
  await client.send(bytes)
  const answer = await client.response()
  client.destroy()
  return answer
}

test('an origin that refuses connections: 502', async () => {
  const myriad = await startMyriad(`http://127.0.0.1:${await freePort()}`)
  for (const method of ['GET', 'POST']) {
    const answer = await askOnce(myriad.port, request('/', { method }))
    expect([answer.status, detail(answer)]).toEqual([502, 'origin-refused'])
  }
  await myriad.stop()
})

test('an origin whose name does not exist: 502', async () => {
  const myriad = await startMyriad('http://no-such-host.invalid')
  const answer = await askOnce(myriad.port, request('/'))
  expect([answer.status, detail(answer)]).toEqual([502, 'origin-refused'])
  await myriad.stop()
})

describe('an origin that accepts nobody', () => {
  let child: Child
  const fillers: Socket[] = []
  let port: number
  beforeAll(async () => {
    const listen = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log('port', this.address().port) })`
    child = startChild(['node', '-e', listen])
    port = Number((await child.prints(/port (\d+)/))[1])
    // It sleeps on, and what waits to be accepted fills the queue of the system.
    child.signal('SIGSTOP')
    for (let i = 0; i < 4; i++) {
      const filler = connect(port, '127.0.0.1')
      filler.on('error', () => undefined)
      fillers.push(filler)
      await Promise.race([
        new Promise((resolve) => filler.once('connect', resolve)),
        new Promise((resolve) => setTimeout(resolve, 100)),
      ])
    }
  })
  afterAll(async () => {
    for (const filler of fillers) filler.destroy()
    child.signal('SIGKILL')
    await child.exited
  })

  test('504 after the time to connect', async () => {
    const origin = { http: `http://127.0.0.1:${port}`, connectTime: '300ms' }
    const myriad = await startMyriad(origin.http, { services: { site: { origin } } })
    const answer = await askOnce(myriad.port, request('/'))
    expect([answer.status, detail(answer)]).toEqual([504, 'origin-timeout'])
    await myriad.stop()
  })
})

describe('a kept connection that the origin ends with the next request', () => {
  let site: Site
  beforeAll(async () => {
    site = await startFaultySite()
    site.on('/warm', plain('warm'))
    // The first request on a connection is answered, every further one meets its end.
    for (const path of ['/get', '/post', '/put', '/delete', '/always'])
      site.on(path, (seen) => {
        const again = seen.connection.requests.length > 1
        if (path === '/always' || again) seen.connection.reset()
        else return plain(`${seen.method} ${path}`)
      })
  })
  afterAll(() => site.stop())

  test('a GET is sent again on another one', async () => {
    await site.ask('/warm')
    const answer = await site.ask('/get')
    expect([answer.status, answer.text()]).toEqual([200, 'GET /get'])
    expect(site.seen('/get')).toHaveLength(2)
  })

  for (const [method, path] of [
    ['DELETE', '/delete'],
    ['PUT', '/put'],
  ] as const) {
    test(`a ${method} without a body is, too: it is idempotent (RFC 9110 §9.2.2)`, async () => {
      await site.ask('/warm')
      const answer = await site.ask(path, { method })
      expect([answer.status, answer.text()]).toEqual([200, `${method} ${path}`])
    })
  }

  test('a POST is not: it may have been carried out', async () => {
    await site.ask('/warm')
    const answer = await site.ask('/post', { method: 'POST', body: 'x' })
    expect([answer.status, detail(answer)]).toEqual([502, 'origin-closed'])
    expect(site.seen('/post')).toHaveLength(1)
  })

  test('it is tried once again, not more', async () => {
    await site.ask('/warm')
    const answer = await site.ask('/always')
    expect([answer.status, detail(answer)]).toEqual([502, 'origin-closed'])
    expect(site.seen('/always').length).toBeLessThanOrEqual(2)
  })
})

describe('kept connections', () => {
  let site: Site
  beforeAll(async () => {
    site = await startFaultySite()
  })
  afterAll(() => site.stop())

  test('one that the origin has closed while it was idle is not used', async () => {
    site.on('/idle', (seen) => {
      seen.connection.write(plain('idle'))
      seen.connection.end()
    })
    for (let i = 0; i < 5; i++) {
      const answer = await site.ask('/idle', { method: 'POST', body: 'x' })
      expect([answer.status, answer.text()]).toEqual([200, 'idle'])
    }
  })

  test('one on which the origin speaks unasked is not used', async () => {
    site.on('/first', ({ connection }) => {
      connection.write(plain('first'))
      connection.write(plain('not asked for'))
    })
    site.on('/second', plain('second'))
    for (let i = 0; i < 10; i++) {
      expect((await site.ask('/first')).text()).toBe('first')
      expect((await site.ask('/second')).text()).toBe('second')
    }
  })

  test('one on which the origin speaks later, unasked, is not used', async () => {
    site.on('/late', plain('late'))
    site.on('/next', plain('next'))
    for (let i = 0; i < 10; i++) {
      expect((await site.ask('/late')).text()).toBe('late')
      const { connection } = site.seen('/late').at(-1)!
      await connection.flush(plain('not asked for'))
      expect((await site.ask('/next')).text()).toBe('next')
    }
  })

  for (const [name, method, answer] of [
    ['HEAD', 'HEAD', `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 4\r\n\r\npage`],
    ['204', 'GET', `HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\n\r\n${plain('not asked for')}`],
    ['304', 'GET', `HTTP/1.1 304 Not Modified\r\n\r\n${plain('not asked for')}`],
    [
      'a short length',
      'GET',
      `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nab${plain('not asked for')}`,
    ],
    [
      'chunks',
      'GET',
      `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n${plain('not asked for')}`,
    ],
  ] as const) {
    test(`bytes behind the end of an answer belong to nobody: ${name}`, async () => {
      site.on('/more', answer)
      site.on('/after', plain('after'))
      for (let i = 0; i < 5; i++) {
        expect((await site.ask('/more', { method })).text()).not.toContain('not asked for')
        expect((await site.ask('/after')).text()).toBe('after')
      }
    })
  }
})

test('more requests than connections wait; more than may wait get 503', async () => {
  const site = await startFaultySite({ connectionsMax: 2, queueMax: 2 })
  const release = Promise.withResolvers<void>()
  site.on('/slow', async () => {
    await release.promise
    return plain('slow')
  })
  const clients = await Promise.all(Array.from({ length: 5 }, () => site.connect()))
  for (const client of clients) await client.send(request('/slow', { method: 'POST' }))
  const turned = await Promise.any(clients.map((client) => client.response()))
  expect([turned.status, detail(turned)]).toEqual([503, 'origin-busy'])
  await site.origin.request(2)
  expect(site.origin.connections).toHaveLength(2)
  release.resolve()
  for (let i = 0; i < 50 && site.seen('/slow').length < 4; i++) await site.ask('/')
  expect(site.seen('/slow')).toHaveLength(4)
  for (const client of clients) client.destroy()
  await site.stop()
})

test('who waits too long for a connection gets 503', async () => {
  const site = await startFaultySite({ connectionsMax: 1, queueMax: 10, queueTime: '200ms' })
  site.on('/hang', () => undefined)
  const first = await site.connect()
  await first.send(request('/hang', { method: 'POST' }))
  await site.origin.request(1)
  const second = await site.ask('/hang', { method: 'POST' })
  expect([second.status, detail(second)]).toEqual([503, 'origin-busy'])
  first.reset()
  await site.stop()
})

test('bytes behind an answer are not the answer to the request that waits for its connection', async () => {
  const site = await startFaultySite({ connectionsMax: 1, queueMax: 10 })
  const release = Promise.withResolvers<void>()
  site.on('/first', async ({ connection }) => {
    await release.promise
    connection.write(plain('first') + plain('not asked for') + plain('not asked for'))
  })
  site.on('/second', plain('second'))
  const first = site.ask('/first', { method: 'POST' })
  await site.origin.request(1)
  const waiting = [site.ask('/second', { method: 'POST' }), site.ask('/second')]
  await Promise.race([...waiting, pass(100)])
  release.resolve()
  expect((await first).text()).toBe('first')
  for (const answer of await Promise.all(waiting)) expect(answer.text()).toBe('second')
  await site.stop()
})

test('an origin that comes back is used again', async () => {
  const site = await startFaultySite()
  site.on('/', fresh('up'))
  site.on('/down', ({ connection }) => connection.reset())
  for (let i = 0; i < 20; i++) expect((await site.ask('/down')).status).toBe(502)
  expect((await site.ask('/')).text()).toBe('up')
  await site.stop()
})
