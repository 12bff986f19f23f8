// Whether a request goes past the cache because its route says so.
import { hasCookie } from '../../http/cookies.ts'
import { patternPath } from './pattern.ts'
import { everything, type Bypass } from './route.ts'

/** Why a request goes past the cache; the words are those of the closed list of reasons. */
export type BypassReason = 'bypass-rule' | 'bypass-method' | 'bypass-path' | 'bypass-cookie'

/**
 * The first reason for a request to go past the cache; undefined when there is none. `cookie` is the Cookie field as it
 * arrived, with the cookies that the cache ignores: a request that goes past it keeps them all.
 */
export function bypassReason(
  bypass: Bypass,
  method: string,
  pathAndQuery: string,
  cookie: string | undefined,
): BypassReason | undefined {
  if (bypass === everything) return 'bypass-rule'
  if (bypass.method?.(method)) return 'bypass-method'
  if (bypass.path?.(patternPath(pathAndQuery))) return 'bypass-path'
  if (bypass.cookie !== undefined && cookie !== undefined && hasCookie(cookie, bypass.cookie))
    return 'bypass-cookie'
  return undefined
}
