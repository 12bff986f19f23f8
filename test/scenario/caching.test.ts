// RFC 9111 as a visitor meets it: what is stored, for whom, how long, and how it is validated and invalidated. The rules
// have their unit tests beside them; here they act together, on the wire.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cacheStatus, detail } from '../../testing/cache-status.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site.stop())

const ok = (lines: string[], body = 'page') => response('200 OK', lines, body)
const notModified = (...lines: string[]) =>
  ['HTTP/1.1 304 Not Modified', ...lines].join('\r\n').concat('\r\n\r\n')

test('the second request is a hit, with Age and the time that remains', async () => {
  site.on('/a', fresh('page', 'Age: 100'))
  expect(cacheStatus(await site.ask('/a'))).toMatchObject({
    hit: false,
    fwd: 'uri-miss',
    stored: true,
    detail: 'miss',
    fwdStatus: 200,
  })
  const hit = await site.ask('/a')
  const status = cacheStatus(hit)
  expect(status).toMatchObject({ hit: true, detail: 'fresh' })
  expect(status.ttl).toBeGreaterThan(3400)
  expect(status.ttl).toBeLessThanOrEqual(3500)
  const age = Number(hit.field('age'))
  expect(age).toBeGreaterThanOrEqual(100)
  expect(age).toBeLessThan(130)
  expect(hit.text()).toBe('page')
  expect(hit.field('via')).toContain('myriad')
  expect(site.seen('/a')).toHaveLength(1)
})

for (const [name, lines, reason] of [
  ['no-store', ['Cache-Control: no-store'], 'no-store'],
  ['private', ['Cache-Control: private, max-age=60'], 'private'],
  ['Vary: *', ['Cache-Control: max-age=60', 'Vary: *'], 'vary-any'],
  ['no lifetime and no validator', [], 'no-lifetime'],
  ['Set-Cookie', ['Cache-Control: max-age=60', 'Set-Cookie: a=b'], 'set-cookie'],
  ['Set-Cookie and public', ['Cache-Control: public, max-age=60', 'Set-Cookie: a=b'], 'set-cookie'],
  ['must-understand and an unknown status', ['Cache-Control: must-understand, max-age=60'], 'not-understood'],
] as const) {
  test(`not stored: ${name}`, async () => {
    const path = `/not-${name.replaceAll(/[^a-z]/gi, '-')}`
    const status = reason === 'not-understood' ? '299 Odd' : '200 OK'
    site.on(path, response(status, lines, 'page'))
    for (let i = 0; i < 2; i++) {
      const answer = await site.ask(path)
      expect([cacheStatus(answer).stored, detail(answer)]).toEqual([false, reason])
    }
    expect(site.seen(path)).toHaveLength(2)
  })
}

test('targeted control wins over Cache-Control and is passed on (RFC 9213)', async () => {
  site.on('/targeted', ok(['CDN-Cache-Control: max-age=60', 'Cache-Control: no-store']))
  await site.ask('/targeted')
  const hit = await site.ask('/targeted')
  expect([detail(hit), hit.field('cache-control')]).toEqual(['fresh', 'no-store'])
  site.on('/targeted-no', ok(['CDN-Cache-Control: no-store', 'Cache-Control: max-age=60']))
  await site.ask('/targeted-no')
  expect(detail(await site.ask('/targeted-no'))).toBe('no-store')
})

test('errors with a lifetime are stored, and so are those that RFC 9110 calls cacheable', async () => {
  site.on('/gone', response('410 Gone', ['Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'], 'gone'))
  site.on('/404', response('404 Not Found', ['Cache-Control: max-age=10'], 'none'))
  site.on('/500', response('500 Oops', ['Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'], 'oops'))
  for (const [path, status, hit] of [
    ['/gone', 410, true],
    ['/404', 404, true],
    ['/500', 500, false],
  ] as const) {
    await site.ask(path)
    const again = await site.ask(path)
    expect([again.status, cacheStatus(again).hit]).toEqual([status, hit])
  }
})

