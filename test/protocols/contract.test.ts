// What holds of every listener, whatever its protocol: the same requests, the same answers.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Http2Server, startHttp2Server } from '../../testing/http2-server.ts'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { ask, http2InClear, protocols, type Protocol } from '../../testing/protocols.ts'
import { type Answer, type RawOrigin, response, startRawOrigin } from '../../testing/raw-origin.ts'
import { fresh } from '../../testing/site.ts'
import { pass, within } from '../../testing/within.ts'

let origin: RawOrigin
let myriad: Myriad
let http2: Http2Server
const answers = new Map<string, Answer>()
const on = (path: string, answer: Answer | string): void =>
  void answers.set(path, typeof answer === 'string' ? () => answer : answer)
const seen = (path: string) => origin.requests.filter(({ target }) => target.split('?')[0] === path)

beforeAll(async () => {
  origin = await startRawOrigin((request) => {
    const answer = answers.get(request.target.split('?')[0]!)
    return answer ? answer(request) : response('404 Not Found', ['Cache-Control: no-store'])
  })
  const config = { limits: { bodyBytes: '1MB', targetBytes: 1024, fieldLines: 40 } }
  myriad = await startMyriad(origin.url, config, {}, ['http://127.0.0.1:0', 'https://127.0.0.1:0'])
  http2 = startHttp2Server(origin.url, config)
})
afterAll(async () => {
  await myriad.stop()
  http2.stop()
  await origin.stop()
})

let counter = 0
/** A path of its own: protocols share the cache. */
const path = () => `/page-${++counter}`

const large = 'x'.repeat(700_000)

const nextRequest = () => origin.request(origin.requests.length + 1)

