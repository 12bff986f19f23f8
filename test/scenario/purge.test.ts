// PURGE and `myriad purge` on the wire: who may, what goes, and that it is gone when the answer comes.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheStatus, detail } from '../../testing/cache-status.ts'
import { startChild, untilListening } from '../../testing/child.ts'
import { freePort } from '../../testing/free-port.ts'
import { type Config, executable, startMyriad } from '../../testing/myriad.ts'
import { RawClient, type RawResponse } from '../../testing/raw-client.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

const purge = { method: 'PURGE' } as const

/** Sends one request's bytes from an address of this machine. */
async function from(address: string, port: number, bytes: string): Promise<RawResponse> {
  const client = await RawClient.connect(port, address)
  try {
    await client.send(bytes)
    return await client.response()
  } finally {
    client.destroy()
  }
}

/** As an application asks a proxy. */
const absolute = (method: string) => `${method} http://wiki.test/absolute HTTP/1.1\r\nHost: wiki.test\r\n\r\n`

async function within(config: Config, run: (site: Site) => Promise<void>): Promise<void> {
  const site = await startSite(config)
  try {
    await run(site)
  } finally {
    await site.stop()
  }
}

describe('PURGE', () => {
  let site: Site
  let version = 0
  beforeAll(async () => {
    site = await startSite()
    for (const path of ['/page', '/absolute', '/old', '/crowd']) site.on(path, () => fresh(`v${++version}`))
  })
  afterAll(() => site.stop())

  test('empties the URL before it is answered, and reaches no origin', async () => {
    const first = (await site.ask('/page')).text()
    expect((await site.ask('/page')).text()).toBe(first)
    const answer = await site.ask('/page', purge)
    expect([answer.status, answer.text(), detail(answer)]).toEqual([
      200,
      'purged: 1 stored response\n',
      'purge',
    ])
    const after = await site.ask('/page')
    expect([after.text() === first, detail(after)]).toEqual([false, 'miss'])
    expect(site.origin.requests.map(({ method }) => method)).not.toContain('PURGE')
  })

  test('in absolute-form, as applications send it to a proxy, for the host of the URL and not of the listener', async () => {
    const first = await from('127.0.0.1', site.myriad.port, absolute('GET'))
    // The same path of another host is another page.
    await site.ask('/absolute')
    const answer = await from('127.0.0.1', site.myriad.port, absolute('PURGE'))
    expect([first.status, answer.status, answer.text()]).toEqual([200, 200, 'purged: 1 stored response\n'])
    expect(detail(await from('127.0.0.1', site.myriad.port, absolute('GET')))).toBe('miss')
    expect(cacheStatus(await site.ask('/absolute')).hit).toBe(true)
  })

  test('in HTTP/1.0, with its connection closed', async () => {
    await site.ask('/old')
    const bytes = 'PURGE /old HTTP/1.0\r\nHost: site.test\r\n\r\n'
    expect((await from('127.0.0.1', site.myriad.port, bytes)).text()).toBe('purged: 1 stored response\n')
  })

  test('of every address of this machine; not for those whom a proxy here lets through', async () => {
    const { port } = site.myriad
    expect((await from('127.0.0.2', port, request('/page', purge))).status).toBe(200)
    for (const line of ['X-Forwarded-For: 192.0.2.1', 'Forwarded: for=192.0.2.1', 'X-Real-IP: 192.0.2.1']) {
      const answer = await site.ask('/page', { ...purge, lines: [line] })
      expect([answer.status, detail(answer)]).toEqual([403, 'purge-refused'])
    }
  })

  test('while it is being fetched: what comes is for those who asked before', async () => {
    const { promise: go, resolve } = Promise.withResolvers<string>()
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
    site.on('/slow', () => {
      isAsked()
      return go
    })
    const before = site.ask('/slow')
    await asked
    expect((await site.ask('/slow', purge)).status).toBe(200)
    site.on('/slow', fresh('after'))
    expect((await site.ask('/slow')).text()).toBe('after')
    resolve(fresh('before'))
    expect((await before).text()).toBe('before')
    const hit = await site.ask('/slow')
    expect([hit.text(), cacheStatus(hit).hit]).toEqual(['after', true])
  })
})