test('a visitor with a good copy gets 304, with and without a stored validator of his', async () => {
  site.on('/304', fresh('page', 'ETag: "v1"', 'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'))
  const first = await site.ask('/304', { lines: ['If-None-Match: "v1"'] })
  expect(first.status).toBe(304)
  for (const line of [
    'If-None-Match: "v1"',
    'If-None-Match: W/"v1", "v2"',
    'If-None-Match: *',
    'If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT',
    'If-Modified-Since: Tue, 02 Jan 2024 00:00:00 GMT',
  ]) {
    const answer = await site.ask('/304', { lines: [line] })
    expect([answer.status, answer.field('etag'), answer.text()]).toEqual([304, '"v1"', ''])
  }
  for (const line of ['If-None-Match: "v2"', 'If-Modified-Since: Sun, 31 Dec 2023 00:00:00 GMT']) {
    const answer = await site.ask('/304', { lines: [line] })
    expect([answer.status, answer.text()]).toEqual([200, 'page'])
  }
  expect(site.seen('/304')).toHaveLength(1)
})

test('a stale response is validated; the 304 refreshes it and its fields', async () => {
  let answers = 0
  site.on('/validated', (seen) => {
    answers++
    if (seen.field('if-none-match') === '"v1"')
      return notModified('Cache-Control: max-age=60', 'X-Run: 2', 'ETag: "v1"')
    return ok(['Cache-Control: max-age=50', 'Age: 100', 'X-Run: 1', 'ETag: "v1"'])
  })
  await site.ask('/validated')
  const second = await site.ask('/validated')
  expect([second.status, second.text(), detail(second), second.field('x-run')]).toEqual([
    200,
    'page',
    'validated',
    '2',
  ])
  const third = await site.ask('/validated')
  expect([detail(third), third.field('x-run'), answers]).toEqual(['fresh', '2', 2])
})

test('a stale response that has changed is replaced', async () => {
  site.on('/changed', ok(['Cache-Control: max-age=50', 'Age: 100', 'ETag: "v1"'], 'old'))
  await site.ask('/changed')
  site.on('/changed', fresh('new', 'ETag: "v2"'))
  expect((await site.ask('/changed')).text()).toBe('new')
  expect((await site.ask('/changed')).text()).toBe('new')
  expect(site.seen('/changed')).toHaveLength(2)
})

test('no-cache is stored, and validated each time', async () => {
  site.on('/no-cache', (seen) =>
    seen.field('if-none-match') ? notModified('ETag: "v1"') : ok(['Cache-Control: no-cache', 'ETag: "v1"']),
  )
  await site.ask('/no-cache')
  for (let i = 0; i < 2; i++) {
    const answer = await site.ask('/no-cache')
    expect([answer.text(), detail(answer)]).toEqual(['page', 'validated'])
  }
  expect(site.seen('/no-cache')).toHaveLength(3)
})

test('Vary keeps the answers of different requests apart', async () => {
  site.on('/vary', (seen) => fresh(`in ${seen.field('accept-language') ?? 'none'}`, 'Vary: Accept-Language'))
  for (let round = 0; round < 2; round++)
    for (const language of ['de', 'en', undefined]) {
      const answer = await site.ask('/vary', { lines: language ? [`Accept-Language: ${language}`] : [] })
      expect(answer.text()).toBe(`in ${language ?? 'none'}`)
      expect(cacheStatus(answer).hit).toBe(round === 1)
    }
  expect(site.seen('/vary')).toHaveLength(3)
})

test('host, query and path tell resources apart; the normal form brings them together', async () => {
  site.on('/key', ({ target }) => fresh(target))
  await site.ask('/key')
  expect(cacheStatus(await site.ask('/key?')).hit).toBe(false)
  expect(cacheStatus(await site.ask('/key?a')).hit).toBe(false)
  for (const same of ['/k%65y', '/x/../key', '/./key', '/%6B%65%79'])
    expect(cacheStatus(await site.ask(same)).hit).toBe(true)
})

