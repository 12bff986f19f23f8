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

/** Fields as decisions ask for them: by name in lower case, the lines of a name joined with ', ' (RFC 9110 §5.2). */
export interface FieldReader {
  has(key: string): boolean
  get(key: string): string | undefined
  /** The first line's value. */
  first(key: string): string | undefined
}

/** End-to-end lines of a message that still lie in a codec's buffer. */
export interface ArrivedLines extends FieldReader {
  /**
   * Copies them in HTTP/1.1 form, without the known fields in the bit set `omitted`. Returns the position after them; -1
   * when they do not lie here in that form, or there is no room.
   */
  copyTo(into: Buffer, at: number, omitted: number): number
}

/** What a response says before its body. */
export interface ResponseHead {
  readonly status: number
  /** Reason phrase; '' when there is none. */
  readonly reason: string
  readonly fields: Fields
  /**
   * The same fields, where they have just come and nobody has asked for `fields`: good only during the call that hands
   * the head over. What is passed on unchanged is never made into strings.
   */
  readonly lines?: ArrivedLines | undefined
}
