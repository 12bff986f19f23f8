// Validation (RFC 9111 §4.3): the conditions to ask an origin with, which stored responses its 304 or its answer to a
// HEAD speaks of, and what becomes of them (§3.2).
import { isStrong, strongMatch, weakMatch } from '../http/etag.ts'
import type { Fields } from '../http/fields.ts'
import { endToEnd } from '../http/hopbyhop.ts'
import type { ResponseHead } from '../http/message.ts'
import { governing } from './control.ts'
import type { RequestFacts } from './facts.ts'
import type { CachePolicy } from './policy.ts'
import { decided } from './storable.ts'
import { storedFields } from './stored-fields.ts'
import { lastModifiedOf, makeStored, type ExchangeTimes, type Stored } from './stored.ts'

/** Whether there is anything to ask the origin with. */
export function hasValidator(stored: Stored): boolean {
  return preconditions(stored).length > 0
}

/** The precondition fields for the origin (§4.3.1); empty without a validator. */
export function preconditions(stored: Stored): readonly (readonly [name: string, value: string])[] {
  const fields: [string, string][] = []
  if (stored.originEtag !== undefined) fields.push(['If-None-Match', stored.originEtag])
  // §4.3.1: the date only when the request is not for a range.
  if (stored.lastModified !== undefined && stored.content.kind === 'whole')
    fields.push(['If-Modified-Since', stored.lastModified])
  return fields
}

/**
 * Which stored responses a 304 updates (§4.3.4), given those whose validators were sent; when none is, the request has
 * to be made again without conditions.
 */
export function updatedBy<S extends Stored>(
  candidates: readonly S[],
  notModified: ResponseHead,
): readonly S[] {
  const { fields } = notModified
  const etag = fields.first('etag')?.trim()
  if (etag !== undefined && isStrong(etag))
    return candidates.filter(({ originEtag }) => originEtag !== undefined && strongMatch(originEtag, etag))
  const matching = candidates.filter((stored) => matchesWeakly(stored, etag, fields))
  const latest = latestOf(matching)
  if (latest !== undefined) return [latest]
  // §4.3.4 updates a single candidate without validators from a 304 without any. A 304 that leaves them out though they
  // were asked with (many do) can speak of nothing but the one response that was asked about.
  return etag === undefined && !fields.has('last-modified') && candidates.length === 1 ? candidates : []
}

function matchesWeakly(stored: Stored, etag: string | undefined, fields: Fields): boolean {
  if (etag !== undefined) return stored.originEtag !== undefined && weakMatch(stored.originEtag, etag)
  const lastModifiedMs = lastModifiedOf(fields, stored.receivedMs)
  return lastModifiedMs !== undefined && stored.lastModifiedMs === lastModifiedMs
}

function latestOf<S extends Stored>(stored: readonly S[]): S | undefined {
  let latest: S | undefined
  for (const each of stored) if (latest === undefined || each.dateMs >= latest.dateMs) latest = each
  return latest
}

/** A stored response after an update: to be used for the request at hand, and to be kept in the store unless not. */
export interface Freshened {
  readonly stored: Stored
  /** False: what it says now forbids to store it; it may answer this request alone. */
  readonly keep: boolean
}

/** The stored response after a 304 or a HEAD's 200: fields updated (§3.2), times and windows computed anew. */
export function freshened(
  facts: RequestFacts,
  stored: Stored,
  update: ResponseHead,
  times: ExchangeTimes,
  policy: CachePolicy,
): Freshened {
  const merged = updatedFields(stored, endToEnd(update.fields))
  // RFC 9110 §6.6.1: without a Date of its own the update is of the time of its receipt, not of the stored Date.
  if (!update.fields.has('date')) merged.delete('date')
  const control = governing(stored.status, merged, policy)
  const { noStore, mustUnderstand, private: isPrivate } = control.directives
  // Age is the update's: the stored response is now as old as that (§4.2.3).
  const head = { status: stored.status, reason: stored.reason, fields: update.fields }
  const { content } = stored
  const decision = decided(facts, { head, fields: merged, content, control }, times, policy)
  if (decision.kind === 'pass' || (noStore && !mustUnderstand) || isPrivate) {
    const { key, variant, vary, status, reason } = stored
    const fields = storedFields(merged, control, policy, content.kind === 'part')
    const parts = { key, variant, vary, status, reason, fields, content, control, times, policy }
    return { stored: makeStored({ ...parts, received: update.fields, lifetime: undefined }), keep: false }
  }
  const sameNames = String(decision.stored.vary) === String(stored.vary)
  // One 304 may update variants that other requests were made for; their keys stay what they are.
  const variant = sameNames ? stored.variant : decision.stored.variant
  return { stored: { ...decision.stored, key: stored.key, variant }, keep: true }
}

/**
 * Fields that an update leaves alone (§3.2): Content-Length, and what the stored body was made by: another coding or
 * range in the update would not fit it.
 */
const notUpdated: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'transfer-encoding',
])

/** The stored fields with each field of the update in place of all lines of that name (§3.2). */
export function updatedFields(stored: Stored, update: Fields): Fields {
  const merged = stored.fields.clone()
  if (stored.originEtag === undefined) merged.delete('etag')
  else merged.set('ETag', stored.originEtag)
  const names = new Set(update.keys.filter((key) => !notUpdated.has(key)))
  for (const name of names) merged.delete(name)
  for (let i = 0; i < update.keys.length; i++)
    if (names.has(update.keys[i]!)) merged.append(update.names[i]!, update.values[i]!)
  return merged
}

/** What an answer to a HEAD does to the stored response that a GET would have been answered with (§4.3.5). */
export type HeadEffect = 'none' | 'update' | 'invalidate'

/** `bodyBytes`: the length of the stored representation; undefined when not known. */
export function headEffect(stored: Stored, bodyBytes: number | undefined, head: ResponseHead): HeadEffect {
  if (head.status !== 200 || stored.status !== 200) return 'none'
  const etag = head.fields.first('etag')?.trim()
  if (etag !== undefined && etag !== stored.originEtag) return 'invalidate'
  if (head.fields.has('last-modified')) {
    const lastModifiedMs = lastModifiedOf(head.fields, stored.receivedMs)
    if (lastModifiedMs !== stored.lastModifiedMs) return 'invalidate'
  }
  const length = head.fields.get('content-length')
  if (length !== undefined && bodyBytes !== undefined && length.trim() !== String(bodyBytes))
    return 'invalidate'
  return 'update'
}
