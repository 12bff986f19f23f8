// Ranges (RFC 9110 §14).
const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** Bytes from `first` to `last`, both inclusive. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** One range as asked for. */
export type RangeSpec =
  | { readonly kind: 'from'; readonly first: number; readonly last: number | undefined }
  | { readonly kind: 'suffix'; readonly bytes: number }

/** What a Content-Range says. */
export type ContentRange =
  | {
      readonly kind: 'range'
      readonly first: number
      readonly last: number
      readonly total: number | undefined
    }
  | { readonly kind: 'unsatisfied'; readonly total: number }

/** The ranges of a Range field; undefined when it is not valid or not in bytes: then it is ignored (§14.2). */
export function parseRange(value: string): readonly RangeSpec[] | undefined {
  return todo(value)
}

/** The satisfiable ones within a representation of this length, in the order asked for; none: 416. */
export function resolveRanges(specs: readonly RangeSpec[], totalBytes: number): readonly ByteRange[] {
  return todo(specs, totalBytes)
}

/** Ranges that overlap, touch or have a gap of at most `gapBytes` as one (§15.3.7.2); order of first appearance. */
export function coalesced(ranges: readonly ByteRange[], gapBytes: number): readonly ByteRange[] {
  return todo(ranges, gapBytes)
}

export function parseContentRange(value: string): ContentRange | undefined {
  return todo(value)
}

export function formatContentRange(range: ByteRange, totalBytes: number | undefined): string {
  return todo(range, totalBytes)
}

/** The Content-Range of a 416. */
export function formatUnsatisfied(totalBytes: number): string {
  return todo(totalBytes)
}

/** What goes before a part's bytes in multipart/byteranges (§14.6); it begins with the line break of the one before. */
export function partHead(
  boundary: string,
  contentType: string | undefined,
  range: ByteRange,
  totalBytes: number | undefined,
): string {
  return todo(boundary, contentType, range, totalBytes)
}

/** What goes after the last part. */
export function partsEnd(boundary: string): string {
  return todo(boundary)
}
