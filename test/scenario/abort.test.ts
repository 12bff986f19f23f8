// Clients that go away: the origin is given up, unless others wait for its answer.
//
// A client that closes sends the same FIN as one that half-closes and still wants its answer. So what tells that it is
// gone is a reset: at once when there is one, else when the first bytes of the answer meet a closed connection.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { response, type SeenRequest } from '../../testing/raw-origin.ts'
import { request, type Site, startSite } from '../../testing/site.ts'
import { within } from '../../testing/within.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
})
afterAll(() => site.stop())

const nextRequest = () => site.origin.request(site.origin.requests.length + 1)
const given = (seen: SeenRequest) => within(3_000, 'the origin to be given up', seen.connection.closed)

test('before the answer has begun, the origin is given up', async () => {
  site.on('/hang', () => undefined)
  for (const method of ['GET', 'POST']) {
    const client = await site.connect()
    const coming = nextRequest()
    await client.send(request('/hang', { method }))
    const seen = await coming
    client.reset()
    await given(seen)
  }
})

test('a client that has closed is noticed with the first bytes that it does not take', async () => {
  site.on('/closed', ({ connection }) =>
    connection.write('HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 1000\r\n\r\nbegun'),
  )
  const client = await site.connect()
  const coming = nextRequest()
  await client.send(request('/closed'))
  await client.bytes(100)
  const seen = await coming
  client.destroy()
  await site.ask('/')
  seen.connection.write('first')
  await site.ask('/')
  seen.connection.write('second')
  await given(seen)
})

test('in the middle of an answer that is not stored, the origin is given up', async () => {
  site.on('/endless', ({ connection }) =>
    connection.write('HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 1000\r\n\r\nbegun'),
  )
  const client = await site.connect()
  const coming = nextRequest()
  await client.send(request('/endless'))
  await client.head()
  client.reset()
  await given(await coming)
})

test('in the middle of an upload, the origin is given up and sees no whole body', async () => {
  site.on('/upload', () => undefined)
  for (const framing of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
    const client = await site.connect()
    const coming = nextRequest()
    await client.send(`${request('/upload', { method: 'POST', lines: [framing] })}5\r\nhello\r\n`)
    const seen = await coming
    await seen.receives(5)
    client.destroy()
    await given(seen)
    expect(await seen.body.catch(() => 'broken off')).toBe('broken off')
  }
})

/** Two clients for one stored answer, whose head has been sent and whose body waits for `release`. */
async function together(path: string) {
  const release = Promise.withResolvers<void>()
  site.on(path, async ({ connection }) => {
    connection.write('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 11\r\n\r\nfirst')
    await release.promise
    connection.write('second')
  })
  const leader = await site.connect()
  await leader.send(request(path))
  await leader.head()
  const follower = await site.connect()
  await follower.send(request(path))
  await follower.head()
  return { leader, follower, release }
}

test('the first client goes, others still get the whole answer', async () => {
  const { leader, follower, release } = await together('/leader-goes')
  leader.reset()
  await site.ask('/')
  release.resolve()
  expect((await follower.bytes(11)).toString()).toBe('firstsecond')
  expect((await site.ask('/leader-goes')).text()).toBe('firstsecond')
  expect(site.seen('/leader-goes')).toHaveLength(1)
  follower.destroy()
})

test('another client goes, the first still gets the whole answer', async () => {
  const { leader, follower, release } = await together('/follower-goes')
  follower.reset()
  await site.ask('/')
  release.resolve()
  expect((await leader.bytes(11)).toString()).toBe('firstsecond')
  leader.destroy()
})

test('when all have gone, the origin is given up and nothing is stored', async () => {
  const { leader, follower } = await together('/all-go')
  const [seen] = site.seen('/all-go')
  leader.reset()
  follower.reset()
  await given(seen!)
  site.on('/all-go', response('200 OK', ['Cache-Control: max-age=60'], 'anew'))
  expect((await site.ask('/all-go')).text()).toBe('anew')
})

test('clients that wait for a head: the first goes, the others get the answer', async () => {
  const release = Promise.withResolvers<void>()
  site.on('/waiting', async () => {
    await release.promise
    return response('200 OK', ['Cache-Control: max-age=60'], 'page')
  })
  const coming = nextRequest()
  const leader = await site.connect()
  await leader.send(request('/waiting'))
  await coming
  const followers = await Promise.all([site.connect(), site.connect()])
  for (const follower of followers) await follower.send(request('/waiting'))
  await site.ask('/')
  leader.reset()
  await site.ask('/')
  release.resolve()
  for (const follower of followers) {
    expect((await follower.response()).text()).toBe('page')
    follower.destroy()
  }
  expect(site.seen('/waiting')).toHaveLength(1)
})
