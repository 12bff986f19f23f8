// The heads of HTTP messages (RFC 9110 §6), as every protocol's codec delivers them and as decisions read them.
import type { Fields } from './fields.ts'

/** A request's target, already in the one normal form (`target.ts`). */
export interface Target {
  /** As it stood on the wire. */
  readonly raw: string
  /** Normal form, path and query: starts with '/', or is '*' (OPTIONS). */
  readonly pathAndQuery: string
}

/** What a request says before its body. */
export interface RequestHead {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** Host and port, lower case, default port removed; '' for an HTTP/1.0 request without Host. */
  readonly authority: string
  readonly target: Target
  readonly fields: Fields
}

/** What a response says before its body. */
export interface ResponseHead {
  readonly status: number
  /** Reason phrase; '' when there is none. */
  readonly reason: string
  readonly fields: Fields
}
