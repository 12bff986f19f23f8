// A request's head as the hot path reads it: without strings for fields that nobody asks for. A view is good only
// until its codec reads on; whoever needs the request for longer takes `head()`.
import type { EveryCookie } from './cookie-octets.ts'
import type { Fields } from './fields.ts'
import type { RequestHead } from './message.ts'
import type { Standing } from './unvouched.ts'

/** The body that a request announces. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'unknown' }

/** A look at a request that may still lie in a codec's buffer. */
export interface RequestView {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** As in `RequestHead`. */
  readonly authority: string
  readonly rawTarget: string
  /** The target in its normal form. */
  readonly pathAndQuery: string
  /** Scheme, authority and target in their normal forms, put together: 'http://example.com/page?x=1'. */
  readonly url: string
  /** The body that it announces. */
  readonly body: RequestBody
  /** The protocol that the client asks to switch to (RFC 9110 §7.8). */
  readonly upgrade: string | undefined
  /** Whether the client waits for 100 (Continue) (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  /** Bit set of the known fields that the request has (`fieldBit` in known-fields.ts). */
  readonly present: number
  /** The value of a known field by its number, lines joined with ', '; undefined when absent. */
  get(number: number): string | undefined
  /** The value of any field by its name in lower case, lines joined with ', '; undefined when absent. */
  text(key: string): string | undefined
  /** Whether this holds for the Cookie field, which the request has; false where that is not easily seen. */
  everyCookie(every: EveryCookie): boolean
  /** The end-to-end fields (RFC 9110 §7.6.1) without those named in `replaced`. */
  endToEnd(replaced: ReadonlySet<string>): Fields
  /**
   * Copies the end-to-end lines in HTTP/1.1 form, without the known fields in the bit set `omitted` and those that
   * `refused` tells by their standing. Returns the position after them; -1 when they do not lie here in that form, or
   * there is no room.
   */
  copyEndToEnd(into: Buffer, at: number, omitted: number, refused: readonly Standing[]): number
  /** Keeps what is needed to tell the head later, which few requests are asked for. */
  keep(): () => RequestHead
}
