// Whether a request is one too many under the limits of its route.
import { addressGroup } from '../base/ip-address.ts'
import type { RateKey, RateLimit } from '../cube/y/rate.ts'
import type { RateTable } from '../cube/y/rate-table.ts'
import { cookieValue } from '../http/cookies.ts'
import { fieldNumber } from '../http/known-fields.ts'
import { clientAddress } from './client-address.ts'
import type { Visit } from './visit.ts'

/** A limit that a request is over, and when it would not be. */
export interface OverRate {
  readonly limit: RateLimit
  readonly waitMs: number
}

/**
 * Counts a request under limits; returns the first that it is over. Those before that have counted it, those behind
 * it have not.
 */
export function overRate(
  table: RateTable,
  limits: readonly RateLimit[],
  visit: Visit,
  nowMs: number,
): OverRate | undefined {
  for (const limit of limits) {
    const named = namedKey(limit.by, visit)
    const key = named ?? addressGroup(clientAddress(visit, visit.reply.client))
    const waitMs = table.take(limit, named !== undefined, key, nowMs)
    if (waitMs > 0) return { limit, waitMs }
  }
  return undefined
}

/** What the limit names, if the request has it. */
function namedKey(by: RateKey, visit: Visit): string | undefined {
  switch (by.kind) {
    case 'address':
      return undefined
    case 'header':
      return visit.head.fields.get(by.name)
    case 'cookie': {
      const cookies = visit.get(fieldNumber.cookie)
      return cookies === undefined ? undefined : cookieValue(cookies, by.name)
    }
  }
}
