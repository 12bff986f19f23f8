// May a response be stored, and as what? (RFC 9111 §3; §3.3 for parts, §3.5 for Authorization.) Asked once per response,
// when its head has come; the body may still be on its way.
//
// Left out on purpose: responses to HEAD (they update, `validate.ts`), incomplete 200s, and multipart/byteranges.
import type { Reason } from '../base/reason.ts'
import type { Fields } from '../http/fields.ts'
import type { ResponseHead } from '../http/message.ts'
import { parseContentRange } from '../http/range.ts'
import { governing, type Control } from './control.ts'
import type { RequestFacts } from './facts.ts'
import { isHeuristicallyCacheable, lifetimeOf } from './freshness.ts'
import { resolvedKey } from './invalidate.ts'
import type { CachePolicy } from './policy.ts'
import { isSharedWithAuthorization, isSharedWithCookies } from './sharing.ts'
import { storedFields, storesCookie } from './stored-fields.ts'
import { makeStored, type ExchangeTimes, type Stored, type StoredContent } from './stored.ts'
import { variantKey, varyNames } from './vary.ts'

/** To be stored, as this; or passed on only, and why. */
export type Storable =
  { readonly kind: 'store'; readonly stored: Stored } | { readonly kind: 'pass'; readonly reason: Reason }

/**
 * Decides on a response's head. `targetUri` is the request's absolute URI: a POST answer is stored for GET when its
 * Content-Location is that (RFC 9110 §9.3.3).
 */
export function storable(
  facts: RequestFacts,
  head: ResponseHead,
  times: ExchangeTimes,
  policy: CachePolicy,
  targetUri: string,
): Storable {
  // Most refusals are a word in Cache-Control: no other field is made into a string for them.
  const control = governing(head.status, head.lines ?? head.fields, policy)
  const refusal =
    refusedMethod(facts, head, control, targetUri) ??
    refusedStatus(facts, head, control) ??
    refusedDirectives(facts, control, policy)
  if (refusal !== undefined) return pass(refusal)
  const content = contentOf(head)
  if (content === undefined) return pass('partial')
  return decided(facts, { head, fields: head.fields, content, control }, times, policy)
}

/** A response of which a part of the decision has been made. */
export interface Received {
  readonly head: ResponseHead
  /** The head's fields, or the stored ones as a 304 has updated them. */
  readonly fields: Fields
  readonly content: StoredContent
  readonly control: Control
}

/** The second half of the decision: what depends on lifetimes and on whom the response can be shared with. */
export function decided(
  facts: RequestFacts,
  received: Received,
  times: ExchangeTimes,
  policy: CachePolicy,
): Storable {
  const { head, fields, control, content } = received
  const { status } = head
  // The owner's ttl fills silence only where a response cannot be someone's own.
  const ttlApplies = facts.cookie === undefined && !facts.authorization && status !== 206
  const ttlSeconds = ttlApplies ? policy.ttlSeconds : undefined
  const lifetime = lifetimeOf({ control, status, fields, ttlSeconds, receivedMs: times.responseMs })
  const shared = isSharedWithCookies(control, policy, lifetime?.kind === 'explicit')
  if (storesCookie(fields, control, policy) && !(policy.storeSetCookie && shared)) return pass('set-cookie')
  if (facts.authorization && !isSharedWithAuthorization(control)) return pass('authorization')
  if (facts.cookie !== undefined && !shared) return pass('cookies')
  const vary = varyNames(fields.get('vary'))
  if (vary === 'any') return pass('vary-any')
  if (lifetime === undefined) {
    // §3: a status that says nothing of caching needs words that do.
    if (!isHeuristicallyCacheable(status) && !control.directives.public) return pass('status')
    if (!fields.has('etag') && !fields.has('last-modified')) return pass('no-lifetime')
  }
  const isPart = content.kind === 'part'
  const stored = makeStored({
    key: facts.key,
    variant: variantKey(vary, facts),
    vary,
    // §3.3: a part is stored as an incomplete 200.
    status: isPart ? 200 : status,
    reason: isPart ? 'OK' : head.reason,
    fields: storedFields(fields, control, policy, isPart),
    received: head.fields,
    content,
    control,
    lifetime,
    times,
    policy,
  })
  return isUseless(stored) ? pass('no-lifetime') : { kind: 'store', stored }
}

