// Behind a load balancer that passes on TCP: the client is the one that the PROXY protocol tells.
import { afterEach, describe, expect, test } from 'bun:test'
import { RawClient } from '../../testing/raw-client.ts'
import { response } from '../../testing/raw-origin.ts'
import { request, type Site, startSite } from '../../testing/site.ts'

let site: Site
afterEach(() => site.stop())

const line = (address: string) => `PROXY TCP4 ${address} 127.0.0.1 50000 80\r\n`

/** Sends bytes on a connection of the load balancer's. */
async function balancer(bytes: string): Promise<RawClient> {
  const client = await RawClient.connect(site.myriad.port, '127.0.0.2')
  await client.send(bytes)
  return client
}

/** The status of the answer; undefined when the connection is ended without one. */
async function status(client: RawClient): Promise<number | undefined> {
  const answer = await client.response().catch(() => undefined)
  client.destroy()
  return answer?.status
}

async function start(edge: Readonly<Record<string, unknown>> = {}): Promise<void> {
  site = await startSite({ edge: { proxyProtocol: '127.0.0.2', ...edge } })
  site.on('/', ({ fields }) => {
    const from = fields.find(([name]) => name.toLowerCase() === 'x-forwarded-for')?.[1]
    return response('200 OK', ['Cache-Control: no-store'], `for ${from}`)
  })
}

test('the application is told the address, for each request of the connection', async () => {
  await start()
  const client = await balancer(line('192.0.2.1') + request('/'))
  expect((await client.response()).text()).toBe('for 192.0.2.1')
  await client.send(request('/'))
  expect((await client.response()).text()).toBe('for 192.0.2.1')
  client.destroy()
})

test('in pieces, also with the request in the last one', async () => {
  await start()
  const bytes = line('192.0.2.1') + request('/')
  const client = await balancer('')
  for (const piece of [bytes.slice(0, 3), bytes.slice(3, 40), bytes.slice(40, 60), bytes.slice(60)]) {
    await client.send(piece)
    await site.ask('/')
  }
  expect((await client.response()).text()).toBe('for 192.0.2.1')
  client.destroy()
})

test('version 2', async () => {
  await start()
  const header = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x09\x7f\0\0\x01\0\x01\0\x50'
  const client = await balancer(header + request('/'))
  expect((await client.response()).text()).toBe('for 192.0.2.9')
  client.destroy()
})

describe('who may say so', () => {
  test('the load balancer must; from others it is a bad request', async () => {
    await start()
    expect(await status(await balancer(request('/')))).toBe(400)
    const stranger = await RawClient.connect(site.myriad.port, '127.0.0.3')
    await stranger.send(line('192.0.2.1') + request('/'))
    expect(await status(stranger)).toBe(400)
    const plain = await RawClient.connect(site.myriad.port, '127.0.0.3')
    await plain.send(request('/'))
    expect((await plain.response()).text()).toBe('for 127.0.0.3')
    plain.destroy()
  })
})

test('bans and connections per address are those of the client, and no limit of the load balancer', async () => {
  await start({ ban: '192.0.2.66', connectionsPerAddress: 2 })
  expect(await status(await balancer(line('192.0.2.66') + request('/')))).toBeUndefined()
  const first = await balancer(line('192.0.2.1') + request('/'))
  const second = await balancer(line('192.0.2.1') + request('/'))
  expect([(await first.response()).status, (await second.response()).status]).toEqual([200, 200])
  expect(await status(await balancer(line('192.0.2.1') + request('/')))).toBeUndefined()
  expect(await status(await balancer(line('192.0.2.2') + request('/')))).toBe(200)
  first.halfClose()
  await first.closed()
  expect(await status(await balancer(line('192.0.2.1') + request('/')))).toBe(200)
  second.destroy()
})

test('a header that does not come to its end is given as long as a head', async () => {
  site = await startSite({ edge: { proxyProtocol: '127.0.0.2' }, limits: { headTime: '300ms' } })
  const client = await balancer('PROXY TCP4')
  expect(await status(client)).toBe(408)
})
