// Answering from, and combining, partial content (RFC 9111 §3.3 and §3.4, RFC 9110 §14 and §15.3.7), and the form in
// which any stored response answers: 304, 206, 416 or whole (RFC 9110 §13.2.2).
import { hasStrongLastModified, ifRangeHolds, notModified } from '../http/conditional.ts'
import { isStrong } from '../http/etag.ts'
import type { Fields } from '../http/fields.ts'
import { coalesced, parseRange, resolveRanges, type ByteRange } from '../http/range.ts'
import type { RequestFacts } from './facts.ts'
import type { Stored, StoredContent } from './stored.ts'
import { updatedFields } from './validate.ts'

/** The form in which a stored response answers a request. */
export type Answer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'not-modified' }
  /** Always within the representation, and within a stored part. */
  | { readonly kind: 'range'; readonly range: ByteRange; readonly total: number | undefined }
  /** Two or more, disjoint, in the order asked for: multipart/byteranges. */
  | { readonly kind: 'ranges'; readonly ranges: readonly ByteRange[]; readonly total: number | undefined }
  | { readonly kind: 'unsatisfiable'; readonly total: number }

/** The representation that would be sent: the stored one, or a coded form of it with its own validator and length. */
export interface Representation {
  readonly etag: string | undefined
  /** Of the whole representation; undefined when not known. */
  readonly totalBytes: number | undefined
}

const whole: Answer = { kind: 'whole' }
const notModifiedAnswer: Answer = { kind: 'not-modified' }

/** Ranges nearer than this are sent as one: a part's head takes about as much (RFC 9110 §15.3.7.2). */
const GAP_BYTES = 80

/**
 * In which form the stored response answers. `reuse` has said that it may, so a stored part holds the range. Conditions
 * go before ranges (RFC 9110 §13.2.2), and both are for a 200 alone (§13.2.1, RFC 9111 §4.3.2).
 */
export function answer(
  facts: RequestFacts,
  stored: Stored,
  representation: Representation,
  nowMs: number,
): Answer {
  if (facts.ifNoneMatch === undefined && facts.ifModifiedSince === undefined && facts.range === undefined)
    return whole
  if (stored.status !== 200 || (facts.method !== 'GET' && facts.method !== 'HEAD')) return whole
  const validators = {
    etag: representation.etag,
    lastModifiedMs: stored.lastModifiedMs,
    dateMs: stored.dateMs,
  }
  if (notModified(facts.ifNoneMatch, facts.ifModifiedSince, validators, nowMs)) return notModifiedAnswer
  // RFC 9110 §14.2: ranges are defined for GET only.
  if (facts.range === undefined || facts.method !== 'GET') return whole
  if (facts.ifRange !== undefined && !ifRangeHolds(facts.ifRange, validators, nowMs)) return whole
  if (stored.content.kind === 'part') {
    const held = rangesHeld(facts.range, stored.content)
    return held === undefined ? whole : inRanges(held, stored.content.total)
  }
  const specs = parseRange(facts.range)
  const total = representation.totalBytes
  // Of nothing there are no ranges: the whole is as good an answer as any (§14.2).
  if (specs === undefined || total === undefined || total === 0) return whole
  const ranges = resolveRanges(specs, total)
  return ranges.length === 0 ? { kind: 'unsatisfiable', total } : inRanges(ranges, total)
}

function inRanges(asked: readonly ByteRange[], total: number | undefined): Answer {
  const ranges = coalesced(asked, GAP_BYTES)
  return ranges.length === 1 ? { kind: 'range', range: ranges[0]!, total } : { kind: 'ranges', ranges, total }
}

/** Whether a stored part can answer this request: it asks for a range wholly within the part (RFC 9111 §3.3). */
export function holdsRange(facts: RequestFacts, stored: Stored, nowMs: number): boolean {
  if (stored.content.kind !== 'part' || facts.method !== 'GET' || facts.range === undefined) return false
  if (facts.ifRange !== undefined && !ifRangeHolds(facts.ifRange, stored, nowMs)) return false
  return rangesHeld(facts.range, stored.content) !== undefined
}

