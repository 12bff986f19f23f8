// May a stored response answer a request? (RFC 9111 §4)
import type { RequestFacts } from './facts.ts'
import type { CachePolicy } from './policy.ts'
import type { Stored } from './stored.ts'

/** What to do with a request. All values are constants but `complete`: a hit allocates nothing. */
export type Reuse =
  /** Answer from the stored response. */
  | { readonly kind: 'serve'; readonly reason: 'fresh' | 'stale-allowed' }
  /** Answer from it, and revalidate it in the background. */
  | { readonly kind: 'serve-and-revalidate'; readonly reason: 'stale-while-revalidate' }
  /** Ask the origin, with the stored response's validators when it has any (`validate.ts`). */
  | { readonly kind: 'revalidate'; readonly reason: 'stale' | 'must-validate' | 'request-no-cache' }
  /** A stored part begins the representation: ask for the rest with this Range (`partial.ts`). */
  | {
      readonly kind: 'complete'
      readonly reason: 'range-miss'
      readonly range: string
      readonly ifRange: string | undefined
    }
  /** Ask the origin; the stored response is of no use to this request. */
  | {
      readonly kind: 'miss'
      readonly reason: 'miss' | 'vary-miss' | 'range-miss' | 'cookies' | 'authorization' | 'request-no-store'
    }
  /** The request wants a stored response only, and there is none for it: 504 (RFC 9111 §5.2.1.7). */
  | { readonly kind: 'unavailable'; readonly reason: 'only-if-cached' }

/** How an attempt to reach the origin failed; `disconnected`: no answer at all. */
export type OriginFailure =
  { readonly kind: 'status'; readonly status: number } | { readonly kind: 'disconnected' }

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** The decision for a request; `stored` is the selected variant. */
export function reuse(facts: RequestFacts, stored: Stored, nowMs: number, policy: CachePolicy): Reuse {
  return todo(facts, stored, nowMs, policy)
}

/** The decision when no variant was selected. `anyStored`: there are variants under the key, but none for it. */
export function reuseNothing(facts: RequestFacts, anyStored: boolean): Reuse {
  return todo(facts, anyStored)
}

/** Whether a stored (or just arriving) response may answer this other request: followers of a fetch ask it. */
export function sharedWith(facts: RequestFacts, stored: Stored): boolean {
  return todo(facts, stored)
}

/** Whether a stale response may be served because the origin failed, and the reason; undefined: not. */
export function staleOnFailure(
  facts: RequestFacts,
  stored: Stored,
  failure: OriginFailure,
  nowMs: number,
  policy: CachePolicy,
): 'stale-if-error' | 'stale-disconnected' | undefined {
  return todo(facts, stored, failure, nowMs, policy)
}
