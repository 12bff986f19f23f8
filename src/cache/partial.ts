// Answering from, and combining, partial content (RFC 9111 §3.3 and §3.4, RFC 9110 §14).
import type { ByteRange } from '../http/range.ts'
import type { RequestFacts } from './facts.ts'
import type { Stored } from './stored.ts'

/** The form in which a stored response answers a request (preconditions first, then ranges: RFC 9110 §13.2.2). */
export type Answer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'range'; readonly range: ByteRange; readonly total: number | undefined }
  | { readonly kind: 'ranges'; readonly ranges: readonly ByteRange[]; readonly total: number | undefined }
  | { readonly kind: 'unsatisfiable'; readonly total: number }

/** The representation that would be sent: the stored one, or a coded form of it with its own validator and length. */
export interface Representation {
  readonly etag: string | undefined
  /** Of the whole representation; undefined when not known. */
  readonly totalBytes: number | undefined
}

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** In which form the stored response answers; `reuse` has already said that it may, so a stored part holds the range. */
export function answer(
  facts: RequestFacts,
  stored: Stored,
  representation: Representation,
  nowMs: number,
): Answer {
  return todo(facts, stored, representation, nowMs)
}

/** How a part that arrived joins the stored one: at which offset of which; undefined: they cannot be combined. */
export interface Combined {
  readonly stored: Stored
  /** The pieces that make the new body, in order, without overlap; offsets count within the source's body. */
  readonly pieces: readonly {
    readonly from: 'stored' | 'arrived'
    readonly offset: number
    readonly bytes: number
  }[]
}

/** Combines two parts of the same representation (§3.4: same strong validator, overlapping or adjacent). */
export function combine(stored: Stored, arrived: Stored): Combined | undefined {
  return todo(stored, arrived)
}
