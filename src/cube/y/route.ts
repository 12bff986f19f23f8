// A route, compiled (the Y axis of the scale cube: one application split into services by host and path). Everything
// that a request needs to know about its route is here, ready to be asked without looking at the configuration.
import type { ParameterMatcher } from '../../cache/ignored-query.ts'
import type { CachePolicy } from '../../cache/policy.ts'
import type { CookieMatcher } from '../../http/cookies.ts'
import type { Matcher } from './pattern.ts'
import type { RouteRates } from './rate.ts'
import type { RuleEffect } from './rule.ts'

/** One of the applications behind Myriad. */
export interface Service {
  readonly name: string
  /** Its place in the site's list of services: the engine holds the origins in an array of the same order. */
  readonly index: number
}

/** When a route does not use the cache. Undefined: nothing was configured, so there is nothing to ask. */
export interface Bypass {
  /** By the name of any cookie of the request. */
  readonly cookie: Matcher | undefined
  /** By the path in normal form, without the query. */
  readonly path: Matcher | undefined
  /** By the method. */
  readonly method: Matcher | undefined
}

/** What the owner said about a part of the site. */
export interface Route {
  /** As the owner wrote it, host before path: '/events', 'example.com/*'. For logs, counters and explanations. */
  readonly name: string
  readonly service: Service
  readonly policy: CachePolicy
  /** Whether cookies of this name are hidden from the cache key and from the application alike. */
  readonly ignoredCookie: CookieMatcher
  /** Tells the query parameters that are hidden from both; undefined: none. */
  readonly ignoredParameter: ParameterMatcher | undefined
  readonly bypass: Bypass
  /** Undefined: as many requests as come. */
  readonly rates: RouteRates | undefined
  /** The largest request body. */
  readonly bodyBytesMax: number
  /**
   * Tells all that decides what an answer of this route is and for whom: its service, its settings, the page rules. What
   * was stored under another mark is not used: a changed configuration may have made it wrong.
   */
  readonly mark: string
  /** What a page rule adds; undefined: the route is as its owner wrote it. */
  readonly rule: RuleEffect | undefined
}

/** Nothing bypasses the cache. */
export const noBypass: Bypass = { cookie: undefined, path: undefined, method: undefined }

/** Every request bypasses the cache: a page rule says so. */
export const everything: Bypass = { cookie: undefined, path: undefined, method: undefined }
