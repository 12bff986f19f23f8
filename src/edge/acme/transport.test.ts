// What an authority, or something in between, may answer, and what becomes of it.
import { afterAll, expect, test } from 'bun:test'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { within } from '../../../testing/within.ts'
import { AcmeTrouble } from './problem.ts'
import { transport } from './transport.ts'

const limited = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'slow down' }
const arrived = Promise.withResolvers<void>()
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    switch (new URL(request.url).pathname) {
      case '/echo':
        return Response.json({
          method: request.method,
          body: await request.text(),
          agent: request.headers.get('user-agent'),
        })
      case '/limited':
        return Response.json(limited, { status: 429, headers: { 'Retry-After': '60' } })
      case '/nonce':
        return Response.json({ type: 'urn:ietf:params:acme:error:badNonce' }, { status: 400 })
      case '/page':
        return new Response('<html>', { status: 502 })
      case '/large':
        return new Response('a'.repeat(2 << 20))
      default:
        arrived.resolve()
        return new Promise<Response>(() => undefined)
    }
  },
})
afterAll(() => server.stop(true))

const clock = new FakeClock()
const { axios } = await import('acme-client')
axios.defaults.adapter = transport({ ca: undefined, clock, timers: clock })
const url = (path: string): string => `http://127.0.0.1:${server.port}${path}`

async function trouble(asking: Promise<unknown>): Promise<AcmeTrouble> {
  try {
    await asking
  } catch (error) {
    if (error instanceof AcmeTrouble) return error
    throw error
  }
  throw new Error('it was answered')
}

test('requests go out as the library makes them, and answers come back as it reads them', async () => {
  const { data, status } = await axios.post(url('/echo'), 'signed', {
    headers: { 'Content-Type': 'application/jose+json' },
  })
  expect([status, data]).toEqual([200, { method: 'POST', body: 'signed', agent: 'myriad' }])
})

test('a refusal keeps its problem document and its time, and is not asked again behind our back', async () => {
  expect(await trouble(axios.get(url('/limited')))).toMatchObject({
    kind: 'refused',
    type: 'rateLimited',
    retryAfterMs: 60_000,
    text: 'the authority refused (429): rateLimited: slow down',
  })
})

test('badNonce is for the library, which asks again', async () => {
  const { data } = await axios.get(url('/nonce'), { validateStatus: () => true })
  expect(data).toEqual({ type: 'urn:ietf:params:acme:error:badNonce' })
})

test('an answer that is none of its own, that is too large, or no answer: it is away', async () => {
  expect((await trouble(axios.get(url('/page')))).text).toBe('the authority answered 502: no reason given')
  expect((await trouble(axios.get(url('/large')))).text).toBe(`${url('')}: the answer is too large`)
  expect(await trouble(axios.get('http://127.0.0.1:1/'))).toMatchObject({
    kind: 'away',
    text: expect.stringContaining('http://127.0.0.1:1: '),
  })
})

test('half a minute is waited for', async () => {
  const asking = trouble(axios.get(url('/never')))
  await within(5_000, 'the request', arrived.promise)
  clock.advance(30_000)
  expect(await within(5_000, 'the end', asking)).toMatchObject({
    kind: 'away',
    text: `${url('')}: no answer in time`,
  })
})
