// May a stored response answer a request? (RFC 9111 §4; RFC 5861 for stale.) The decision for a hit is a handful of
// comparisons and allocates nothing: all its values but one are constants.
//
// A request's Cache-Control is advice (§5.2.1), and from strangers: it is followed only where the owner says so
// (`obeyRequestDirectives`). `only-if-cached` is always answered: it costs the origin nothing.
import type { RequestFacts } from './facts.ts'
import { completion, holdsRange } from './partial.ts'
import type { CachePolicy } from './policy.ts'
import { ageSeconds, type Stored } from './stored.ts'
import { hasValidator } from './validate.ts'
import { variantKey } from './vary.ts'

/** What to do with a request. */
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

const fresh: Reuse = { kind: 'serve', reason: 'fresh' }
const staleAllowed: Reuse = { kind: 'serve', reason: 'stale-allowed' }
const staleWhileRevalidate: Reuse = { kind: 'serve-and-revalidate', reason: 'stale-while-revalidate' }
const stale: Reuse = { kind: 'revalidate', reason: 'stale' }
const mustValidate: Reuse = { kind: 'revalidate', reason: 'must-validate' }
const requestNoCache: Reuse = { kind: 'revalidate', reason: 'request-no-cache' }
const miss: Reuse = { kind: 'miss', reason: 'miss' }
const varyMiss: Reuse = { kind: 'miss', reason: 'vary-miss' }
const rangeMiss: Reuse = { kind: 'miss', reason: 'range-miss' }
const ofCookies: Reuse = { kind: 'miss', reason: 'cookies' }
const ofAuthorization: Reuse = { kind: 'miss', reason: 'authorization' }
const requestNoStore: Reuse = { kind: 'miss', reason: 'request-no-store' }
const unavailable: Reuse = { kind: 'unavailable', reason: 'only-if-cached' }

/** The decision for a request; `stored` is the variant that `selectVariant` chose for it. */
export function reuse(facts: RequestFacts, stored: Stored, nowMs: number, policy: CachePolicy): Reuse {
  const decision = ofStored(facts, stored, nowMs, policy)
  if (!facts.directives.onlyIfCached) return decision
  return decision.kind === 'serve' || decision.kind === 'serve-and-revalidate' ? decision : unavailable
}

/** The decision when no variant was selected. `anyStored`: there are variants under the key, but none for it. */
export function reuseNothing(facts: RequestFacts, anyStored: boolean): Reuse {
  if (facts.directives.onlyIfCached) return unavailable
  return anyStored ? varyMiss : miss
}

function ofStored(facts: RequestFacts, stored: Stored, nowMs: number, policy: CachePolicy): Reuse {
  if (facts.cookie !== undefined && !stored.sharedWithCookies) return ofCookies
  if (facts.authorization && !stored.sharedWithAuthorization) return ofAuthorization
  // RFC 9111 §4.3.2: conditions that only the origin can judge.
  if (facts.ifMatch) return miss
  if (stored.content.kind === 'part' && !holdsRange(facts, stored, nowMs))
    return ofPart(facts, stored, nowMs, policy)
  if (stored.noCache) return revalidation(stored, mustValidate)
  const obeys = policy.obeyRequestDirectives
  if (obeys && facts.directives.noStore) return requestNoStore
  if (obeys && asksForValidation(facts, stored, nowMs)) return revalidation(stored, requestNoCache)
  if (nowMs < stored.freshUntilMs) return fresh
  if (nowMs < stored.staleWhileRevalidateUntilMs) return staleWhileRevalidate
  if (obeys && allowsStale(facts, stored, nowMs)) return staleAllowed
  return revalidation(stored, stale)
}

/** A part without an entity tag cannot be validated with a range (RFC 9111 §4.3.1): the request goes as it came. */
function revalidation(stored: Stored, how: Reuse): Reuse {
  return stored.content.kind === 'part' && !hasValidator(stored) ? rangeMiss : how
}

