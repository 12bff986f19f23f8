// The funnel's counters as plain data: what one process tells of itself, so that those of several are added up before
// anything is worked out from them. Sums of counts and of histograms are exact. By name and not by place: two versions of
// the program may count for one site.
import type { Reason } from '../base/reason.ts'
import { connectionRefusals, tiers, type ConnectionRefusal, type Tier } from '../base/record.ts'
import type { FunnelSnapshot, Recent } from './funnel.ts'
import { Histogram, type Bucket } from './histogram.ts'

/** Everything that is counted. What has not occurred is left out. */
export interface FunnelCounters {
  readonly requests: readonly (readonly [tier: Tier, reason: Reason, requests: number])[]
  readonly statusClasses: readonly number[]
  readonly latency: readonly (readonly [tier: Tier, buckets: readonly Bucket[]])[]
  /** Requests by tier within the last whole seconds. */
  readonly recent: { readonly seconds: number; readonly tiers: readonly (readonly [Tier, number])[] }
  readonly bytes: { readonly toClients: number; readonly fromOrigins: number }
  readonly refusedConnections: Readonly<Partial<Record<ConnectionRefusal, number>>>
}

export const noCounters: FunnelCounters = {
  requests: [],
  statusClasses: [0, 0, 0, 0, 0],
  latency: [],
  recent: { seconds: 1, tiers: [] },
  bytes: { toClients: 0, fromOrigins: 0 },
  refusedConnections: {},
}

/**
 * The sum of several. A process that runs for less than the last seconds has counted all that it did, so its requests are
 * added and the longest time holds; the seconds of two processes begin up to a second apart.
 */
export function sumOfCounters(all: readonly FunnelCounters[]): FunnelCounters {
  const requests = new Map<string, readonly [Tier, Reason, number]>()
  const latency = new Map<Tier, Histogram>()
  const recent = new Map<Tier, number>()
  for (const one of all) {
    for (const [tier, reason, count] of one.requests) {
      const key = `${tier} ${reason}`
      requests.set(key, [tier, reason, (requests.get(key)?.[2] ?? 0) + count])
    }
    for (const [tier, buckets] of one.latency) {
      const histogram = latency.get(tier) ?? new Histogram()
      latency.set(tier, histogram)
      histogram.addBuckets(buckets)
    }
    for (const [tier, count] of one.recent.tiers) recent.set(tier, (recent.get(tier) ?? 0) + count)
  }
  const total = (of: (one: FunnelCounters) => number): number => all.reduce((sum, one) => sum + of(one), 0)
  return {
    requests: [...requests.values()],
    statusClasses: noCounters.statusClasses.map((_, i) => total((one) => one.statusClasses[i] ?? 0)),
    latency: [...latency].map(([tier, histogram]) => [tier, histogram.buckets()]),
    recent: { seconds: Math.max(1, ...all.map((one) => one.recent.seconds)), tiers: [...recent] },
    bytes: {
      toClients: total((one) => one.bytes.toClients),
      fromOrigins: total((one) => one.bytes.fromOrigins),
    },
    refusedConnections: perRefusal((why) => total((one) => one.refusedConnections[why] ?? 0)),
  }
}

/** What stays of a process that has ended: it has done nothing lately. */
export function endedCounters(counters: FunnelCounters): FunnelCounters {
  return { ...counters, recent: noCounters.recent }
}

/** What is shown. */
export function snapshotOfCounters(counters: FunnelCounters): FunnelSnapshot {
  const byTier = new Map<Tier, number>()
  for (const [tier, , count] of counters.requests) byTier.set(tier, (byTier.get(tier) ?? 0) + count)
  const latency = new Map(
    counters.latency.map(([tier, buckets]) => {
      const histogram = new Histogram()
      histogram.addBuckets(buckets)
      return [tier, histogram.percentilesMs()]
    }),
  )
  return {
    requests: [...byTier.values()].reduce((all, count) => all + count, 0),
    tiers: perTier((tier) => byTier.get(tier) ?? 0),
    withoutApplication: withoutApplication(byTier),
    reasons: counters.requests
      .map(([tier, reason, requests]) => ({ reason, tier, requests }))
      .toSorted((a, b) => b.requests - a.requests),
    statusClasses: counters.statusClasses,
    recent: recentOf(counters.recent),
    latencyMs: perTier((tier) => latency.get(tier)),
    bytes: counters.bytes,
    refusedConnections: perRefusal((why) => counters.refusedConnections[why] ?? 0),
  }
}

function recentOf({ seconds, tiers: counts }: FunnelCounters['recent']): Recent {
  const requests = counts.reduce((all, [, count]) => all + count, 0)
  return { seconds, perSecond: requests / seconds, withoutApplication: withoutApplication(new Map(counts)) }
}

/**
 * The number that Myriad exists for. A confirmation (304) counts as application code, since the application was
 * asked; Myriad's own refusals and failures are left out on both sides, so that neither an attack nor an outage makes
 * the share look better.
 */
function withoutApplication(byTier: ReadonlyMap<Tier, number>): number | undefined {
  const count = (tier: Tier): number => byTier.get(tier) ?? 0
  const spared = count('browser') + count('memory') + count('file') + count('collapsed')
  const all = spared + count('revalidated') + count('origin')
  return all === 0 ? undefined : spared / all
}

function perTier<T>(value: (tier: Tier) => T): Record<Tier, T> {
  return Object.fromEntries(tiers.map((tier) => [tier, value(tier)])) as Record<Tier, T>
}

function perRefusal(value: (why: ConnectionRefusal) => number): Record<ConnectionRefusal, number> {
  return Object.fromEntries(connectionRefusals.map((why) => [why, value(why)])) as Record<
    ConnectionRefusal,
    number
  >
}
