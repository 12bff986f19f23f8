// What the cache's decisions read from a request: gathered in one pass over its fields, so that a hit costs one scan.
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
  let cookies: string | undefined
  let authorization = false
  let cacheControl: string | undefined
  let range: string | undefined
  let ifRange: string | undefined
  let ifNoneMatch: string | undefined
  let ifModifiedSince: string | undefined
  let ifMatch = false
  let acceptEncoding: string | undefined
  const { keys, values } = fields
  for (let i = 0; i < keys.length; i++) {
    const value = values[i]!
    switch (keys[i]) {
      case 'connection':
        // Rare beyond 'keep-alive' and 'close': then look at what remains, from the start.
        if (connectionOptions(fields).some((name) => keys.includes(name)))
          return requestFacts(method, key, endToEnd(fields), ignoredCookie, dropCookies)
        break
      case 'cookie':
        // RFC 9113 §8.2.3: cookies may come on several lines.
        cookies = cookies === undefined ? value : `${cookies}; ${value}`
        break
      case 'authorization':
        authorization = true
        break
      case 'cache-control':
        cacheControl = joined(cacheControl, value)
        break
      case 'range':
        range = joined(range, value)
        break
      case 'if-range':
        ifRange = joined(ifRange, value)
        break
      case 'if-none-match':
        ifNoneMatch = joined(ifNoneMatch, value)
        break
      case 'if-modified-since':
        ifModifiedSince = joined(ifModifiedSince, value)
        break
      case 'if-match':
      case 'if-unmodified-since':
        ifMatch = true
        break
      case 'accept-encoding':
        acceptEncoding = joined(acceptEncoding, value)
        break
    }
  }
  return {
    method,
    key,
    fields,
    cookie: cookies === undefined || dropCookies ? undefined : withoutCookies(cookies, ignoredCookie),
    authorization,
    directives: cacheControl === undefined ? noDirectives : requestDirectives(cacheControl),
    range,
    ifRange,
    ifNoneMatch,
    ifModifiedSince,
    ifMatch,
    acceptEncoding,
  }
}

/** RFC 9110 §5.3. */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}
