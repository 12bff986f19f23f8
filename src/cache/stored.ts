// The metadata of one stored response (RFC 9111 §3), everything computed when it is stored, so that a hit compares
// numbers. The body belongs to the store.
import { createHash } from 'node:crypto'
import { formatHttpDate, parseHttpDate } from '../http/date.ts'
import type { Fields } from '../http/fields.ts'
import type { Control } from './control.ts'
import { initialAgeMs, type Lifetime } from './freshness.ts'
import type { CachePolicy } from './policy.ts'
import { isSharedWithAuthorization, isSharedWithCookies } from './sharing.ts'

/** When the request was sent and its response head received; wall-clock milliseconds. */
export interface ExchangeTimes {
  readonly requestMs: number
  readonly responseMs: number
}

/** Which bytes of the representation are stored; `last` is inclusive; `total` undefined: not known. */
export type StoredContent =
  | { readonly kind: 'whole' }
  | {
      readonly kind: 'part'
      readonly first: number
      readonly last: number
      readonly total: number | undefined
    }

/** One stored response without its body. */
export interface Stored {
  /** Primary key, and the key among the variants under it. */
  readonly key: string
  readonly variant: string
  /** Lower-cased names of request fields that select it (Vary), sorted; without Accept-Encoding. */
  readonly vary: readonly string[]
  /** 200 for a part: it is stored as an incomplete 200 (RFC 9111 §3.3). */
  readonly status: number
  readonly reason: string
  /** As stored: without hop-by-hop fields, Age and the fields that must not be stored; always with a valid Date. */
  readonly fields: Fields
  readonly content: StoredContent
  /** The entity tag that clients get: the origin's, or the owner's (`policy.etag`). */
  readonly etag: string | undefined
  /** The entity tag that the origin gave: what it is asked with. */
  readonly originEtag: string | undefined
  /** As the origin spelled it; undefined when it is no date. */
  readonly lastModified: string | undefined
  readonly lastModifiedMs: number | undefined
  /** Date, or the time of receipt when it has none. */
  readonly dateMs: number
  readonly receivedMs: number
  /** The time at which its age was zero: age = (now - bornMs) / 1000. */
  readonly bornMs: number
  /** Fresh while now is before this. */
  readonly freshUntilMs: number
  /** May be served stale while it is revalidated, until this; equal to freshUntilMs when not (RFC 5861 §3). */
  readonly staleWhileRevalidateUntilMs: number
  /** May be served on an error of the origin, until this (RFC 5861 §4). */
  readonly staleIfErrorUntilMs: number
  /** Nothing but its own words may have it served stale: must-revalidate, s-maxage … (RFC 9111 §4.2.4). */
  readonly neverStale: boolean
  /** Only after successful validation, even while fresh. */
  readonly noCache: boolean
  /** May be shared with requests that carry cookies. */
  readonly sharedWithCookies: boolean
  /** May be shared with requests that carry Authorization (RFC 9111 §3.5). */
  readonly sharedWithAuthorization: boolean
  readonly noTransform: boolean
}

/** The age to tell, in whole seconds; never negative (RFC 9111 §4.2.3). */
export function ageSeconds(stored: Stored, nowMs: number): number {
  const age = Math.floor((nowMs - stored.bornMs) / 1000)
  return age > 0 ? age : 0
}

/** The Date that a response states; undefined when it has none, two, or one that is not valid. */
function statedDate(fields: Fields, nowMs: number): number | undefined {
  return dateIn(fields, 'date', nowMs)
}

/** Last-Modified as a time; undefined when there is none or it is not valid. */
export function lastModifiedOf(fields: Fields, nowMs: number): number | undefined {
  return dateIn(fields, 'last-modified', nowMs)
}

function dateIn(fields: Fields, key: string, nowMs: number): number | undefined {
  const text = fields.get(key)
  return text === undefined ? undefined : parseHttpDate(text.trim(), nowMs)
}

