// What every request leaves behind: which tier answered, and why. `src/observe/funnel.ts` counts it.
import type { Reason } from './reason.ts'

/**
 * Who answered, from the cheapest to the dearest:
 * `browser`: 304, the visitor's own copy was still good; `memory`: a stored response; `file`: a file of the site, from
 * the disk; `collapsed`: shared another
 * request's fetch; `revalidated`: the origin only confirmed a stored response (304); `origin`: application code ran;
 * `self`: an answer of Myriad's own (refusals and failures).
 */
export const tiers = ['browser', 'memory', 'file', 'collapsed', 'revalidated', 'origin', 'self'] as const

export type Tier = (typeof tiers)[number]

/**
 * Why a connection is closed before anything of it is read: `full`: there are `edge.connectionsMax`; `per-address`: the
 * address has `edge.connectionsPerAddress`; `banned`: the address is; `memory`: memory is short.
 */
export const connectionRefusals = ['full', 'per-address', 'banned', 'memory'] as const

export type ConnectionRefusal = (typeof connectionRefusals)[number]

/** Takes the outcome of every request, once, when its answer has been decided. Must be cheap: it is on the hit path. */
export interface Recorder {
  /** `startMs` is the monotonic time at which the request's head was complete. */
  answered(tier: Tier, reason: Reason, status: number, startMs: number): void
  /** Bytes of response handed to clients and received from origins. */
  bytes(toClients: number, fromOrigins: number): void
  /** A connection was refused. */
  refused(why: ConnectionRefusal): void
}
