// SIGTERM: what is going on is finished, nothing new is taken, and the process ends by itself.
import { expect, test } from 'bun:test'
import { RawClient } from '../../testing/raw-client.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, request, startSite } from '../../testing/site.ts'
import { within } from '../../testing/within.ts'

const ended = (exited: Promise<number | null>) => within(10_000, 'Myriad to end', exited)

test('a request that is under way is answered, then the process ends with 0', async () => {
  const site = await startSite()
  const release = Promise.withResolvers<void>()
  site.on('/slow', async () => {
    await release.promise
    return response('200 OK', ['Cache-Control: no-store'], 'finished')
  })
  const client = await site.connect()
  await client.send(request('/slow'))
  await site.origin.request(1)
  site.myriad.signal('SIGTERM')
  // Nobody new: the listener is closed while the request is still going on.
  for (;;) {
    const refused = await RawClient.connect(site.myriad.port).then(
      async (other) => {
        await other.send(request('/')).catch(() => undefined)
        const answer = await other.response().catch(() => undefined)
        other.destroy()
        return answer?.status === 503
      },
      () => true,
    )
    if (refused) break
  }
  release.resolve()
  const answer = await client.response()
  expect([answer.text(), answer.field('connection')]).toEqual(['finished', 'close'])
  await client.closed()
  expect(await ended(site.myriad.exited)).toBe(0)
  await site.stop()
})

test('a download that is under way is finished', async () => {
  const site = await startSite()
  const release = Promise.withResolvers<void>()
  site.on('/down', async ({ connection }) => {
    connection.write('HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 10\r\n\r\nfirst')
    await release.promise
    connection.write('secnd')
  })
  const client = await site.connect()
  await client.send(request('/down'))
  await client.head()
  site.myriad.signal('SIGTERM')
  release.resolve()
  expect((await client.bytes(10)).toString()).toBe('firstsecnd')
  expect(await ended(site.myriad.exited)).toBe(0)
  await site.stop()
})

test('an idle connection is closed at once', async () => {
  const site = await startSite()
  site.on('/', fresh('page'))
  const client = await site.connect()
  await client.send(request('/'))
  await client.response()
  site.myriad.signal('SIGTERM')
  expect((await client.closed()).length).toBe(0)
  expect(await ended(site.myriad.exited)).toBe(0)
  await site.stop()
})

test('what takes longer than drainTime is cut', async () => {
  const site = await startSite({ edge: { drainTime: '200ms' } })
  site.on('/hang', () => undefined)
  const client = await site.connect()
  await client.send(request('/hang'))
  await site.origin.request(1)
  site.myriad.signal('SIGTERM')
  await client.closed()
  expect(await ended(site.myriad.exited)).toBe(0)
  await site.stop()
})

test('SIGINT does the same', async () => {
  const site = await startSite()
  site.myriad.signal('SIGINT')
  expect(await ended(site.myriad.exited)).toBe(0)
  await site.stop()
})
