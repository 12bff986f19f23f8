// What a fetch needs of the engine: why and how the origin is asked, and what is handed back.
import type { Clock } from '../base/clock.ts'
import type { Failure } from '../base/failure.ts'
import type { Reason } from '../base/reason.ts'
import type { Stored } from '../cache/stored.ts'
import type { ResponseHead } from '../http/message.ts'
import type { StoredBytes } from '../store/memory/stored-bytes.ts'
import type { Consumer } from './consumer.ts'
import type { Fetch } from './fetch.ts'
import type { Ask } from './forward.ts'
import type { KeptBytes } from './kept-bytes.ts'
import type { Variant } from './variant.ts'
import type { Visit } from './visit.ts'

/** Why and how the origin is asked. */
export interface Plan {
  readonly why: Reason
  readonly ask: Ask
  /** Whether the answer may be stored; if not, `why` is told. */
  readonly store: boolean
  /** Stored, but stale: serves when the origin fails, is updated by a 304 or a HEAD. */
  readonly variant: Variant | undefined
  /** Nobody waits for it: a revalidation in the background. */
  readonly background: boolean
}

/** What a fetch hands back to the engine. */
export interface FetchOwner {
  readonly clock: Clock
  readonly objectBytesMax: number
  /** What all fetches keep. */
  readonly kept: KeptBytes
  /** No longer to be joined. */
  closed(fetch: Fetch): void
  /** The answer is shareable with none but its leader: others are not to wait behind the next one. */
  unshareable(key: string): void
  /** 304 to the plan's validators. Answers the leader and these followers. */
  confirmed(fetch: Fetch, head: ResponseHead, requestMs: number, consumers: readonly Consumer[]): void
  /** The origin failed before a head, or with `status`. Returns whether a stale response could serve the visit. */
  serveStale(consumer: Consumer, plan: Plan, status: number | undefined): boolean
  /** A final head has arrived: unsafe methods invalidate, HEAD updates. */
  headArrived(fetch: Fetch, head: ResponseHead, requestMs: number): void
  put(fetch: Fetch, stored: Stored, body: StoredBytes): void
  /** The rest of a representation has come, and been stored: its leader is answered with the whole. */
  completed(fetch: Fetch): void
  /** The whole is asked for: what came is of no use to this client. */
  whole(consumer: Consumer, plan: Plan): void
  /** A follower that cannot share starts over, on its own. */
  alone(consumer: Consumer): void
  refuse(visit: Visit, failure: Failure): void
  answered(
    visit: Visit,
    tier: 'collapsed' | 'origin' | 'revalidated' | 'browser',
    reason: Reason,
    status: number,
  ): void
  received(bytes: number): void
}
