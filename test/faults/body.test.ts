// Origins that fail within the body of their answer: the client must see that its copy is not whole, nothing of it is
// stored, and the next visitor gets the whole.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cacheStatus, detail } from '../../testing/cache-status.ts'
import { type Answer, response } from '../../testing/raw-origin.ts'
import { fresh, request, type Site } from '../../testing/site.ts'
import { pass } from '../../testing/within.ts'
import { startFaultySite } from './origin.ts'

let site: Site
beforeAll(async () => {
  site = await startFaultySite()
})
afterAll(() => site.stop())

const length = (bytes: number) =>
  `HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${bytes}\r\n\r\n`
const chunks = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n'

type End = 'end' | 'reset' | 'stop'
const says =
  (bytes: string, then: End): Answer =>
  async ({ connection }) => {
    await connection.flush(bytes)
    if (then === 'end') connection.end()
    if (then === 'reset') connection.reset()
  }

const faults: readonly (readonly [name: string, bytes: string, then: End])[] = [
  ['ends within a body of known length', `${length(10)}half`, 'end'],
  ['resets within a body of known length', `${length(10)}half`, 'reset'],
  ['stops within a body of known length', `${length(10)}half`, 'stop'],
  ['ends before the first byte of a body', length(10), 'end'],
  ['ends within a chunk', `${chunks}a\r\nhalf`, 'end'],
  ['resets within a chunk', `${chunks}a\r\nhalf`, 'reset'],
  ['stops within a chunk', `${chunks}a\r\nhalf`, 'stop'],
  ['ends between chunks', `${chunks}4\r\nhalf\r\n`, 'end'],
  ['stops between chunks', `${chunks}4\r\nhalf\r\n`, 'stop'],
  ['ends within a chunk size', `${chunks}4\r\nhalf\r\n1`, 'end'],
  ['ends before the first chunk', chunks, 'end'],
  ['ends within the trailers', `${chunks}4\r\nhalf\r\n0\r\nSum: `, 'end'],
  ['ends before the last empty line', `${chunks}4\r\nhalf\r\n0\r\n`, 'end'],
  ['sends a chunk size that is none', `${chunks}4\r\nhalf\r\nxyz\r\n`, 'stop'],
  ['sends a negative chunk size', `${chunks}4\r\nhalf\r\n-1\r\n`, 'stop'],
  ['sends an endless chunk size', `${chunks}4\r\nhalf\r\n${'f'.repeat(100)}\r\n`, 'stop'],
  ['sends no line end after a chunk', `${chunks}4\r\nhalfXX`, 'stop'],
  ['sends a bad trailer', `${chunks}4\r\nhalf\r\n0\r\nSum 1\r\n\r\n`, 'stop'],
  ['sends trailers without end', `${chunks}4\r\nhalf\r\n0\r\n${'Sum: 1\r\n'.repeat(10_000)}`, 'stop'],
]

describe('an origin that', () => {
  for (const [i, [name, bytes, then]] of faults.entries()) {
    test(`${name}: the copy is not whole, and not stored`, async () => {
      const path = `/fault/${i}`
      site.on(path, says(bytes, then))
      const answer = await site.ask(path)
      // Either the failure was known before the head went out, or the transfer is visibly broken off.
      if (answer.status === 200) expect(answer.end).toBe('cut')
      else expect([502, 504]).toContain(answer.status)
      expect('half'.startsWith(answer.status === 200 ? answer.text() : '')).toBe(true)
      site.on(path, fresh('mended'))
      for (const hit of [false, true]) {
        const again = await site.ask(path)
        expect([again.status, again.text(), again.end, cacheStatus(again).hit]).toEqual([
          200,
          'mended',
          'length',
          hit,
        ])
      }
    })

    test(`${name}: all who wait for it see that`, async () => {
      const path = `/crowd/${i}`
      const release = Promise.withResolvers<void>()
      site.on(path, async (seen) => {
        await release.promise
        return says(bytes, then)(seen)
      })
      const clients = await Promise.all([site.connect(), site.connect(), site.connect()])
      const before = site.origin.requests.length
      await clients[0].send(request(path))
      await site.origin.request(before + 1)
      for (const client of clients.slice(1)) await client.send(request(path))
      await site.ask('/')
      release.resolve()
      for (const client of clients) {
        const answer = await client.response()
        if (answer.status === 200) expect(answer.end).toBe('cut')
        else expect([502, 504]).toContain(answer.status)
        client.destroy()
      }
    })
  }
})

