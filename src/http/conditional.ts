// Preconditions (RFC 9110 §13, RFC 9111 §4.3.2).
const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** What a stored representation is compared by. `dateMs`: its Date, or when it was received. */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModifiedMs: number | undefined
  readonly dateMs: number
}

/** Whether the client's own copy is still good: 304 instead of 200 (If-None-Match goes before If-Modified-Since). */
export function notModified(
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
  validators: Validators,
  nowMs: number,
): boolean {
  return todo(ifNoneMatch, ifModifiedSince, validators, nowMs)
}

/** Whether an If-Range condition holds; strong comparison only (RFC 9110 §13.1.5). */
export function ifRangeHolds(ifRange: string, validators: Validators, nowMs: number): boolean {
  return todo(ifRange, validators, nowMs)
}
