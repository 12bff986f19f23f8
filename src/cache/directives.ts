// Cache-Control (RFC 9111 §5.2).

/** Directives of a request (RFC 9111 §5.2.1); seconds. */
export interface RequestDirectives {
  readonly maxAge: number | undefined
  /** Infinity: `max-stale` without a value. */
  readonly maxStale: number | undefined
  readonly minFresh: number | undefined
  readonly noCache: boolean
  readonly noStore: boolean
  readonly noTransform: boolean
  readonly onlyIfCached: boolean
}

/** Directives of a response (RFC 9111 §5.2.2, 5861, 8246); seconds. */
export interface ResponseDirectives {
  readonly maxAge: number | undefined
  readonly sMaxage: number | undefined
  readonly noCache: boolean
  /** Lower-cased names of `no-cache="…"`. */
  readonly noCacheFields: readonly string[]
  readonly noStore: boolean
  readonly noTransform: boolean
  readonly private: boolean
  /** Lower-cased names of `private="…"`. */
  readonly privateFields: readonly string[]
  readonly public: boolean
  readonly mustRevalidate: boolean
  readonly proxyRevalidate: boolean
  readonly mustUnderstand: boolean
  readonly immutable: boolean
  readonly staleWhileRevalidate: number | undefined
  readonly staleIfError: number | undefined
}

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** The directives of a request's Cache-Control field; undefined: there is none. */
export function requestDirectives(cacheControl: string | undefined): RequestDirectives {
  return todo(cacheControl)
}

/** The directives of a response's Cache-Control field; undefined: there is none. */
export function responseDirectives(cacheControl: string | undefined): ResponseDirectives {
  return todo(cacheControl)
}
