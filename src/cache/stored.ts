// The metadata of one stored response, everything computed when it is stored, so that a hit compares numbers.
import type { Fields } from '../http/fields.ts'

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
  readonly status: number
  readonly reason: string
  /** As stored: without hop-by-hop fields, Age and the fields that must not be stored. */
  readonly fields: Fields
  readonly content: StoredContent
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  readonly lastModifiedMs: number | undefined
  /** Date, or the time of receipt when it has none. */
  readonly dateMs: number
  /** The time at which its age was zero: age = (now - bornMs) / 1000. */
  readonly bornMs: number
  /** Fresh while now is before this. */
  readonly freshUntilMs: number
  /** May be served stale while it is revalidated, until this; equal to freshUntilMs when not. */
  readonly staleWhileRevalidateUntilMs: number
  /** May be served on an error of the origin, until this. */
  readonly staleIfErrorUntilMs: number
  /** Stale is forbidden whatever happens: must-revalidate, proxy-revalidate, s-maxage, no-cache (RFC 9111 §4.2.4). */
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