function contract(protocol: Protocol): void {
  const asked = (target: string, init?: BunFetchRequestInit) =>
    ask(protocol, protocol === http2InClear ? http2 : myriad, target, init)

  test('a miss goes to the origin, a hit does not', async () => {
    const at = path()
    on(at, fresh('a page', 'Content-Type: text/html', 'X-Of-Site: kept'))
    const miss = await asked(`${at}?a=1&b=%2F`)
    expect([miss.status, await miss.text()]).toEqual([200, 'a page'])
    expect(miss.headers.get('cache-status')).toContain('fwd=uri-miss')
    const hit = await asked(`${at}?a=1&b=%2F`)
    expect([hit.status, await hit.text()]).toEqual([200, 'a page'])
    expect(hit.headers.get('cache-status')).toContain('hit')
    expect(hit.headers.get('age')).toMatch(/^\d+$/)
    expect(hit.headers.get('x-of-site')).toBe('kept')
    expect(hit.headers.get('content-length')).toBe('6')
    expect(seen(at).map(({ method, target }) => [method, target])).toEqual([['GET', `${at}?a=1&b=%2F`]])
    const { authority } = { authority: seen(at)[0]!.field('host') }
    expect(authority).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(seen(at)[0]!.field('x-forwarded-proto')).toBe(protocol.scheme)
    expect(seen(at)[0]!.field('x-forwarded-for')).toBe('127.0.0.1')
  })

  test('the path that decides is the one that the origin sees', async () => {
    const at = path()
    on(at, fresh('normal'))
    for (const way of [`/x/..${at}`, `/x/%2e%2E${at}`, `${at.replace('p', '%70')}`])
      expect(await (await asked(way)).text()).toBe('normal')
    expect(seen(at).length).toBe(1)
  })

  test('a response without a type gets none', async () => {
    const at = path()
    on(at, fresh('who knows'))
    for (const _ of ['miss', 'hit']) {
      const got = await asked(at)
      expect([got.headers.get('content-type'), await got.text()]).toEqual([null, 'who knows'])
    }
  })

  test('HEAD has the fields of GET and no body', async () => {
    const at = path()
    on(at, fresh('a page', 'Content-Type: text/html'))
    await (await asked(at)).text()
    const head = await asked(at, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '6', ''])
  })

  test('304 when the copy of the client is good', async () => {
    const at = path()
    on(at, fresh('a page', 'ETag: "one"'))
    await (await asked(at)).text()
    const same = await asked(at, { headers: { 'If-None-Match': '"one"' } })
    expect([same.status, same.headers.get('etag'), await same.text()]).toEqual([304, '"one"', ''])
    const other = await asked(at, { headers: { 'If-None-Match': '"two"' } })
    expect([other.status, await other.text()]).toEqual([200, 'a page'])
  })

  test('ranges', async () => {
    const at = path()
    on(at, fresh('0123456789', 'ETag: "one"'))
    await (await asked(at)).text()
    const part = await asked(at, { headers: { Range: 'bytes=2-4' } })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ])
    const beyond = await asked(at, { headers: { Range: 'bytes=20-' } })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    await beyond.text()
  })

  test('cookies that are set stay apart from one another, and are not stored', async () => {
    const at = path()
    on(at, fresh('yours', 'Set-Cookie: a=1; Path=/', 'Set-Cookie: b=2'))
    for (const _ of ['once', 'twice']) {
      const got = await asked(at, { headers: { Cookie: 'c=3; d=4' } })
      expect(got.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2'])
      await got.text()
    }
    expect(seen(at).map((request) => request.field('cookie'))).toEqual(['c=3; d=4', 'c=3; d=4'])
  })

  test('bodies of any size, stored or not', async () => {
    for (const control of ['max-age=60', 'no-store']) {
      const at = path()
      on(at, response('200 OK', [`Cache-Control: ${control}`, 'Content-Type: text/plain'], large))
      for (const _ of ['once', 'twice']) {
        const got = await asked(at)
        expect([got.status, await got.text()]).toEqual([200, large])
      }
      expect(seen(at).length).toBe(control === 'no-store' ? 2 : 1)
    }
  })

  test('an answer streams: its beginning is here before its end is there', async () => {
    const at = path()
    on(at, ({ connection }) =>
      connection.write(
        'HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n',
      ),
    )
    const got = await asked(at)
    const reader = got.body!.getReader()
    const first = await within(3_000, 'the first piece', reader.read())
    expect(Buffer.from(first.value!).toString()).toBe('first')
    seen(at)[0]!.connection.write('4\r\nlast\r\n0\r\n\r\n')
    const last = await reader.read()
    expect(Buffer.from(last.value!).toString()).toBe('last')
    expect((await reader.read()).done).toBe(true)
  })

  test('an origin that dies in the middle breaks the transfer', async () => {
    for (const framing of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
      const at = path()
      on(at, ({ connection }) =>
        connection.write(`HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n${framing}\r\n\r\n5\r\nfirst\r\n`),
      )
      const got = await asked(at)
      const reader = got.body!.getReader()
      await within(3_000, 'the first piece', reader.read())
      seen(at)[0]!.connection.destroy()
      const rest = async (): Promise<string> => {
        for (;;) if ((await reader.read()).done) return 'a whole body'
      }
      const end = rest().catch(() => 'broken')
      // The runtime would end it as if it were complete, so it is not ended.
      if (protocol.version === 'http3') expect(await Promise.race([end, pass(200)])).toBe(undefined)
      else expect(await within(3_000, 'the end', end)).toBe('broken')
      await reader.cancel().catch(() => undefined)
    }
  })

  test('an origin that cannot be asked is told as 502', async () => {
    const at = path()
    on(at, ({ connection }) => connection.destroy())
    const got = await asked(at)
    expect([got.status, got.headers.get('cache-status')]).toEqual([502, 'Myriad; detail=origin-closed'])
    await got.text()
  })

  test('bodies of requests arrive whole, with their length and without', async () => {
    const at = path()
    on(at, async (request) =>
      response('200 OK', ['Cache-Control: no-store'], `${(await request.body).length}`),
    )
    const told = await asked(at, { method: 'POST', body: large })
    expect(await told.text()).toBe('700000')
    const streamed = async function* () {
      for (let i = 0; i < 10; i++) yield Buffer.from(large.slice(0, 50_000))
    }
    const untold = await asked(at, { method: 'PUT', body: streamed() as unknown as Bun.BodyInit })
    expect(await untold.text()).toBe('500000')
    const none = await asked(at, { method: 'DELETE' })
    expect(await none.text()).toBe('0')
  })

  test('an upload waits for an origin that does not read', async () => {
    const at = path()
    on(at, async (request) => {
      await request.receives(100_000)
      return response('200 OK', ['Cache-Control: no-store'], `${(await request.body).length}`)
    })
    const got = await asked(at, { method: 'POST', body: large })
    expect(await got.text()).toBe('700000')
  })

  test('a body that is too large is refused', async () => {
    const at = path()
    on(at, () => undefined)
    const got = await asked(at, { method: 'POST', body: 'x'.repeat(1_100_000) }).catch(() => undefined)
    // A client that is still sending may see the end of the connection first.
    if (got !== undefined) {
      expect(got.status).toBe(413)
      await got.text()
    }
    expect(seen(at).length).toBe(0)
  })

  test('limits on the target and on field lines', async () => {
    const long = await asked(`/${'a'.repeat(2000)}`)
    expect(long.status).toBe(414)
    await long.text()
    const headers = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`X-Line-${i}`, 'a']))
    const many = await asked('/many', { headers })
    expect(many.status).toBe(431)
    await many.text()
    expect(seen('/many').length).toBe(0)
  })

  test('a client that goes is told to the origin', async () => {
    const at = path()
    on(at, () => undefined)
    const coming = nextRequest()
    const leaving = new AbortController()
    const got = asked(at, { signal: leaving.signal }).catch(() => 'aborted')
    const request = await coming
    leaving.abort()
    expect(await got).toBe('aborted')
    await within(3_000, 'the origin to be given up', request.connection.closed)
  })

  test('a crowd for one page is one request to the origin', async () => {
    const at = path()
    const release = Promise.withResolvers<void>()
    on(at, async () => {
      await release.promise
      return fresh('for all')
    })
    const coming = nextRequest()
    const crowd = Array.from({ length: 20 }, async () => (await asked(at)).text())
    await coming
    release.resolve()
    expect(await Promise.all(crowd)).toEqual(Array.from({ length: 20 }, () => 'for all'))
    expect(seen(at).length).toBe(1)
  })

  test('PURGE empties the cache of its URL', async () => {
    const at = path()
    on(at, fresh('a page'))
    await (await asked(at)).text()
    const purged = await asked(at, { method: 'PURGE' as 'GET' })
    expect([purged.status, await purged.text()]).toEqual([200, 'purged: 1 stored response\n'])
    await (await asked(at)).text()
    expect(seen(at).length).toBe(2)
  })

  test('the end of a body that has been stored meanwhile comes from the store', async () => {
    const at = path()
    on(at, ({ connection }) => {
      connection.write(
        `HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${large.length}\r\n\r\n`,
      )
      connection.write(large)
    })
    const slow = await asked(at)
    const quick = await asked(at)
    expect(await quick.text()).toBe(large)
    expect(await slow.text()).toBe(large)
  })
}

for (const protocol of [...protocols, http2InClear]) describe(protocol.name, () => contract(protocol))
