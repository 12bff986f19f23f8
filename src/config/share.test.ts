// What is divided between processes, and what each has whole.
import { expect, test } from 'bun:test'
import { resolveSite } from './resolve.ts'
import { shareOfSite } from './share.ts'

const around = { folder: '/', fileExists: () => true, readFile: () => undefined, nowMs: () => 0 }

test('the sum of the shares is what was allowed, and nobody has none', () => {
  const resolved = resolveSite(
    {
      services: { site: { origin: { http: 'http://127.0.0.1:9000', connectionsMax: 2 } } },
      edge: { connectionsMax: 1000 },
      tiers: { memory: '8MB' },
    },
    around,
  )
  if (resolved.kind !== 'site') throw new Error('the configuration is not valid')
  const { site } = resolved
  expect(shareOfSite(site, 1)).toBe(site)
  const share = shareOfSite(site, 4)
  expect([share.edge.connectionsMax, share.tiers.memory]).toEqual([250, 2 << 20])
  const [service] = share.services
  if (service?.origin.kind !== 'http') throw new Error('not the origin that was configured')
  expect(service.origin.settings.connectionsMax).toBe(1)
  expect(shareOfSite(site, 100).tiers.memory).toBe(1 << 20)
  expect(share.edge.idleTime).toBe(site.edge.idleTime)
})