test('only those who may are let in, whatever they say', () =>
  within({ purge: { loopback: false, from: '127.0.0.2' }, edge: { trust: '127.0.0.3' } }, async (site) => {
    const { port } = site.myriad
    site.on('/page', fresh('page'))
    await site.ask('/page')
    const ask = async (address: string, ...lines: string[]): Promise<number> =>
      (await from(address, port, request('/page', { ...purge, lines }))).status
    expect(await ask('127.0.0.1')).toBe(403)
    expect(await ask('127.0.0.1', 'X-Forwarded-For: 127.0.0.2')).toBe(403)
    expect(await ask('127.0.0.3')).toBe(403)
    expect(await ask('127.0.0.3', 'X-Forwarded-For: 127.0.0.2, 127.0.0.1')).toBe(403)
    expect(cacheStatus(await site.ask('/page')).hit).toBe(true)
    expect(await ask('127.0.0.3', 'X-Forwarded-For: 127.0.0.2')).toBe(200)
    expect(await ask('127.0.0.2')).toBe(200)
    expect(site.seen('/page')).toHaveLength(1)
  }))

test('a page that came by https goes with a purge by http, and the other way round', () =>
  within({ edge: { trust: 'loopback' } }, async (site) => {
    site.on('/page', fresh('page'))
    const https = ['X-Forwarded-Proto: https']
    for (const lines of [[], https]) {
      await site.ask('/page')
      await site.ask('/page', { lines: https })
      expect((await site.ask('/page', { ...purge, lines })).text()).toBe('purged: 2 stored responses\n')
    }
  }))

/** Runs `myriad purge` to its end. */
async function command(...args: string[]): Promise<readonly [number | null, string]> {
  const child = startChild([executable, 'purge', ...args])
  return [await child.exited, child.printed()]
}

describe('myriad purge', () => {
  test('empties URLs, or everything, of the process that is named', () =>
    within({}, async (site) => {
      const pid = ['--pid', String(site.myriad.pid)]
      for (const path of ['/a', '/b?c']) site.on(path.split('?')[0]!, fresh(path))
      const fill = async () => {
        for (const path of ['/a', '/b?c']) await site.ask(path)
      }
      await fill()
      const url = 'https://Site.test/x/../%61'
      expect(await command('--url', url, ...pid)).toEqual([0, `purged: 1 stored response of ${url}\n`])
      expect(detail(await site.ask('/a'))).toBe('miss')
      expect(await command('--url', 'http://site.test/b', ...pid)).toEqual([
        0,
        'purged: 0 stored responses of http://site.test/b\n',
      ])
      const [code, printed] = await command('--all', '--json', ...pid)
      expect([code, JSON.parse(printed)]).toEqual([0, { pid: site.myriad.pid, purged: [{ responses: 2 }] }])
      expect(detail(await site.ask('/b?c'))).toBe('miss')
    }))

  test('of a URL that no route takes says so', () =>
    within({ routes: [{ path: '/site/*' }] }, async (site) => {
      expect(await command('--url', 'http://site.test/x', '--pid', String(site.myriad.pid))).toEqual([
        1,
        'myriad: http://site.test/x: no route of the configuration takes this URL\n',
      ])
    }))
})

const nginx = '/usr/sbin/nginx'

test.skipIf(!existsSync(nginx))('variants of an nginx behind go together', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-purge-nginx-'))
  const port = await freePort()
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 64; }
     http {
       ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
       access_log off;
       server {
         listen 127.0.0.1:${port};
         location / {
           add_header Cache-Control "public, max-age=3600";
           add_header Vary Accept-Language;
           return 200 "$http_accept_language $request_id";
         }
       }
     }`,
  )
  const child = startChild([nginx, '-p', folder, '-c', join(folder, 'nginx.conf')])
  try {
    await untilListening(port, child)
    const myriad = await startMyriad(`http://127.0.0.1:${port}`)
    try {
      const ask = (language: string): Promise<RawResponse> =>
        from('127.0.0.1', myriad.port, request('/page', { lines: [`Accept-Language: ${language}`] }))
      const first = [(await ask('de')).text(), (await ask('fr')).text()]
      expect([(await ask('de')).text(), (await ask('fr')).text()]).toEqual(first)
      const answer = await from('127.0.0.1', myriad.port, request('/page', purge))
      expect(answer.text()).toBe('purged: 2 stored responses\n')
      for (const [i, language] of ['de', 'fr'].entries()) {
        const renewed = await ask(language)
        expect([renewed.text() === first[i], renewed.text().slice(0, 2)]).toEqual([false, language])
      }
    } finally {
      await myriad.stop()
    }
  } finally {
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
