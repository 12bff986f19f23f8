// Tunnels (RFC 9110 §7.8): they last, so they have a limit of their own and take no place from ordinary requests.
import { afterEach, expect, test } from 'bun:test'
import { httpOrigin } from '../../../testing/http-origin.ts'
import { response, startRawOrigin } from '../../../testing/raw-origin.ts'
import type { HttpOriginSettings } from './settings.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function setup(settings: Partial<HttpOriginSettings>) {
  const server = await startRawOrigin(({ connection, target }) => {
    if (target !== '/tunnel') return response('200 OK', [], 'hello')
    connection.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    connection.tunnel()
    return undefined
  })
  cleanups.push(() => server.stop())
  const made = httpOrigin(server.port, settings)
  cleanups.push(() => made.origin.close())
  const tunnel = async () => {
    const answer = made.ask({ path: '/tunnel', upgrade: 'x' })
    await answer.until('an answer', () => answer.outcome !== 'open')
    return answer
  }
  return { ...made, server, tunnel }
}

test('as many as connections may be open leave room for requests, also for those that wait', async () => {
  const { ask, tunnel, origin } = await setup({ connectionsMax: 1 })
  const [opening, waiting] = [tunnel(), ask()]
  expect((await opening).outcome).toBe('upgraded')
  expect(await waiting.result()).toBe('ended')
  expect((await tunnel()).outcome).toBe('upgraded')
  const after = ask()
  expect([await after.result(), after.body]).toEqual(['ended', 'hello'])
  expect(origin.connections.open).toBe(3)
})

test('more than may be open are refused, until one ends', async () => {
  const { server, ask, tunnel, origin } = await setup({ tunnelsMax: 1 })
  const first = await tunnel()
  expect((await tunnel()).failure?.code).toBe('origin-busy')
  expect(await ask().result()).toBe('ended')
  first.call.abort()
  expect(origin.connections.open).toBe(1)
  expect((await tunnel()).outcome).toBe('upgraded')
  expect(server.requests.filter(({ target }) => target === '/tunnel')).toHaveLength(2)
})
