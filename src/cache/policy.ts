// What the site's owner says about caching on a route; `settings.ts` has the rows that it is made from. Decisions in
// this folder take it as a parameter.

import type { FieldChanges } from '../http/field-changes.ts'

/** The owner's word on a route; the defaults are those of a route that nobody configured. */
export interface CachePolicy {
  /** Lifetime for responses that give none; undefined: heuristics (RFC 9111 §4.2.2). */
  readonly ttlSeconds: number | undefined
  /** Lets `ttlSeconds` win over the response's own directives; demands `cookies: 'drop'`. */
  readonly override: boolean
  /** `max-age` told to browsers, apart from the lifetime here. */
  readonly browserTtlSeconds: number | undefined
  /** How long after its lifetime a response may be served while revalidating, or on an error, where it says nothing. */
  readonly staleSeconds: number | undefined
  /** 'keep': cookies are the request's; 'drop': removed from requests and responses, so that all share. */
  readonly cookies: 'keep' | 'drop'
  /** Gives every cacheable 200 this strong validator. */
  readonly etag: string | undefined
  /** Obeys `no-cache`, `max-age`, `min-fresh`, `max-stale`, `no-store` of requests (they are advice otherwise). */
  readonly obeyRequestDirectives: boolean
  /** Stores responses with Set-Cookie when they are otherwise explicitly shareable. */
  readonly storeSetCookie: boolean
  /** Serves a stale response when the origin cannot be reached, though nothing in it allows that (RFC 9111 §4.2.4). */
  readonly staleOnDisconnect: boolean
  /** What clients get otherwise than the application said it. */
  readonly response: FieldChanges | undefined
}

export const openPolicy: CachePolicy = {
  ttlSeconds: undefined,
  override: false,
  browserTtlSeconds: undefined,
  staleSeconds: undefined,
  cookies: 'keep',
  etag: undefined,
  obeyRequestDirectives: false,
  storeSetCookie: false,
  staleOnDisconnect: false,
  response: undefined,
}