test('HTTP/1.0 has no chunks: a body that is cut ends with a reset', async () => {
  site.on('/old', says(`${chunks}4\r\nhalf\r\n`, 'end'))
  const client = await site.connect()
  await client.send('GET /old HTTP/1.0\r\nHost: site.test\r\n\r\n')
  const answer = await client.response()
  if (answer.status === 200) expect(answer.end).toBe('cut')
  client.destroy()
})

test('a body that ends with a reset of its connection is not whole', async () => {
  site.on('/until-close', says('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nhalf', 'reset'))
  const answer = await site.ask('/until-close')
  if (answer.status === 200) expect(answer.end).toBe('cut')
  site.on('/until-close', fresh('mended'))
  expect((await site.ask('/until-close')).text()).toBe('mended')
})

test('a stale response is not replaced by a part of the new one', async () => {
  site.on('/kept', response('200 OK', ['Cache-Control: max-age=50, stale-if-error=1000', 'Age: 100'], 'old'))
  await site.ask('/kept')
  site.on('/kept', says(`${length(10)}half`, 'end'))
  const cut = await site.ask('/kept')
  expect(cut.end === 'cut' || cut.text() === 'old').toBe(true)
  site.on('/kept', ({ connection }) => connection.reset())
  const answer = await site.ask('/kept')
  expect([answer.status, answer.text()]).toEqual([200, 'old'])
})

test('a revalidation in the background that fails leaves the stale response', async () => {
  site.on(
    '/swr',
    response('200 OK', ['Cache-Control: max-age=50, stale-while-revalidate=1000', 'Age: 100'], 'old'),
  )
  await site.ask('/swr')
  for (const fault of [says(`${length(10)}half`, 'end'), says('garbage\r\n\r\n', 'end'), says('', 'reset')]) {
    const before = site.seen('/swr').length
    site.on('/swr', fault)
    do expect((await site.ask('/swr')).text()).toBe('old')
    while (site.seen('/swr').length === before)
  }
  site.on('/swr', fresh('new'))
  let now = 'old'
  while (now === 'old') now = (await site.ask('/swr')).text()
  expect(now).toBe('new')
})

test('an origin that is slow, but steady, is waited for', async () => {
  site.on('/drip', async ({ connection }) => {
    for (const byte of `${length(4)}slow`.match(/.{1,20}/gs)!) {
      await connection.flush(byte)
      await pass(50)
    }
  })
  const answer = await site.ask('/drip')
  expect([answer.text(), answer.end]).toEqual(['slow', 'length'])
})

test('an exchange that takes longer than it may in all is broken off', async () => {
  site.on('/drip-on', async ({ connection }) => {
    connection.write(length(10_000))
    const gone = connection.closed.then(() => true)
    const next = () =>
      connection
        .flush('x')
        .then(() => pass(50))
        .then(() => false)
    while (!(await Promise.race([gone, next()])));
  })
  expect((await site.ask('/drip-on')).end).toBe('cut')
})

/** A 206 with this range and these bytes. */
const part = (range: string, bytes: string) =>
  response(
    '206 Partial Content',
    [`Content-Range: ${range}`, 'Cache-Control: max-age=60', 'ETag: "v"'],
    bytes,
  )

