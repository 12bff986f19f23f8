// Limits of routes as visitors meet them: how many requests, and how large their bodies.
import { afterEach, expect, test } from 'bun:test'
import { detail } from '../../testing/cache-status.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'
import { response } from '../../testing/raw-origin.ts'

let site: Site
afterEach(() => site.stop())

const uncached = (body: string) => response('200 OK', ['Cache-Control: no-store'], body)

test('who asks the application too often is told when to come again; the cache answers on', async () => {
  site = await startSite({
    routes: [
      { path: '/login', rate: { requests: 2, per: '1h' } },
      { path: '/*', rate: { requests: 3, per: '1h' } },
    ],
  })
  site.on('/login', uncached('form'))
  site.on('/page', fresh('page'))
  expect((await site.ask('/login')).status).toBe(200)
  expect((await site.ask('/login', { method: 'POST', body: 'a=b' })).status).toBe(200)
  const refused = await site.ask('/login', { method: 'POST', body: 'a=b' })
  expect([refused.status, detail(refused)]).toEqual([429, 'rate-limit'])
  expect(Number(refused.field('retry-after'))).toBeWithin(1_700, 1_801)
  expect(refused.field('ratelimit-policy')).toBe('"address";q=2;w=3600')
  expect(refused.field('ratelimit')).toBe(`"address";r=0;t=${refused.field('retry-after')}`)
  expect(site.seen('/login')).toHaveLength(2)
  // Another route, another bucket; and only its misses count.
  for (let i = 0; i < 10; i++) expect((await site.ask('/page')).text()).toBe('page')
  expect([(await site.ask('/a')).status, (await site.ask('/b')).status]).toEqual([404, 404])
  expect((await site.ask('/c')).status).toBe(429)
  expect((await site.ask('/page')).text()).toBe('page')
})

test('an error page of the site is not asked for in the name of who asks too much', async () => {
  site = await startSite({
    routes: [{ path: '/*', rate: { requests: 1, per: '1h' } }],
    rules: [{ errors: { '4xx': '/sorry' } }],
  })
  site.on('/sorry', uncached('sorry'))
  expect((await site.ask('/missing')).text()).toBe('sorry')
  expect((await site.ask('/missing')).status).toBe(429)
  expect(site.seen('/sorry')).toHaveLength(1)
})

test('a route takes larger or smaller bodies than the others, whether their length is told or not', async () => {
  site = await startSite({
    limits: { bodyBytes: '10KB' },
    routes: [{ path: '/upload', bodyBytes: '100KB' }, { path: '/form', bodyBytes: '1KB' }, { path: '/*' }],
  })
  for (const path of ['/upload', '/form', '/other'])
    site.on(path, async (seen) => uncached(`got ${(await seen.body).length}`))
  const told = async (path: string, bytes: number) =>
    (await site.ask(path, { method: 'POST', body: 'x'.repeat(bytes) })).status
  const untold = async (path: string, bytes: number) => {
    const client = await site.connect()
    await client.send(
      `POST ${path} HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`,
    )
    const { status } = await client.response('POST')
    client.destroy()
    return status
  }
  for (const send of [told, untold]) {
    expect(await send('/upload', 100 << 10)).toBe(200)
    expect(await send('/upload', (100 << 10) + 1)).toBe(413)
    expect(await send('/form', 1 << 10)).toBe(200)
    expect(await send('/form', (1 << 10) + 1)).toBe(413)
    expect(await send('/other', 10 << 10)).toBe(200)
    expect(await send('/other', (10 << 10) + 1)).toBe(413)
  }
})
