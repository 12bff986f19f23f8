// The funnel: how many requests there were, and how few of them were left for the application. Counters in typed
// arrays, so that counting a request allocates nothing; they only grow, and whoever shows them takes a snapshot.
import type { Clock } from '../base/clock.ts'
import { reasons, type Reason } from '../base/reason.ts'
import {
  connectionRefusals,
  tiers,
  type ConnectionRefusal,
  type Recorder,
  type Tier,
} from '../base/record.ts'
import { snapshotOfCounters, type FunnelCounters } from './counters.ts'
import { Histogram, type Percentiles } from './histogram.ts'

/** What the funnel held at one moment; plain data, so that it can be sent as JSON. */
export interface FunnelSnapshot {
  readonly requests: number
  /** Requests by who answered them. */
  readonly tiers: Readonly<Record<Tier, number>>
  /** The share of the visitors' requests for which no application code ran, 0 to 1; undefined before the first. */
  readonly withoutApplication: number | undefined
  /** Each reason that has occurred, the most frequent first. */
  readonly reasons: readonly ReasonCount[]
  /** Answers by the first digit of their status; the first stands for 1xx. */
  readonly statusClasses: readonly number[]
  readonly recent: Recent
  /** From the end of the request's head to the decision on its answer. */
  readonly latencyMs: Readonly<Record<Tier, Percentiles | undefined>>
  readonly bytes: { readonly toClients: number; readonly fromOrigins: number }
  /** Connections that were closed unread. */
  readonly refusedConnections: Readonly<Record<ConnectionRefusal, number>>
}

export interface ReasonCount {
  readonly reason: Reason
  readonly tier: Tier
  readonly requests: number
}

/** The last whole seconds. */
export interface Recent {
  readonly seconds: number
  readonly perSecond: number
  readonly withoutApplication: number | undefined
}

const reasonNames = Object.keys(reasons) as Reason[]
// Objects: a known property is found faster than a key of a Map, and each request looks up two.
const reasonIndex = Object.fromEntries(reasonNames.map((reason, i) => [reason, i])) as Record<Reason, number>
const tierIndex = Object.fromEntries(tiers.map((tier, i) => [tier, i])) as Record<Tier, number>

/** Seconds that are kept one by one; a power of two. */
const secondsKept = 64

/** Counts the outcome of every request. */
export class Funnel implements Recorder {
  readonly #clock: Clock
  readonly #startMs: number
  /** Requests by tier and reason. */
  readonly #counts = new Float64Array(tiers.length * reasonNames.length)
  readonly #statusClasses = new Float64Array(5)
  readonly #latency = tiers.map(() => new Histogram())
  /** A ring: requests by second and tier, and which second each of its slots holds. */
  readonly #seconds = new Float64Array(secondsKept * tiers.length)
  readonly #secondOf = new Float64Array(secondsKept).fill(-1)
  #bytesToClients = 0
  #bytesFromOrigins = 0
  readonly #refused = new Float64Array(connectionRefusals.length)

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.monotonicMs()
  }

  answered(tier: Tier, reason: Reason, status: number, startMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    const t = tierIndex[tier]
    this.#counts[t * reasonNames.length + reasonIndex[reason]]!++
    this.#statusClasses[((status / 100) | 0) - 1]!++
    this.#latency[t]!.add((nowMs - startMs) * 1000)

    const second = Math.floor(nowMs / 1000)
    const slot = second & (secondsKept - 1)
    if (this.#secondOf[slot] !== second) {
      this.#secondOf[slot] = second
      this.#seconds.fill(0, slot * tiers.length, (slot + 1) * tiers.length)
    }
    this.#seconds[slot * tiers.length + t]!++
  }

  bytes(toClients: number, fromOrigins: number): void {
    this.#bytesToClients += toClients
    this.#bytesFromOrigins += fromOrigins
  }

  refused(why: ConnectionRefusal): void {
    this.#refused[connectionRefusals.indexOf(why)]!++
  }

  /** All counters as they are now; rates over the last `seconds` whole seconds. */
  snapshot(seconds = 10): FunnelSnapshot {
    return snapshotOfCounters(this.counters(seconds))
  }

  /** As `snapshot`, before anything is worked out: to be added to those of other processes. */
  counters(seconds = 10): FunnelCounters {
    return {
      requests: tiers.flatMap((tier, t) =>
        reasonNames.flatMap((reason, r) => {
          const requests = this.#counts[t * reasonNames.length + r]!
          return requests === 0 ? [] : [[tier, reason, requests] as const]
        }),
      ),
      statusClasses: [...this.#statusClasses],
      latency: tiers.flatMap((tier, t) => {
        const buckets = this.#latency[t]!.buckets()
        return buckets.length === 0 ? [] : [[tier, buckets] as const]
      }),
      recent: this.#recent(seconds),
      bytes: { toClients: this.#bytesToClients, fromOrigins: this.#bytesFromOrigins },
      refusedConnections: Object.fromEntries(
        connectionRefusals.map((why, i) => [why, this.#refused[i]!]),
      ) as Record<ConnectionRefusal, number>,
    }
  }

  #recent(secondsWanted: number): FunnelCounters['recent'] {
    const nowMs = this.#clock.monotonicMs()
    const age = Math.floor((nowMs - this.#startMs) / 1000)
    // The current second is not over yet: it would drag the rate down.
    const seconds = Math.max(1, Math.min(secondsWanted, secondsKept - 1, age))
    const current = Math.floor(nowMs / 1000)
    const byTier = tiers.map(() => 0)
    for (let second = current - seconds; second < current; second++) {
      const slot = second & (secondsKept - 1)
      if (this.#secondOf[slot] !== second) continue
      tiers.forEach((_, t) => (byTier[t]! += this.#seconds[slot * tiers.length + t]!))
    }
    return { seconds, tiers: tiers.map((tier, t) => [tier, byTier[t]!]) }
  }
}