test('stale-while-revalidate: the visitor has the old one at once, the next one the new', async () => {
  site.on('/swr', ok(['Cache-Control: max-age=50, stale-while-revalidate=1000', 'Age: 100'], 'old'))
  await site.ask('/swr')
  const release = Promise.withResolvers<void>()
  site.on('/swr', async () => {
    await release.promise
    return fresh('new')
  })
  const count = site.origin.requests.length
  // The origin is still working, and nobody waits for it; it is asked once.
  for (let i = 0; i < 5; i++) {
    const answer = await site.ask('/swr')
    expect([answer.text(), detail(answer)]).toEqual(['old', 'stale-while-revalidate'])
  }
  await site.origin.request(count + 1)
  release.resolve()
  let now = 'old'
  while (now === 'old') now = (await site.ask('/swr')).text()
  expect(now).toBe('new')
  expect(site.seen('/swr')).toHaveLength(2)
})

test('stale-if-error: an error of the origin is not seen', async () => {
  site.on('/sie', ok(['Cache-Control: max-age=50, stale-if-error=1000', 'Age: 100'], 'old'))
  await site.ask('/sie')
  for (const [status, reason] of [
    ['500 Oops', 'stale-if-error'],
    ['503 Busy', 'stale-if-error'],
  ]) {
    site.on('/sie', response(status!, [], 'error'))
    const answer = await site.ask('/sie')
    expect([answer.status, answer.text(), detail(answer)]).toEqual([200, 'old', reason!])
  }
  site.on('/sie', ({ connection }) => connection.destroy())
  expect([(await site.ask('/sie')).text()]).toEqual(['old'])
  site.on('/sie', response('404 Not Found', ['Cache-Control: no-store'], 'gone'))
  expect((await site.ask('/sie')).status).toBe(404)
})

test('must-revalidate: an error of the origin is seen', async () => {
  site.on('/must', ok(['Cache-Control: max-age=50, must-revalidate, stale-if-error=1000', 'Age: 100'], 'old'))
  await site.ask('/must')
  site.on('/must', ({ connection }) => connection.destroy())
  const answer = await site.ask('/must')
  expect([502, 504]).toContain(answer.status)
})

test('an unsafe request that succeeds invalidates its URL and those that it names', async () => {
  for (const path of ['/list', '/item', '/other', '/elsewhere'])
    site.on(path, (seen) => fresh(`${seen.method} ${path}`))
  for (const path of ['/list', '/item', '/other', '/elsewhere']) await site.ask(path)
  site.on('/list', (seen) =>
    seen.method === 'POST'
      ? response('201 Created', ['Location: /item', 'Content-Location: http://site.test/other'], 'made')
      : fresh('list again'),
  )
  const posted = await site.ask('/list', { method: 'POST', body: 'x' })
  expect([posted.status, detail(posted)]).toEqual([201, 'method'])
  expect((await site.ask('/list')).text()).toBe('list again')
  expect(cacheStatus(await site.ask('/item')).hit).toBe(false)
  expect(cacheStatus(await site.ask('/other')).hit).toBe(false)
  expect(cacheStatus(await site.ask('/elsewhere')).hit).toBe(true)
})

test('an unsafe request that fails, or names another host, invalidates nothing', async () => {
  site.on('/safe', (seen) => (seen.method === 'GET' ? fresh('kept') : response('500 Oops', [], '')))
  site.on('/from', () => response('200 OK', ['Location: http://other.test/safe'], ''))
  await site.ask('/safe')
  await site.ask('/safe', { method: 'DELETE' })
  await site.ask('/from', { method: 'POST' })
  expect(cacheStatus(await site.ask('/safe')).hit).toBe(true)
})

