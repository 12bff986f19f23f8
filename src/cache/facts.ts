// What the cache's decisions read from a request.
//
// Two things are settled here, so that the cache never sees more or less than the application does: fields that
// Connection names are gone (RFC 9110 §7.6.1), and so are the cookies that the route ignores.
import { withoutCookies } from '../http/cookies.ts'
import type { Fields } from '../http/fields.ts'
import { connectionOptions, endToEnd } from '../http/hopbyhop.ts'
import { requestDirectives, type RequestDirectives } from './directives.ts'

/** A request as the cache sees it. */
export interface RequestFacts {
  readonly method: string
  /** The primary cache key (`key.ts`). */
  readonly key: string
  /** The request's fields without what its Connection field removes; for `Cookie` read `cookie` instead. */
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

const noDirectives = requestDirectives(undefined)

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
  // What Connection names does not reach the application, and so must not count (RFC 9110 §7.6.1).
  if (connectionOptions(fields).some((name) => fields.has(name)))
    return requestFacts(method, key, endToEnd(fields), ignoredCookie, dropCookies)
  // RFC 9113 §8.2.3: cookies may come on several lines.
  const cookies = fields.has('cookie') ? fields.all('cookie').join('; ') : undefined
  const cacheControl = fields.get('cache-control')
  return {
    method,
    key,
    fields,
    cookie: cookies === undefined || dropCookies ? undefined : withoutCookies(cookies, ignoredCookie),
    authorization: fields.has('authorization'),
    directives: cacheControl === undefined ? noDirectives : requestDirectives(cacheControl),
    range: fields.get('range'),
    ifRange: fields.get('if-range'),
    ifNoneMatch: fields.get('if-none-match'),
    ifModifiedSince: fields.get('if-modified-since'),
    ifMatch: fields.has('if-match') || fields.has('if-unmodified-since'),
    acceptEncoding: fields.get('accept-encoding'),
  }
}
