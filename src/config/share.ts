// One process's share of a site: what the owner allows the machine is divided by the number of its processes. Each has
// connections and a memory tier of its own.
import type { OriginConfig, Site } from './site.ts'

/** The smallest memory tier that is of use. */
const MEMORY_BYTES_MIN = 1 << 20

/** What one of `processes` processes serves. */
export function shareOfSite(site: Site, processes: number): Site {
  if (processes === 1) return site
  const share = (value: number): number => Math.ceil(value / processes)
  return {
    ...site,
    edge: { ...site.edge, connectionsMax: share(site.edge.connectionsMax) },
    tiers: { ...site.tiers, memory: Math.max(MEMORY_BYTES_MIN, Math.floor(site.tiers.memory / processes)) },
    services: site.services.map((each) => ({ ...each, origin: shareOfOrigin(each.origin, share) })),
  }
}

/** php-fpm's connections are set for one process, and bounded by a share of its workers (`shareOfWorkers`). */
function shareOfOrigin(origin: OriginConfig, share: (value: number) => number): OriginConfig {
  if (origin.kind !== 'http') return origin
  const { connectionsMax, tunnelsMax, queueMax } = origin.settings
  return {
    ...origin,
    settings: {
      ...origin.settings,
      connectionsMax: share(connectionsMax),
      tunnelsMax: share(tunnelsMax),
      queueMax: share(queueMax),
    },
  }
}