test('a write that overtakes a read: what was read before it is not stored', async () => {
  const release = Promise.withResolvers<void>()
  site.on('/race', async (seen) => {
    if (seen.method === 'POST') return response('200 OK', ['Cache-Control: no-store'], 'written')
    await release.promise
    return fresh('read before the write')
  })
  const reading = site.ask('/race')
  await site.origin.request(site.origin.requests.length + 1)
  await site.ask('/race', { method: 'POST' })
  release.resolve()
  await reading
  site.on('/race', fresh('read after the write'))
  expect((await site.ask('/race')).text()).toBe('read after the write')
})

test('directives of requests are advice, but for only-if-cached', async () => {
  site.on('/advice', fresh('page'))
  expect((await site.ask('/advice', { lines: ['Cache-Control: only-if-cached'] })).status).toBe(504)
  await site.ask('/advice')
  for (const line of [
    'Cache-Control: no-cache',
    'Cache-Control: max-age=0',
    'Pragma: no-cache',
    'Cache-Control: no-store',
    'Cache-Control: only-if-cached',
  ])
    expect(cacheStatus(await site.ask('/advice', { lines: [line] })).hit).toBe(true)
  expect(site.seen('/advice')).toHaveLength(1)
})

test('Authorization: shared only where the response says so', async () => {
  const lines = ['Authorization: Basic YTpi']
  site.on('/auth', fresh('mine'))
  for (let i = 0; i < 2; i++) expect(detail(await site.ask('/auth', { lines }))).toBe('authorization')
  for (const control of ['public', 's-maxage=60', 'must-revalidate, max-age=60']) {
    const path = `/auth-${control.slice(0, 4)}`
    site.on(path, ok([`Cache-Control: max-age=60, ${control}`]))
    await site.ask(path, { lines })
    expect(cacheStatus(await site.ask(path, { lines })).hit).toBe(true)
  }
})

test('QUERY: its body belongs to the key (RFC 10008)', async () => {
  site.on('/query', async (seen) => fresh(`result of ${await seen.body}`))
  const query = (body: string, type = 'text/plain') =>
    site.ask('/query', { method: 'QUERY', body, lines: [`Content-Type: ${type}`] })
  expect((await query('a')).text()).toBe('result of a')
  expect((await query('b')).text()).toBe('result of b')
  expect(cacheStatus(await query('a')).hit).toBe(true)
  expect(cacheStatus(await query('a', 'application/json')).hit).toBe(false)
  expect((await site.ask('/query')).text()).toBe('result of ')
})

test('a stored response is complete: one that ends early is not', async () => {
  site.on('/early', ({ connection }) => {
    connection.write('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf')
    connection.end()
  })
  expect((await site.ask('/early')).end).toBe('cut')
  site.on('/early', fresh('whole'))
  expect((await site.ask('/early')).text()).toBe('whole')
})

test('HEAD refreshes what is stored, or drops it (RFC 9111 §4.3.5)', async () => {
  site.on('/head', ok(['Cache-Control: max-age=50', 'Age: 100', 'ETag: "v1"', 'X-Run: 1']))
  await site.ask('/head')
  site.on(
    '/head',
    'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: "v1"\r\nX-Run: 2\r\nContent-Length: 4\r\n\r\n',
  )
  await site.ask('/head', { method: 'HEAD' })
  site.on('/head', fresh('asked again'))
  const answer = await site.ask('/head')
  expect(['page', 'asked again']).toContain(answer.text())
})

test('a response without Date gets one, stored or not (RFC 9110 §6.6.1)', async () => {
  site.on('/dateless', fresh('page'))
  site.on('/dateless-no', ok(['Cache-Control: no-store']))
  for (const path of ['/dateless', '/dateless', '/dateless-no'])
    expect(Date.parse((await site.ask(path)).field('date') ?? 'none')).toBeGreaterThan(0)
})

test('every answer says why, with one of the closed list', async () => {
  const { reasons } = await import('../../src/base/reason.ts')
  for (const path of ['/a', '/vary', '/swr', '/404', '/nowhere'])
    expect(Object.keys(reasons)).toContain(detail(await site.ask(path)))
})