describe('an answer that does not fit its request', () => {
  test('304 without a question: nothing is stored', async () => {
    site.on('/304', 'HTTP/1.1 304 Not Modified\r\nETag: "v"\r\nCache-Control: max-age=60\r\n\r\n')
    const answer = await site.ask('/304')
    expect([304, 502]).toContain(answer.status)
    site.on('/304', fresh('mended'))
    expect((await site.ask('/304')).text()).toBe('mended')
  })

  test('304 to the question of a visitor is his answer', async () => {
    site.on('/his-304', (seen) =>
      seen.field('if-none-match')
        ? 'HTTP/1.1 304 Not Modified\r\nETag: "v"\r\n\r\n'
        : fresh('page', 'ETag: "v"'),
    )
    expect((await site.ask('/his-304', { lines: ['If-None-Match: "v"'] })).status).toBe(304)
    expect((await site.ask('/his-304')).text()).toBe('page')
  })

  test('304 for another version than the one that was asked about: the old one is not refreshed', async () => {
    site.on('/other-304', response('200 OK', ['Cache-Control: max-age=50', 'Age: 100', 'ETag: "v1"'], 'old'))
    await site.ask('/other-304')
    site.on('/other-304', (seen) =>
      seen.field('if-none-match')
        ? 'HTTP/1.1 304 Not Modified\r\nETag: "v2"\r\nCache-Control: max-age=60\r\n\r\n'
        : fresh('new', 'ETag: "v2"'),
    )
    const answer = await site.ask('/other-304')
    expect(['new', '']).toContain(answer.status === 200 ? answer.text() : '')
    expect((await site.ask('/other-304')).text()).toBe('new')
  })

  test('206 without a question is not the whole', async () => {
    site.on(
      '/206',
      response(
        '206 Partial Content',
        ['Content-Range: bytes 0-3/10', 'Cache-Control: max-age=60', 'ETag: "v"'],
        '0123',
      ),
    )
    const answer = await site.ask('/206')
    expect([206, 502]).toContain(answer.status)
    site.on('/206', fresh('0123456789', 'ETag: "v"'))
    const again = await site.ask('/206')
    expect([again.status, again.text()]).toEqual([200, '0123456789'])
  })

  for (const [range, bytes] of [
    ['bytes 5-9/10', 'FGHI'],
    ['bytes 0-99/10', 'FGHI'],
    ['bytes 0-3/2', 'FGHI'],
    ['bytes 3-0/10', 'FGHI'],
    ['bytes */10', 'FGHI'],
    ['bytes 0-3/10, bytes 4-9/10', 'FGHI'],
    ['lines 0-3/10', 'FGHI'],
    ['nonsense', 'FGHI'],
    ['', 'FGHI'],
  ] as const) {
    test(`206 with the range '${range}' and ${bytes.length} bytes: nothing wrong is stored`, async () => {
      const path = `/206-${range.replaceAll(/[^0-9a-z]/g, '-')}`
      site.on(path, part(range, bytes))
      await site.ask(path, { lines: ['Range: bytes=0-3'] })
      const right = '0123456789'
      site.on(path, (seen) => {
        const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(seen.field('range') ?? '') ?? []
        if (first === undefined) return fresh(right, 'ETag: "v"')
        const end = last ? Math.min(9, Number(last)) : 9
        return part(`bytes ${first}-${end}/10`, right.slice(Number(first), end + 1))
      })
      for (const [asked, wanted] of [
        ['bytes=0-3', '0123'],
        ['bytes=5-8', '5678'],
        ['bytes=5-9', '56789'],
        ['bytes=0-', right],
      ] as const) {
        const answer = await site.ask(path, { lines: [`Range: ${asked}`] })
        expect([asked, answer.text()]).toEqual([asked, answer.status === 206 ? wanted : right])
      }
      const whole = await site.ask(path)
      expect([whole.status, whole.text()]).toEqual([200, right])
    })
  }

  for (const [range, bytes] of [
    ['bytes 0-3/10', '0123'],
    ['bytes 4-9/12', 'FGHIJK'],
    ['bytes 4-9/10', 'short'],
    ['bytes 5-9/10', '56789'],
    ['nonsense', '456789'],
  ] as const) {
    test(`the missing part comes as '${range}' with ${bytes.length} bytes: the whole is asked for anew`, async () => {
      const path = `/missing-${range.replaceAll(/[^0-9a-z]/g, '-')}-${bytes.length}`
      site.on(path, part('bytes 0-3/10', '0123'))
      await site.ask(path, { lines: ['Range: bytes=0-3'] })
      site.on(path, (seen) => (seen.field('range') ? part(range, bytes) : fresh('0123456789', 'ETag: "v"')))
      for (let i = 0; i < 2; i++) {
        const answer = await site.ask(path)
        expect([answer.status, answer.text(), answer.end]).toEqual([200, '0123456789', 'length'])
      }
    })
  }

  test('an error of the origin about the request passes as it is', async () => {
    site.on('/413', (seen) => {
      seen.connection.write(response('413 Content Too Large', ['Connection: close'], 'too much'))
      seen.connection.end()
    })
    const answer = await site.ask('/413', { method: 'POST', body: 'x'.repeat(100_000) })
    expect([answer.status, answer.text(), detail(answer)]).toEqual([413, 'too much', 'method'])
  })
})
