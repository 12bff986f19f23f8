// Limits on the rate of requests, as a token bucket: `burst` tokens at most, `requests` more in each `perMs`, one for a
// request. Kept in one number, as the generic cell rate algorithm does (ITU-T I.371, annex A, as a virtual schedule): the
// time at which the bucket will be full again. A time that has passed is a full bucket, so nothing need be remembered of it.

/** By what a limit tells those apart who ask. A request without the header field or cookie counts for its address. */
export type RateKey =
  | { readonly kind: 'address' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }

/** A limit of a route. */
export interface RateLimit {
  /** Its place among all limits of the site. */
  readonly index: number
  readonly requests: number
  readonly perMs: number
  readonly burst: number
  readonly by: RateKey
}

/** The limits of a route. */
export interface RouteRates {
  /** For every request. */
  readonly every: readonly RateLimit[]
  /** For those that the cache does not answer. */
  readonly misses: readonly RateLimit[]
}

/** The share of a token that is not missed: times are rounded. */
const ROUNDING = 1e-3

/** How long to wait for a token; 0: there is one. `fullAtMs`: when the bucket will be full. */
export function waitForToken(fullAtMs: number, nowMs: number, limit: RateLimit): number {
  const tokenMs = limit.perMs / limit.requests
  const waitMs = Math.max(fullAtMs, nowMs) + tokenMs - limit.burst * tokenMs - nowMs
  return waitMs <= tokenMs * ROUNDING ? 0 : waitMs
}

/** When the bucket will be full once a token has been taken out. */
export function fullAfterToken(fullAtMs: number, nowMs: number, limit: RateLimit): number {
  return Math.max(fullAtMs, nowMs) + limit.perMs / limit.requests
}

/**
 * Fields that tell a refused client when to come again: Retry-After (RFC 9110 §10.2.3), and the quota with what is left
 * of it (draft-ietf-httpapi-ratelimit-headers, RateLimit-Policy and RateLimit). Names are tokens, so that they need no
 * escape in a structured string.
 */
export function rateFields(
  limit: RateLimit,
  waitMs: number,
): readonly (readonly [name: string, value: string])[] {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  const windowSeconds = Math.max(1, Math.round(limit.perMs / 1000))
  const name = limit.by.kind === 'address' ? 'address' : limit.by.name
  return [
    ['Retry-After', String(seconds)],
    ['RateLimit-Policy', `"${name}";q=${limit.requests};w=${windowSeconds}`],
    ['RateLimit', `"${name}";r=0;t=${seconds}`],
  ]
}
