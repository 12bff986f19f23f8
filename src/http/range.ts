// Ranges (RFC 9110 §14): what a Range field asks for, resolved against a representation's length, and what Content-Range
// and multipart/byteranges say. Byte ranges only; any other unit is ignored (§14.2).

/** Bytes from `first` to `last`, both inclusive. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** One range as asked for: from a position, or the last `bytes`. */
export type RangeSpec =
  | { readonly kind: 'from'; readonly first: number; readonly last: number | undefined }
  | { readonly kind: 'suffix'; readonly bytes: number }

/** What a Content-Range says; `total` undefined: not known ('*'). */
export type ContentRange =
  | {
      readonly kind: 'range'
      readonly first: number
      readonly last: number
      readonly total: number | undefined
    }
  | { readonly kind: 'unsatisfied'; readonly total: number }

/** More ranges than this in one request are an attack, not a reader (§14.2 allows to ignore them, §17.15 why). */
const SPECS_MAX = 64

/**
 * The ranges of a Range field; undefined when it is not valid, not in bytes, or asks for too many: then the field is
 * to be ignored (§14.2).
 */
export function parseRange(value: string): readonly RangeSpec[] | undefined {
  const equals = value.indexOf('=')
  if (equals < 0 || value.slice(0, equals).trim().toLowerCase() !== 'bytes') return undefined
  const parts = value.slice(equals + 1).split(',', SPECS_MAX + 1)
  if (parts.length > SPECS_MAX) return undefined
  const specs: RangeSpec[] = []
  for (const part of parts) {
    const text = part.trim()
    if (text === '') continue
    const spec = parseSpec(text)
    if (spec === undefined) return undefined
    specs.push(spec)
  }
  return specs.length === 0 ? undefined : specs
}

function parseSpec(text: string): RangeSpec | undefined {
  const dash = text.indexOf('-')
  if (dash < 0) return undefined
  const last = text.slice(dash + 1)
  if (dash === 0) {
    const bytes = parsePosition(last)
    return bytes === undefined ? undefined : { kind: 'suffix', bytes }
  }
  const first = parsePosition(text.slice(0, dash))
  if (first === undefined) return undefined
  if (last === '') return { kind: 'from', first, last: undefined }
  const end = parsePosition(last)
  // §14.1.1: a last position before the first makes the range invalid.
  return end === undefined || end < first ? undefined : { kind: 'from', first, last: end }
}

/** A position or length; one that a number cannot hold exactly is past the end of everything. */
function parsePosition(text: string): number | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}

/** The satisfiable ranges within a representation of this length, in the order asked for; none: 416 (§14.1.2). */
export function resolveRanges(specs: readonly RangeSpec[], totalBytes: number): readonly ByteRange[] {
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    if (totalBytes === 0) break
    if (spec.kind === 'suffix') {
      if (spec.bytes > 0) ranges.push({ first: Math.max(0, totalBytes - spec.bytes), last: totalBytes - 1 })
    } else if (spec.first < totalBytes)
      ranges.push({ first: spec.first, last: Math.min(spec.last ?? Infinity, totalBytes - 1) })
  }
  return ranges
}

/**
 * Ranges that overlap, touch, or lie at most `gapBytes` apart become one: what many small ranges would cost is never
 * paid (§14.2, §15.3.7.2). The order of first appearance is kept.
 */
export function coalesced(ranges: readonly ByteRange[], gapBytes: number): readonly ByteRange[] {
  if (ranges.length < 2) return ranges
  const order = ranges.map((range, at) => ({ first: range.first, last: range.last, at }))
  order.sort((a, b) => a.first - b.first)
  const merged: { first: number; last: number; at: number }[] = []
  for (const range of order) {
    const before = merged.at(-1)
    if (before === undefined || range.first > before.last + 1 + gapBytes) {
      merged.push(range)
      continue
    }
    before.last = Math.max(before.last, range.last)
    before.at = Math.min(before.at, range.at)
  }
  merged.sort((a, b) => a.at - b.at)
  return merged.map(({ first, last }) => ({ first, last }))
}

const contentRange = /^bytes (?:([0-9]+)-([0-9]+)|\*)\/([0-9]+|\*)$/i

/** What a Content-Range says; undefined when it is not valid or not in bytes (§14.4). */
export function parseContentRange(value: string): ContentRange | undefined {
  const match = contentRange.exec(value.trim())
  if (match === null) return undefined
  const total = match[3] === '*' ? undefined : Number(match[3])
  if (total !== undefined && !Number.isSafeInteger(total)) return undefined
  if (match[1] === undefined) return total === undefined ? undefined : { kind: 'unsatisfied', total }
  const first = Number(match[1])
  const last = Number(match[2])
  if (last < first || !Number.isSafeInteger(last) || (total !== undefined && total <= last)) return undefined
  return { kind: 'range', first, last, total }
}

/** The Content-Range of a 206. */
export function formatContentRange(range: ByteRange, totalBytes: number | undefined): string {
  return `bytes ${range.first}-${range.last}/${totalBytes ?? '*'}`
}

/** The Content-Range of a 416. */
export function formatUnsatisfied(totalBytes: number): string {
  return `bytes */${totalBytes}`
}

/** What goes before a part's bytes in multipart/byteranges (§14.6); it begins with the line break of the one before. */
export function partHead(
  boundary: string,
  contentType: string | undefined,
  range: ByteRange,
  totalBytes: number | undefined,
): string {
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`
  return `\r\n--${boundary}\r\n${type}Content-Range: ${formatContentRange(range, totalBytes)}\r\n\r\n`
}

/** What goes after the last part. */
export function partsEnd(boundary: string): string {
  return `\r\n--${boundary}--\r\n`
}

/** The Content-Length of a multipart/byteranges body of these parts; fields are ASCII or one byte a character. */
export function partsBytes(
  boundary: string,
  contentType: string | undefined,
  ranges: readonly ByteRange[],
  totalBytes: number | undefined,
): number {
  let bytes = partsEnd(boundary).length
  for (const range of ranges)
    bytes += partHead(boundary, contentType, range, totalBytes).length + range.last - range.first + 1
  return bytes
}