/** What a stored response is made from. */
export interface StoredParts {
  readonly key: string
  readonly variant: string
  readonly vary: readonly string[]
  readonly status: number
  readonly reason: string
  /** Those of `storedFields`; they become the stored response's own. */
  readonly fields: Fields
  /** As they came: Age is read from them. */
  readonly received: Fields
  readonly content: StoredContent
  readonly control: Control
  readonly lifetime: Lifetime | undefined
  readonly times: ExchangeTimes
  readonly policy: CachePolicy
}

/** Computes all that is ever asked of a stored response. */
export function makeStored(parts: StoredParts): Stored {
  const { fields, control, times, policy, lifetime } = parts
  const { directives } = control
  const receivedMs = times.responseMs
  const stated = statedDate(fields, receivedMs)
  // RFC 9110 §6.6.1: a response without a valid Date gets the time of its receipt.
  if (stated === undefined) fields.set('Date', formatHttpDate(receivedMs))
  const dateMs = stated ?? receivedMs
  const bornMs = receivedMs - initialAgeMs(parts.received, dateMs, times)
  const freshUntilMs = bornMs + (lifetime?.seconds ?? 0) * 1000
  const originEtag = fields.first('etag')?.trim() || undefined
  const etag = ownersEtag(parts) ?? originEtag
  if (etag !== undefined && etag !== originEtag) fields.set('ETag', etag)
  const lastModifiedMs = lastModifiedOf(fields, receivedMs)
  const windows = staleWindows(parts)
  return {
    key: parts.key,
    variant: parts.variant,
    vary: parts.vary,
    status: parts.status,
    reason: parts.reason,
    fields,
    content: parts.content,
    etag,
    originEtag,
    lastModified: lastModifiedMs === undefined ? undefined : fields.first('last-modified')?.trim(),
    lastModifiedMs,
    dateMs,
    receivedMs,
    bornMs,
    freshUntilMs,
    staleWhileRevalidateUntilMs: freshUntilMs + windows.whileRevalidateMs,
    staleIfErrorUntilMs: freshUntilMs + windows.ifErrorMs,
    neverStale: windows.never,
    noCache: directives.noCache,
    sharedWithCookies: isSharedWithCookies(control, policy, lifetime?.kind === 'explicit'),
    sharedWithAuthorization: isSharedWithAuthorization(control),
    noTransform: directives.noTransform,
  }
}

/** How long after its lifetime a response may be used (RFC 9111 §4.2.4, RFC 5861). */
function staleWindows(parts: StoredParts): {
  readonly whileRevalidateMs: number
  readonly ifErrorMs: number
  readonly never: boolean
} {
  const { staleWhileRevalidate, staleIfError, noCache, mustRevalidate, proxyRevalidate, sMaxage } =
    parts.control.directives
  if (noCache || mustRevalidate || proxyRevalidate) return { whileRevalidateMs: 0, ifErrorMs: 0, never: true }
  // §5.2.2.10: s-maxage forbids stale too, but not what the same response says beside it: the extension modifies the
  // directive (§5.2.3). Owners cannot lift it; nor do they prolong a lifetime that there is not.
  const never = sMaxage !== undefined
  const owners = !never && (parts.lifetime?.seconds ?? 0) > 0 ? (parts.policy.staleSeconds ?? 0) : 0
  return {
    whileRevalidateMs: (staleWhileRevalidate ?? owners) * 1000,
    ifErrorMs: (staleIfError ?? owners) * 1000,
    never,
  }
}

/** `policy.etag` as an entity tag. Variants of one target must not share a strong one (RFC 9110 §8.8.3). */
function ownersEtag(parts: StoredParts): string | undefined {
  const { policy, status, content, variant } = parts
  if (policy.etag === undefined || status !== 200 || content.kind !== 'whole') return undefined
  if (variant === '') return `"${policy.etag}"`
  return `"${policy.etag}-${createHash('sha256').update(variant).digest('base64url').slice(0, 12)}"`
}
