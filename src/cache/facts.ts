// What the cache's decisions read from a request; `request/visit.ts` makes it.
//
// Two things are settled here, so that the cache never sees more or less than the application does: fields that
// Connection names are gone (RFC 9110 §7.6.1), and so are the cookies that the route ignores.
import type { Fields } from '../http/fields.ts'
import type { RequestDirectives } from './directives.ts'

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
