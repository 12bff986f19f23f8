// Which changes of a configuration leave what is stored as it is.
import { expect, test } from 'bun:test'
import { resolveSite } from './resolve.ts'

const around = { folder: '/', fileExists: () => true, readFile: () => undefined, nowMs: () => 0 }
const base = {
  services: { site: { origin: 'http://127.0.0.1:9000' }, api: { origin: 'http://127.0.0.1:9001' } },
  routes: [
    { path: '/api/*', service: 'api' },
    { path: '/*', service: 'site', cache: { ttl: '1m' } },
  ],
}

function marks(change: object): string[] {
  const resolved = resolveSite({ ...base, ...change }, around)
  if (resolved.kind !== 'site') throw new Error(JSON.stringify(resolved.problems))
  return resolved.site.routes.routes.map(({ mark }) => mark)
}

/** Which of the two routes keep what is stored under a change. */
const kept = (change: object): boolean[] => {
  const before = marks({})
  return marks(change).map((mark, i) => mark === before[i])
}

test('what has nothing to do with answers changes nothing', () => {
  expect(kept({ edge: { idleTime: '1s' }, tiers: { memory: '64MB' }, purge: { loopback: false } })).toEqual([
    true,
    true,
  ])
  expect(kept({ rules: [{ path: '/old', redirect: '/new' }] })).toEqual([true, true])
  const limits = { rate: { requests: 5, per: '1s' }, bodyBytes: '1MB' }
  expect(kept({ routes: [{ ...base.routes[0], ...limits }, base.routes[1]] })).toEqual([true, true])
})

test('a changed route or service is another one, and only that', () => {
  expect(kept({ services: { ...base.services, api: { origin: 'http://127.0.0.1:9002' } } })).toEqual([
    false,
    true,
  ])
  expect(kept({ routes: [base.routes[0], { ...base.routes[1], cache: { cookies: 'drop' } }] })).toEqual([
    true,
    false,
  ])
})

test('a page rule that changes answers concerns every route', () => {
  expect(kept({ rules: [{ path: '/x', ttl: '1m' }] })).toEqual([false, false])
})