const passes = new Map<Reason, Storable>()

/** The same few, again and again. */
function pass(reason: Reason): Storable {
  let verdict = passes.get(reason)
  if (verdict === undefined) passes.set(reason, (verdict = { kind: 'pass', reason }))
  return verdict
}

/** Never usable without asking the origin for all of it again. */
function isUseless(stored: Stored): boolean {
  if (stored.originEtag !== undefined || stored.lastModified !== undefined) return false
  if (stored.noCache) return true
  const untilMs = Math.max(stored.staleWhileRevalidateUntilMs, stored.staleIfErrorUntilMs)
  // Not `now`: a response that was old when it came may still be served stale.
  return untilMs <= stored.bornMs
}

function refusedMethod(
  facts: RequestFacts,
  head: ResponseHead,
  control: Control,
  targetUri: string,
): Reason | undefined {
  if (facts.method === 'GET' || facts.method === 'QUERY') return undefined
  // RFC 9110 §9.3.3: a 200 to a POST with a stated lifetime and its own target as Content-Location is what a GET of
  // that target would get.
  if (facts.method !== 'POST' || head.status !== 200) return 'method'
  const { sMaxage, maxAge } = control.directives
  const stated = (sMaxage ?? maxAge) !== undefined || (control.expires && head.fields.has('expires'))
  const location = head.fields.get('content-location')
  if (!stated || location === undefined) return 'method'
  return resolvedKey(targetUri, location) === facts.key ? undefined : 'method'
}

/**
 * Statuses that speak of this one request, its conditions, ranges or expectations: stored under the target they would
 * answer requests that have none of that.
 */
const ofOneRequest: ReadonlySet<number> = new Set([304, 412, 416, 417])

function refusedStatus(facts: RequestFacts, head: ResponseHead, control: Control): Reason | undefined {
  if (head.status < 200 || ofOneRequest.has(head.status)) return 'status'
  // RFC 9110 §15.3.7: parts are of GET.
  if (head.status === 206 && facts.method !== 'GET') return 'partial'
  if (control.directives.mustUnderstand && !isUnderstood(head.status)) return 'not-understood'
  return undefined
}

function refusedDirectives(facts: RequestFacts, control: Control, policy: CachePolicy): Reason | undefined {
  const { directives } = control
  // RFC 9111 §5.2.2.3: must-understand, when the status is understood, has no-store ignored.
  if (directives.noStore && !directives.mustUnderstand) return 'no-store'
  if (directives.private) return 'private'
  if (policy.obeyRequestDirectives && facts.directives.noStore) return 'request-no-store'
  return undefined
}

/** The final statuses of RFC 9110 §15, 428, 429, 431, 451 and 511: none of them asks for more of a cache than this one does. */
function isUnderstood(status: number): boolean {
  if (status >= 200 && status <= 206) return true
  if (status >= 300 && status <= 308) return status !== 306
  if (status >= 400 && status <= 417) return true
  return [421, 422, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511].includes(status)
}

/** What the body will be of the representation; undefined: a part that cannot be stored. */
function contentOf(head: ResponseHead): StoredContent | undefined {
  if (head.status !== 206) return { kind: 'whole' }
  const value = head.fields.get('content-range')
  const range = value === undefined ? undefined : parseContentRange(value)
  if (range?.kind !== 'range') return undefined
  const { first, last, total } = range
  const length = head.fields.get('content-length')
  const bytes = length !== undefined && /^[0-9]+$/.test(length) ? Number(length) : last - first + 1
  if (bytes === last - first + 1) return { kind: 'part', first, last, total }
  // A body shorter than Content-Range says, framed as complete, that ends the representation: the framing is
  // believed, and the representation ends where the body does.
  if (bytes === 0 || bytes > last - first || last + 1 !== total) return undefined
  return { kind: 'part', first, last: first + bytes - 1, total: first + bytes }
}
