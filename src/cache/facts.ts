// What the cache's decisions read from a request: gathered in one pass over its fields, so that a hit costs one scan.
// Cookies that the route ignores are already gone from what is seen here.
import type { Fields } from '../http/fields.ts'
import type { RequestDirectives } from './directives.ts'

/** A request as the cache sees it. */
export interface RequestFacts {
  readonly method: string
  /** The primary cache key (`key.ts`). */
  readonly key: string
  /** The request's fields as they arrived; for `Cookie` read `cookie` instead. */
  readonly fields: Fields
  /** The cookies that remain once the ignored ones are removed; undefined when none remain. */
  readonly cookie: string | undefined
  readonly authorization: boolean
  readonly directives: RequestDirectives
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  /** Whether If-Match or If-Unmodified-Since is there: such a request is the origin's to judge (RFC 9111 §4.3.2). */
  readonly ifMatch: boolean
  readonly acceptEncoding: string | undefined
}

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/**
 * Gathers the facts of a request. `ignoredCookie` tells the cookies that are hidden from the cache; with
 * `dropCookies` none is seen.
 */
export function requestFacts(
  method: string,
  key: string,
  fields: Fields,
  ignoredCookie: (name: string) => boolean,
  dropCookies: boolean,
): RequestFacts {
  return todo(method, key, fields, ignoredCookie, dropCookies)
}
