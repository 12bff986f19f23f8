// What can go wrong in operation, in one table: where it comes from, the status the client gets, the reason that is
// recorded, and whether the request may be tried again on another connection.
import type { Reason } from './reason.ts'

interface FailureRow {
  readonly source: 'downstream' | 'upstream' | 'internal'
  readonly status: number
  readonly reason: Reason
  /** Whether nothing can have reached the origin, so that a retry is safe for every method. */
  readonly unsent: boolean
}

export const failures = {
  'bad-request': { source: 'downstream', status: 400, reason: 'bad-request', unsent: true },
  'target-too-long': { source: 'downstream', status: 414, reason: 'limit', unsent: true },
  'fields-too-large': { source: 'downstream', status: 431, reason: 'limit', unsent: true },
  'head-timeout': { source: 'downstream', status: 408, reason: 'limit', unsent: true },
  'body-too-large': { source: 'downstream', status: 413, reason: 'limit', unsent: false },
  'body-timeout': { source: 'downstream', status: 408, reason: 'limit', unsent: false },
  'version-not-supported': { source: 'downstream', status: 505, reason: 'bad-request', unsent: true },
  'method-refused': { source: 'downstream', status: 501, reason: 'bad-request', unsent: true },
  'expectation-failed': { source: 'downstream', status: 417, reason: 'bad-request', unsent: true },
  'client-gone': { source: 'downstream', status: 499, reason: 'incomplete', unsent: false },
  'no-route': { source: 'downstream', status: 404, reason: 'no-route', unsent: true },
  loop: { source: 'downstream', status: 508, reason: 'loop', unsent: true },
  'rate-limited': { source: 'downstream', status: 429, reason: 'rate-limit', unsent: true },
  banned: { source: 'downstream', status: 403, reason: 'banned', unsent: true },
  'purge-refused': { source: 'downstream', status: 403, reason: 'purge-refused', unsent: true },
  'too-many': { source: 'internal', status: 503, reason: 'limit', unsent: true },
  draining: { source: 'internal', status: 503, reason: 'draining', unsent: true },
  'only-if-cached': { source: 'downstream', status: 504, reason: 'only-if-cached', unsent: true },
  'connect-refused': { source: 'upstream', status: 502, reason: 'origin-refused', unsent: true },
  'connect-timeout': { source: 'upstream', status: 504, reason: 'origin-timeout', unsent: true },
  'origin-busy': { source: 'upstream', status: 503, reason: 'origin-busy', unsent: true },
  'first-byte-timeout': { source: 'upstream', status: 504, reason: 'origin-timeout', unsent: false },
  'between-bytes-timeout': { source: 'upstream', status: 504, reason: 'origin-timeout', unsent: false },
  'total-timeout': { source: 'upstream', status: 504, reason: 'origin-timeout', unsent: false },
  'origin-closed': { source: 'upstream', status: 502, reason: 'origin-closed', unsent: false },
  'origin-invalid': { source: 'upstream', status: 502, reason: 'origin-invalid', unsent: false },
} as const satisfies Record<string, FailureRow>

export type FailureCode = keyof typeof failures

/** A failure of operation. `message` names the thing and what was expected; it never holds a secret. */
export class Failure extends Error {
  override name = 'Failure'

  constructor(
    readonly code: FailureCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }

  get status(): number {
    return failures[this.code].status
  }

  get reason(): Reason {
    return failures[this.code].reason
  }
}
