// The metadata of one stored response (RFC 9111 §3), everything computed when it is stored, so that a hit compares
// numbers. The body belongs to the store.
import { createHash } from 'node:crypto'
import { formatHttpDate, parseHttpDate } from '../http/date.ts'
import type { Fields } from '../http/fields.ts'
import { endToEnd } from '../http/hopbyhop.ts'
import type { Control } from './control.ts'
import { initialAgeMs } from './freshness.ts'
import type { CachePolicy } from './policy.ts'

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

/** The Date of a response; the time of receipt when it has none, two, or one that is not valid (RFC 9110 §6.6.1). */
export function dateOf(fields: Fields, receivedMs: number): number {
  const date = fields.get('date')
  return (date === undefined ? undefined : parseHttpDate(date.trim(), receivedMs)) ?? receivedMs
}

/** Last-Modified as a time; undefined when there is none or it is not valid. */
export function lastModifiedOf(fields: Fields, nowMs: number): number | undefined {
  const text = fields.get('last-modified')
  return text === undefined ? undefined : parseHttpDate(text.trim(), nowMs)
}

/** RFC 9111 §3.1: what belongs to the proxy on the way, or is computed anew each time. */
const notStored = ['age', 'proxy-authenticate', 'proxy-authentication-info', 'proxy-authorization']

/** The fields that are stored of a response (RFC 9111 §3.1). */
export function storedFields(fields: Fields, control: Control, policy: CachePolicy): Fields {
  const kept = endToEnd(fields)
  const { noCacheFields, privateFields } = control.directives
  // §5.2.2.4 and §5.2.2.7: what is named must not be reused, or not be shared; the rest may.
  for (const name of [...notStored, ...noCacheFields, ...privateFields]) kept.delete(name)
  if (policy.cookies === 'drop') for (const name of setCookieNames) kept.delete(name)
  return kept
}

/** The second is of RFC 2965, historic, and sets a cookie where it is known. */
export const setCookieNames = ['set-cookie', 'set-cookie2']

/** What a stored response is made from; `fields` are those of `storedFields`, and become its own. */
export interface StoredParts {
  readonly key: string
  readonly variant: string
  readonly vary: readonly string[]
  readonly status: number
  readonly reason: string
  readonly fields: Fields
  /** As they came: Age is read from them. */
  readonly received: Fields
  readonly content: StoredContent
  readonly control: Control
  /** Whether the lifetime was stated by the response (and not by the owner, or estimated). */
  readonly explicit: boolean
  readonly lifetimeSeconds: number
  readonly times: ExchangeTimes
  readonly policy: CachePolicy
}

/** Computes all that is ever asked of a stored response. */
export function makeStored(parts: StoredParts): Stored {
  const { fields, control, times, policy, content } = parts
  const { directives } = control
  const receivedMs = times.responseMs
  const dateMs = dateOf(fields, receivedMs)
  // RFC 9110 §6.6.1: a response without a valid Date gets the time of its receipt.
  if (dateMs === receivedMs) fields.set('Date', formatHttpDate(receivedMs))
  const bornMs = receivedMs - initialAgeMs(parts.received, dateMs, times)
  const freshUntilMs = bornMs + parts.lifetimeSeconds * 1000
  const originEtag = fields.first('etag')?.trim() || undefined
  const etag = ownersEtag(parts) ?? originEtag
  if (etag !== undefined && etag !== originEtag) fields.set('ETag', etag)
  const lastModifiedMs = lastModifiedOf(fields, receivedMs)
  const { noCache, mustRevalidate, proxyRevalidate, sMaxage } = directives
  const forbidsStale = noCache || mustRevalidate || proxyRevalidate
  // RFC 9111 §5.2.2.10: s-maxage forbids stale too, but not what the same response says beside it (RFC 5861): the
  // extension modifies the directive (§5.2.3). Owners cannot lift it.
  const owners = sMaxage === undefined ? (policy.staleSeconds ?? 0) : 0
  const window = (own: number | undefined): number =>
    freshUntilMs + (forbidsStale ? 0 : (own ?? owners) * 1000)
  return {
    key: parts.key,
    variant: parts.variant,
    vary: parts.vary,
    status: parts.status,
    reason: parts.reason,
    fields,
    content,
    etag,
    originEtag,
    lastModified: lastModifiedMs === undefined ? undefined : fields.first('last-modified')?.trim(),
    lastModifiedMs,
    dateMs,
    receivedMs,
    bornMs,
    freshUntilMs,
    staleWhileRevalidateUntilMs: window(directives.staleWhileRevalidate),
    staleIfErrorUntilMs: window(directives.staleIfError),
    neverStale: forbidsStale || sMaxage !== undefined,
    noCache,
    sharedWithCookies: isSharedWithCookies(control, policy, parts.explicit),
    sharedWithAuthorization: isSharedWithAuthorization(control),
    noTransform: directives.noTransform,
  }
}

/**
 * Whether a response may be shared where cookies are involved: only when it says so, since applications choose by
 * cookies without saying `Vary: Cookie`. `storeSetCookie` is the owner's word that this application does not, and that
 * cookies mean nothing to the cache, as in RFC 9111 §7.3: then a stated lifetime is word enough.
 */
export function isSharedWithCookies(control: Control, policy: CachePolicy, explicit: boolean): boolean {
  const { directives, source } = control
  if (directives.public || directives.sMaxage !== undefined || source === 'owner') return true
  return explicit && (source === 'targeted' || policy.storeSetCookie)
}

/** RFC 9111 §3.5. */
export function isSharedWithAuthorization(control: Control): boolean {
  const { directives } = control
  return directives.public || directives.mustRevalidate || directives.sMaxage !== undefined
}

/** `policy.etag` as an entity tag. Variants of one target must not share a strong one (RFC 9110 §8.8.3). */
function ownersEtag(parts: StoredParts): string | undefined {
  const { policy, status, content, variant } = parts
  if (policy.etag === undefined || status !== 200 || content.kind !== 'whole') return undefined
  if (variant === '') return `"${policy.etag}"`
  return `"${policy.etag}-${createHash('sha256').update(variant).digest('base64url').slice(0, 12)}"`
}
