// Preconditions that a cache evaluates (RFC 9110 §13.1 and §13.2.2, RFC 9111 §4.3.2): If-None-Match, If-Modified-Since
// and If-Range. If-Match and If-Unmodified-Since are left out on purpose: they speak to the origin (§4.3.2).
import { parseHttpDate } from './date.ts'
import { strongMatch, weaklyListed } from './etag.ts'

/** What a stored representation is compared by. */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModifiedMs: number | undefined
  /** Its Date, or when it was received. */
  readonly dateMs: number
}

/**
 * Whether the client's own copy is still good: 304 instead of 200. For GET and HEAD only. If-None-Match goes before
 * If-Modified-Since (RFC 9110 §13.2.2).
 */
export function notModified(
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
  validators: Validators,
  nowMs: number,
): boolean {
  if (ifNoneMatch !== undefined) return weaklyListed(ifNoneMatch, validators.etag)
  if (ifModifiedSince === undefined) return false
  const sinceMs = parseHttpDate(ifModifiedSince, nowMs)
  // RFC 9110 §13.1.3: what is not a date is ignored.
  if (sinceMs === undefined) return false
  // RFC 9111 §4.3.2: without Last-Modified the Date stands in.
  return (validators.lastModifiedMs ?? validators.dateMs) <= sinceMs
}

/** Whether an If-Range condition holds, so that Range may be answered (RFC 9110 §13.1.5: strong comparison only). */
export function ifRangeHolds(ifRange: string, validators: Validators, nowMs: number): boolean {
  const condition = ifRange.trim()
  if (condition.startsWith('"') || condition.startsWith('W/'))
    return validators.etag !== undefined && strongMatch(condition, validators.etag)
  if (!hasStrongLastModified(validators)) return false
  return parseHttpDate(condition, nowMs) === validators.lastModifiedMs
}

/** RFC 9110 §8.8.2.2: Last-Modified is strong when the Date of the same response is at least a second after it. */
export function hasStrongLastModified(validators: Validators): boolean {
  return validators.lastModifiedMs !== undefined && validators.dateMs - validators.lastModifiedMs >= 1000
}
