// Validation (RFC 9111 §4.3).
import type { ResponseHead } from '../http/message.ts'
import type { RequestFacts } from './facts.ts'
import type { CachePolicy } from './policy.ts'
import type { ExchangeTimes, Stored } from './stored.ts'

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** Whether there is anything to validate it with. */
export function hasValidator(stored: Stored): boolean {
  return stored.etag !== undefined || stored.lastModified !== undefined
}

/** The precondition fields for the origin (§4.3.1); empty without a validator. */
export function preconditions(stored: Stored): readonly (readonly [name: string, value: string])[] {
  return todo(stored)
}

/** Which stored responses a 304 updates (§4.3.4), given those whose validators were sent; may be none. */
export function updatedBy<S extends Stored>(
  candidates: readonly S[],
  notModified: ResponseHead,
): readonly S[] {
  return todo(candidates, notModified)
}

/** The stored response after a 304 or a HEAD's 200: fields updated (§3.2), times and windows computed anew. */
export function freshened(
  facts: RequestFacts,
  stored: Stored,
  update: ResponseHead,
  times: ExchangeTimes,
  policy: CachePolicy,
): Stored {
  return todo(facts, stored, update, times, policy)
}

/** What a 200 to a HEAD does to the stored response of the same variant (§4.3.5). */
export function headEffect(stored: Stored, bodyBytes: number, head: ResponseHead): 'update' | 'invalidate' {
  return todo(stored, bodyBytes, head)
}
