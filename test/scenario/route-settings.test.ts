// What a route's owner may say about caching, and how far it goes: each setting alone, on the wire.
import { expect, test } from 'bun:test'
import { cacheStatus, detail } from '../../testing/cache-status.ts'
import { cached, type Config } from '../../testing/myriad.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'

const ok = (lines: readonly string[], body = 'page') => response('200 OK', lines, body)

/** Runs with a site that has this configuration. */
async function within(config: Config, run: (site: Site) => Promise<void>): Promise<void> {
  const site = await startSite(config)
  try {
    await run(site)
  } finally {
    await site.stop()
  }
}

test('ttl fills silence, and nothing else', () =>
  within(cached({ ttl: '1h' }), async (site) => {
    for (const [path, lines, hit] of [
      ['/silent', [], true],
      ['/no-store', ['Cache-Control: no-store'], false],
      ['/private', ['Cache-Control: private'], false],
      ['/no-cache', ['Cache-Control: no-cache'], false],
      ['/own', ['Cache-Control: max-age=60'], true],
      ['/set-cookie', ['Set-Cookie: a=b'], false],
    ] as const) {
      site.on(path, ok(lines))
      await site.ask(path)
      const again = cacheStatus(await site.ask(path))
      expect([path, again.hit]).toEqual([path, hit])
      if (path === '/own') expect(again.ttl).toBeLessThanOrEqual(60)
      if (path === '/silent') expect(again.ttl).toBeGreaterThan(3500)
    }
    for (const line of ['Cookie: session=1', 'Authorization: Basic YTpi']) {
      const path = `/with-${line.slice(0, 6)}`
      site.on(path, ok([]))
      for (let i = 0; i < 2; i++) expect(cacheStatus(await site.ask(path, { lines: [line] })).hit).toBe(false)
    }
  }))

test('override wins over what the response says, without cookies', () =>
  within(cached({ ttl: '1h', override: true, cookies: 'drop' }), async (site) => {
    for (const line of [
      'Cache-Control: no-store',
      'Cache-Control: private',
      'Cache-Control: max-age=0',
      'Pragma: no-cache',
    ]) {
      const path = `/${line.length}`
      site.on(path, ok([line, 'Set-Cookie: a=b']))
      await site.ask(path, { lines: ['Cookie: session=1'] })
      const again = await site.ask(path, { lines: ['Cookie: session=2'] })
      expect([line, cacheStatus(again).hit, again.field('set-cookie')]).toEqual([line, true, undefined])
    }
  }))

test('browserTtl is told to browsers and does not change the lifetime here', () =>
  within(cached({ browserTtl: '0s' }), async (site) => {
    site.on('/', ok(['Cache-Control: public, max-age=3600', 'Expires: Thu, 01 Jan 2099 00:00:00 GMT']))
    for (let i = 0; i < 2; i++) {
      const answer = await site.ask('/')
      expect(answer.field('cache-control')?.split(/, */)).toContain('max-age=0')
      expect(answer.field('cache-control')).not.toContain('3600')
      expect(answer.field('expires')).toBeUndefined()
    }
    expect(site.origin.requests).toHaveLength(1)
  }))

test('stale serves while it revalidates, and when the origin fails', () =>
  within(cached({ stale: '1h' }), async (site) => {
    site.on('/', ok(['Cache-Control: max-age=50', 'Age: 100'], 'old'))
    await site.ask('/')
    site.on('/', ({ connection }) => connection.destroy())
    for (let i = 0; i < 3; i++) expect((await site.ask('/')).text()).toBe('old')
    site.on('/', fresh('new'))
    let now = 'old'
    while (now === 'old') now = (await site.ask('/')).text()
    expect(now).toBe('new')
  }))

test('staleOnDisconnect serves what nothing forbids, when the origin is away', () =>
  within(cached({ staleOnDisconnect: true }), async (site) => {
    site.on('/old', ok(['Cache-Control: max-age=50', 'Age: 100'], 'old'))
    site.on('/must', ok(['Cache-Control: max-age=50, must-revalidate', 'Age: 100'], 'old'))
    await site.ask('/old')
    await site.ask('/must')
    await site.origin.stop()
    const old = await site.ask('/old')
    expect([old.text(), detail(old)]).toEqual(['old', 'stale-disconnected'])
    expect([502, 504]).toContain((await site.ask('/must')).status)
  }))

test('bypass goes past the cache, with all cookies', () =>
  within(
    cached({ bypass: { cookie: ['session*'], path: ['/admin/*'], method: ['QUERY'] } }),
    async (site) => {
      site.on('/page', (seen) => fresh(`cookie: ${seen.field('cookie') ?? 'none'}`))
      site.on('/admin/x', fresh('admin'))
      await site.ask('/page')
      const passed = await site.ask('/page', { lines: ['Cookie: session_id=1; _ga=2'] })
      expect([passed.text(), detail(passed)]).toEqual(['cookie: session_id=1; _ga=2', 'bypass-cookie'])
      expect(cacheStatus(await site.ask('/page')).hit).toBe(true)
      for (const path of ['/admin/x', '/x/../admin/x', '/%61dmin/x'])
        expect(detail(await site.ask(path))).toBe('bypass-path')
      expect(detail(await site.ask('/page', { method: 'QUERY', body: 'x' }))).toBe('bypass-method')
    },
  ))

test('etag gives a page the validator of a version', () =>
  within(cached({ etag: 'v42' }), async (site) => {
    site.on('/', fresh('page'))
    expect((await site.ask('/')).field('etag')).toBe('"v42"')
    expect((await site.ask('/', { lines: ['If-None-Match: "v42"'] })).status).toBe(304)
    expect((await site.ask('/', { lines: ['If-None-Match: "v41"'] })).status).toBe(200)
  }))

test('obeyRequestDirectives lets visitors ask past the cache', () =>
  within(cached({ obeyRequestDirectives: true }), async (site) => {
    site.on('/', fresh('page'))
    await site.ask('/')
    expect(cacheStatus(await site.ask('/')).hit).toBe(true)
    expect(cacheStatus(await site.ask('/', { lines: ['Cache-Control: no-cache'] })).hit).toBe(false)
  }))

test('routes are chosen by path and host, and what none takes is 404', () =>
  within(
    {
      routes: [
        { path: '/long/*', cache: { ttl: '1h' } },
        { path: '/*', host: ['site.test'], cache: { ttl: '1m' } },
      ],
    },
    async (site) => {
      for (const path of ['/long/a', '/short']) {
        site.on(path, ok([]))
        await site.ask(path)
      }
      expect(cacheStatus(await site.ask('/long/a')).ttl).toBeGreaterThan(3000)
      expect(cacheStatus(await site.ask('/short')).ttl).toBeLessThanOrEqual(60)
      const client = await site.connect()
      await client.send('GET /short HTTP/1.1\r\nHost: other.test\r\n\r\n')
      const none = await client.response()
      expect([none.status, detail(none)]).toEqual([404, 'no-route'])
      client.destroy()
    },
  ))
