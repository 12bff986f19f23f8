// May a response be stored? (RFC 9111 §3)
import type { Reason } from '../base/reason.ts'
import type { ResponseHead } from '../http/message.ts'
import type { RequestFacts } from './facts.ts'
import type { CachePolicy } from './policy.ts'
import type { ExchangeTimes, Stored } from './stored.ts'

/** To be stored, as this; or passed on only, and why. */
export type Storable =
  { readonly kind: 'store'; readonly stored: Stored } | { readonly kind: 'pass'; readonly reason: Reason }

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/**
 * Decides on a response's head; the body may still be on its way. `targetUri` is the request's absolute URI: a POST
 * answer is stored for GET when its Content-Location is that (RFC 9110 §9.3.3).
 */
export function storable(
  facts: RequestFacts,
  head: ResponseHead,
  times: ExchangeTimes,
  policy: CachePolicy,
  targetUri: string,
): Storable {
  return todo(facts, head, times, policy, targetUri)
}
