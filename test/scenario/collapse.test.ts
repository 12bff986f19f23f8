// Collapsing: simultaneous requests for one URL become one request to the origin, if and only if the answer may be
// shared (RFC 9111 §4, §3.5); what may not be shared is not waited for.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { RawClient, RawResponse } from '../../testing/raw-client.ts'
import { response } from '../../testing/raw-origin.ts'
import { request, type Site, startSite } from '../../testing/site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site.stop())

/** Sends the same request on `count` connections, and the answer only when all of them have been read. */
async function crowd(path: string, count: number, answer: string, lines: (i: number) => string[] = () => []) {
  const release = Promise.withResolvers<void>()
  let first = true
  site.on(path, async () => {
    if (first) {
      first = false
      await release.promise
    }
    return answer
  })
  const clients = await Promise.all(Array.from({ length: count }, () => site.connect()))
  const before = site.origin.requests.length
  const [leader, ...followers] = clients as [RawClient, ...RawClient[]]
  await leader.send(request(path, { lines: lines(0) }))
  await site.origin.request(before + 1)
  await Promise.all(followers.map((client, i) => client.send(request(path, { lines: lines(i + 1) }))))
  // Their turn comes before a request that is sent after them.
  for (let i = 0; i < 3; i++) await site.ask('/')
  release.resolve()
  const answers = await Promise.all(clients.map((client) => client.response('GET', 10_000)))
  for (const client of clients) client.destroy()
  return answers
}

const detail = (answer: RawResponse) => /detail=([a-z-]+)/.exec(answer.field('cache-status') ?? '')?.[1]
const page = 'a page that everybody may have'

test('a thousand requests for one cold URL are one request to the origin', async () => {
  const answers = await crowd('/one', 1000, response('200 OK', ['Cache-Control: max-age=60'], page))
  expect(site.seen('/one')).toHaveLength(1)
  expect(new Set(answers.map((answer) => answer.text()))).toEqual(new Set([page]))
  expect(answers.filter((answer) => detail(answer) === 'collapsed').length).toBe(999)
}, 30_000)

test('a large answer streams to all from the one fetch', async () => {
  const body = page.repeat(10_000)
  const answers = await crowd('/large', 50, response('200 OK', ['Cache-Control: max-age=60'], body))
  expect(site.seen('/large')).toHaveLength(1)
  for (const answer of answers) expect(answer.text() === body).toBe(true)
}, 30_000)

for (const [name, answer] of [
  ['no-store', response('200 OK', ['Cache-Control: no-store'], page)],
  ['private', response('200 OK', ['Cache-Control: private, max-age=60'], page)],
  ['with Set-Cookie', response('200 OK', ['Cache-Control: max-age=60', 'Set-Cookie: a=b'], page)],
  ['that varies on everything', response('200 OK', ['Cache-Control: max-age=60', 'Vary: *'], page)],
] as const) {
  test(`an answer ${name} goes to its own client alone`, async () => {
    const path = `/alone-${name.replaceAll(' ', '-')}`
    const answers = await crowd(path, 20, answer)
    expect(site.seen(path)).toHaveLength(20)
    for (const got of answers) expect(got.text()).toBe(page)
  })
}

test('an answer that varies goes to those whose fields are the same', async () => {
  const answers = await crowd(
    '/vary',
    20,
    response('200 OK', ['Cache-Control: max-age=60', 'Vary: Accept-Language'], page),
    (i) => [`Accept-Language: ${i % 2 === 0 ? 'de' : 'en'}`],
  )
  for (const got of answers) expect(got.text()).toBe(page)
  const languages = site.seen('/vary').map((seen) => seen.field('accept-language'))
  expect(languages.filter((language) => language === 'de')).toHaveLength(1)
  expect(languages.filter((language) => language === 'en').length).toBeLessThanOrEqual(10)
})

test('an answer to a request with Authorization is not shared', async () => {
  const answers = await crowd('/auth', 10, response('200 OK', ['Cache-Control: max-age=60'], page), (i) => [
    `Authorization: Basic ${i}`,
  ])
  expect(site.seen('/auth')).toHaveLength(10)
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 200))
})

test('after an answer that nobody may share, requests do not wait for one another', async () => {
  site.on('/apart', response('200 OK', ['Cache-Control: private'], page))
  await site.ask('/apart')
  const release = Promise.withResolvers<void>()
  site.on('/apart', async () => {
    await release.promise
    return response('200 OK', ['Cache-Control: private'], page)
  })
  const before = site.origin.requests.length
  const clients = await Promise.all(Array.from({ length: 5 }, () => site.connect()))
  await Promise.all(clients.map((client) => client.send(request('/apart'))))
  // All of them are at the origin while none has been answered.
  await site.origin.request(before + 5)
  release.resolve()
  for (const client of clients) {
    expect((await client.response()).text()).toBe(page)
    client.destroy()
  }
})

for (const [name, asked] of [
  ['a HEAD', { method: 'HEAD' }],
  ['a Range request', { lines: ['Range: bytes=0-3'] }],
] as const) {
  test(`nobody waits behind ${name}`, async () => {
    const path = `/behind-${name.split(' ')[1]}`
    const release = Promise.withResolvers<void>()
    site.on(path, async (seen) => {
      if (site.seen(path).length === 1) await release.promise
      const body = seen.method === 'HEAD' ? '' : page
      return `HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${page.length}\r\n\r\n${body}`
    })
    const before = site.origin.requests.length
    const leader = await site.connect()
    await leader.send(request(path, asked))
    await site.origin.request(before + 1)
    expect((await site.ask(path)).text()).toBe(page)
    release.resolve()
    expect((await leader.response('method' in asked ? 'HEAD' : 'GET')).status).toBeLessThan(400)
    leader.destroy()
  })
}

test('what is fetched for a conditional request is whole, or nobody waits behind it', async () => {
  const release = Promise.withResolvers<void>()
  site.on('/conditional', async (seen) => {
    if (seen.field('if-none-match')) await release.promise
    return response('200 OK', ['Cache-Control: max-age=60', 'ETag: "now"'], page)
  })
  const leader = await site.connect()
  await leader.send(request('/conditional', { lines: ['If-None-Match: "other"'] }))
  expect((await site.ask('/conditional')).text()).toBe(page)
  release.resolve()
  expect((await leader.response()).text()).toBe(page)
  leader.destroy()
})

test('when the one fetch fails, everybody is told', async () => {
  const release = Promise.withResolvers<void>()
  site.on('/fails', async ({ connection }) => {
    await release.promise
    connection.destroy()
  })
  const clients = await Promise.all(Array.from({ length: 5 }, () => site.connect()))
  const before = site.origin.requests.length
  await clients[0]!.send(request('/fails'))
  await site.origin.request(before + 1)
  await Promise.all(clients.slice(1).map((client) => client.send(request('/fails'))))
  await site.ask('/')
  release.resolve()
  for (const client of clients) {
    expect((await client.response()).status).toBe(502)
    client.destroy()
  }
})
