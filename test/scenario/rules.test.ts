// Page rules through the program: what browsers and the application see of them.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheStatus, detail } from '../../testing/cache-status.ts'
import { startChild } from '../../testing/child.ts'
import { executable } from '../../testing/myriad.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-rules-'))
writeFileSync(join(folder, 'sorry.html'), '<h1>Sorry</h1>')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let site: Site
beforeAll(async () => {
  site = await startSite({
    rules: [
      { path: '/old/*', redirect: { to: '/new/*', status: 301 } },
      { host: 'www.site.test', redirect: 'https://site.test$path' },
      { path: '/form', method: 'POST', redirect: { to: '/elsewhere', status: 307 } },
      { cookie: 'beta', bypass: true, request: { set: { 'X-Beta': 'yes' } } },
      { path: '/slow', ttl: '1h', response: { set: { 'X-Frame-Options': 'DENY' }, remove: ['Server'] } },
      // Files are named relative to the configuration, which these tests write to a folder of its own.
      {
        path: '/*',
        errors: { '404': '/not-found', '5xx': relativeFromAnywhere(join(folder, 'sorry.html')) },
      },
    ],
  })
})
afterAll(() => site.stop())

/** A path from the folder of any configuration below the temporary folder. */
function relativeFromAnywhere(file: string): string {
  return `../${file.slice(tmpdir().length + 1)}`
}

describe('redirects', () => {
  test('go where the rule says, with what the path held', async () => {
    const answer = await site.ask('/old/a%20b?c=d')
    expect([answer.status, answer.reason, answer.field('location'), detail(answer)]).toEqual([
      301,
      'Moved Permanently',
      '/new/a%20b?c=d',
      'redirect',
    ])
  })

  test('never to another host, whatever the path holds', async () => {
    for (const path of [
      '/old//evil.test/x',
      '/old/%2F%2Fevil.test',
      '/old/..//old//evil.test',
      '/old/@evil.test',
    ]) {
      const { status, field } = await site.ask(path)
      if (status !== 301) continue
      expect(new URL(field('location')!, 'http://site.test/').host).toBe('site.test')
    }
    const client = await site.connect()
    await client.send('GET //evil.test/%2e%2e HTTP/1.1\r\nHost: www.site.test\r\n\r\n')
    expect((await client.response()).field('location')).toBe('https://site.test//')
    client.destroy()
  })

  test('by host and by method', async () => {
    const client = await site.connect()
    await client.send('GET /x?y HTTP/1.1\r\nHost: www.site.test\r\n\r\n')
    const first = await client.response()
    expect([first.status, first.field('location')]).toEqual([302, 'https://site.test/x?y'])
    client.destroy()
    site.on('/form', fresh('form'))
    expect((await site.ask('/form')).text()).toBe('form')
    const posted = await site.ask('/form', { method: 'POST', body: 'a=b' })
    expect([posted.status, posted.field('location')]).toEqual([307, '/elsewhere'])
    expect(site.seen('/form').map(({ method }) => method)).toEqual(['GET'])
  })

  test('keep the connection', async () => {
    const client = await site.connect()
    await client.send(request('/old/1') + request('/old/2', { method: 'HEAD' }) + request('/old/3'))
    expect((await client.response()).field('location')).toBe('/new/1')
    expect((await client.response('HEAD')).field('location')).toBe('/new/2')
    expect((await client.response()).field('location')).toBe('/new/3')
    client.destroy()
  })
})

test('bypass, with a field that the application sees, and only these', async () => {
  site.on('/page', (seen) => fresh(seen.field('x-beta') ?? 'no'))
  expect((await site.ask('/page', { lines: ['X-Beta: no'] })).text()).toBe('no')
  const beta = await site.ask('/page', { lines: ['Cookie: a=b; beta=1'] })
  expect([beta.text(), detail(beta)]).toEqual(['yes', 'bypass-rule'])
  const again = await site.ask('/page')
  expect([again.text(), cacheStatus(again).hit]).toEqual(['no', true])
})

test('a lifetime, and fields for visitors, on hits as well', async () => {
  site.on('/slow', response('200 OK', ['Server: x'], 'slow'))
  for (const hit of [false, true]) {
    const answer = await site.ask('/slow')
    expect([cacheStatus(answer).hit, answer.field('x-frame-options'), answer.field('server')]).toEqual([
      hit,
      'DENY',
      undefined,
    ])
  }
})

describe('error pages', () => {
  test("stand in for the application's, with its status", async () => {
    site.on('/broken', response('500 Internal Server Error', ['Retry-After: 7'], 'stack trace'))
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await site.ask('/broken', { method, ...(method === 'POST' ? { body: 'x' } : {}) })
      expect([
        answer.status,
        answer.text(),
        answer.field('content-type'),
        answer.field('retry-after'),
      ]).toEqual([500, method === 'HEAD' ? '' : '<h1>Sorry</h1>', 'text/html; charset=utf-8', '7'])
      expect(answer.field('content-length')).toBe('14')
    }
  })

  test('come from the site where it has them, and the connection goes on', async () => {
    site.on(
      '/not-found',
      response('200 OK', ['Content-Type: text/plain', 'Cache-Control: max-age=60'], 'not here'),
    )
    const before = site.seen('/not-found').length
    const client = await site.connect()
    await client.send(request('/nothing') + request('/nothing/else'))
    for (let i = 0; i < 2; i++) {
      const answer = await client.response()
      expect([answer.status, answer.text(), answer.field('content-type')]).toEqual([
        404,
        'not here',
        'text/plain',
      ])
    }
    expect(site.seen('/not-found')).toHaveLength(before + 1)
    client.destroy()
  })

  test('stand in when the application is away, and are not stored', async () => {
    const own = await startSite({
      rules: [{ errors: { '5xx': relativeFromAnywhere(join(folder, 'sorry.html')) } }],
    })
    try {
      own.on('/page', fresh('kept'))
      await own.ask('/page')
      await own.origin.stop()
      const answer = await own.ask('/other')
      expect([answer.status, answer.text(), detail(answer)]).toEqual([
        502,
        '<h1>Sorry</h1>',
        'origin-refused',
      ])
      expect(answer.field('cache-control')).toBe('no-store')
      expect((await own.ask('/page')).text()).toBe('kept')
    } finally {
      await own.stop()
    }
  })
})

test('a rule that is not right ends the start, with all that is wrong', async () => {
  const file = join(folder, 'wrong.json')
  const rules = [
    { path: '/a', redirect: '//evil.test' },
    { redirect: '/b' },
    { errors: { '404': './none.html' } },
  ]
  writeFileSync(file, JSON.stringify({ services: { a: { origin: 'http://127.0.0.1:1' } }, rules }))
  const child = startChild([executable, 'check', '--config', file])
  expect(await child.exited).toBe(2)
  for (const problem of [
    'rules[1]: redirects to itself',
    'rules[2].errors["404"] = \'./none.html\': no such file',
  ])
    expect(child.printed()).toContain(problem)
})