/** A part that does not hold what is asked: if it begins the representation and all is asked, the rest is enough. */
function ofPart(facts: RequestFacts, stored: Stored, nowMs: number, policy: CachePolicy): Reuse {
  const usable = nowMs < stored.freshUntilMs && !stored.noCache
  if (!usable || (policy.obeyRequestDirectives && asksForValidation(facts, stored, nowMs))) return rangeMiss
  const rest = completion(facts, stored)
  return rest === undefined ? rangeMiss : { kind: 'complete', reason: 'range-miss', ...rest }
}

/** RFC 9111 §5.2.1.1, §5.2.1.3 and §5.2.1.4. */
function asksForValidation(facts: RequestFacts, stored: Stored, nowMs: number): boolean {
  const { noCache, maxAge, maxStale, minFresh } = facts.directives
  if (noCache) return true
  // max-age=0 is how a reload asks for validation, of a response of this very second too.
  if (maxAge !== undefined && maxStale === undefined && (maxAge === 0 || ageSeconds(stored, nowMs) > maxAge))
    return true
  return minFresh !== undefined && stored.freshUntilMs - nowMs < minFresh * 1000
}

/** RFC 9111 §5.2.1.2, unless the response forbids it (§4.2.4). */
function allowsStale(facts: RequestFacts, stored: Stored, nowMs: number): boolean {
  const { maxStale } = facts.directives
  return maxStale !== undefined && !stored.neverStale && nowMs - stored.freshUntilMs <= maxStale * 1000
}

/**
 * Whether a response that has just arrived, and is or could be stored, may answer this other request for the same key:
 * followers of a fetch ask it. RFC 9111 §4: requests may be collapsed when each could have been answered from the store.
 */
export function sharedWith(facts: RequestFacts, stored: Stored): boolean {
  if (facts.cookie !== undefined && !stored.sharedWithCookies) return false
  if (facts.authorization && !stored.sharedWithAuthorization) return false
  if (facts.ifMatch || stored.noCache || stored.content.kind === 'part') return false
  if (stored.freshUntilMs <= stored.receivedMs) return false
  return stored.vary.length === 0 || variantKey(stored.vary, facts) === stored.variant
}

/** RFC 5861 §4: the statuses that count as an error. */
function isError(failure: OriginFailure): boolean {
  if (failure.kind === 'disconnected') return true
  return failure.status === 500 || (failure.status >= 502 && failure.status <= 504)
}

/**
 * Whether a stale response may be served because the origin failed, and the reason; undefined: not. `stored` is the
 * variant that `reuse` said to revalidate for this request.
 */
export function staleOnFailure(
  facts: RequestFacts,
  stored: Stored,
  failure: OriginFailure,
  nowMs: number,
  policy: CachePolicy,
): 'stale-if-error' | 'stale-disconnected' | undefined {
  if (!isError(failure) || stored.noCache) return undefined
  if (facts.cookie !== undefined && !stored.sharedWithCookies) return undefined
  if (facts.authorization && !stored.sharedWithAuthorization) return undefined
  if (stored.content.kind === 'part' && !holdsRange(facts, stored, nowMs)) return undefined
  const disconnected = failure.kind === 'disconnected'
  const reason = disconnected ? 'stale-disconnected' : 'stale-if-error'
  if (nowMs < stored.staleIfErrorUntilMs) return reason
  const asked = policy.obeyRequestDirectives ? facts.directives.staleIfError : undefined
  // RFC 5861 §4: a request may allow it too, and RFC 9111 §4.2.4: not against what the response forbids.
  if (asked !== undefined && !stored.neverStale && nowMs - stored.freshUntilMs < asked * 1000) return reason
  // RFC 9111 §4.2.4: a disconnected cache may.
  return disconnected && policy.staleOnDisconnect && !stored.neverStale ? reason : undefined
}