type Part = Extract<StoredContent, { kind: 'part' }>

/** The ranges asked for, when all of them lie within the part. */
function rangesHeld(range: string, part: Part): readonly ByteRange[] | undefined {
  const specs = parseRange(range)
  if (specs === undefined) return undefined
  // Without the length of the representation only ranges that name both ends can be resolved.
  if (part.total === undefined && !specs.every((spec) => spec.kind === 'from' && spec.last !== undefined))
    return undefined
  const ranges = resolveRanges(specs, part.total ?? Infinity)
  // §15.3.7.2: a gap that coalescing fills must be held too; within one part it is.
  return ranges.length > 0 && ranges.every(({ first, last }) => first >= part.first && last <= part.last)
    ? ranges
    : undefined
}

/** What to ask for, to complete a stored part that begins the representation; undefined when it is not that. */
export function completion(
  facts: RequestFacts,
  stored: Stored,
): { readonly range: string; readonly ifRange: string | undefined } | undefined {
  const { content } = stored
  if (facts.method !== 'GET' || facts.range !== undefined) return undefined
  if (facts.ifNoneMatch !== undefined || facts.ifModifiedSince !== undefined) return undefined
  if (content.kind !== 'part' || content.first !== 0 || content.total === undefined) return undefined
  if (content.last + 1 >= content.total) return undefined
  // Without a strong validator an origin that knows ranges answers with a part that cannot be joined, and is asked
  // again for the whole; most that give no validator know no ranges, and answer with the whole at once.
  return { range: `bytes=${content.last + 1}-`, ifRange: strongValidator(stored) }
}

/** An If-Range for this very representation (RFC 9110 §13.1.5). */
function strongValidator(stored: Stored): string | undefined {
  if (stored.originEtag !== undefined) return isStrong(stored.originEtag) ? stored.originEtag : undefined
  return hasStrongLastModified(stored) ? stored.lastModified : undefined
}

/** A piece of a combined body; `offset` counts within the body of its source. */
export interface Piece {
  readonly from: 'stored' | 'arrived'
  readonly offset: number
  readonly bytes: number
}

/** How two parts join. */
export interface Combined {
  readonly stored: Stored
  /** The pieces of the new body, in order and without overlap. */
  readonly pieces: readonly Piece[]
}

/**
 * Combines a stored part with one that arrived: when both have the same strong validator (RFC 9111 §3.4), and touch or
 * overlap. What arrived goes before what was stored where both have it, and so do its fields (§3.2).
 */
export function combine(stored: Stored, arrived: Stored): Combined | undefined {
  const before = stored.content
  const after = arrived.content
  if (before.kind !== 'part' || after.kind !== 'part') return undefined
  const validator = strongValidator(stored)
  if (validator === undefined || validator !== strongValidator(arrived)) return undefined
  if (stored.key !== arrived.key || stored.variant !== arrived.variant) return undefined
  if (stored.fields.get('content-encoding') !== arrived.fields.get('content-encoding')) return undefined
  const total = after.total ?? before.total
  if (before.total !== undefined && before.total !== total) return undefined
  if (after.first > before.last + 1 || before.first > after.last + 1) return undefined
  const first = Math.min(before.first, after.first)
  const last = Math.max(before.last, after.last)
  const pieces: Piece[] = []
  if (before.first < after.first)
    pieces.push({ from: 'stored', offset: 0, bytes: after.first - before.first })
  pieces.push({ from: 'arrived', offset: 0, bytes: after.last - after.first + 1 })
  if (before.last > after.last)
    pieces.push({
      from: 'stored',
      offset: after.last + 1 - before.first,
      bytes: before.last - after.last,
    })
  const content: StoredContent =
    first === 0 && last + 1 === total ? { kind: 'whole' } : { kind: 'part', first, last, total }
  return { stored: { ...arrived, fields: combinedFields(stored, arrived), content }, pieces }
}

/** §3.4 and §3.2: the stored fields, updated from those of the part that arrived. */
function combinedFields(stored: Stored, arrived: Stored): Fields {
  return updatedFields(stored, arrived.fields)
}
