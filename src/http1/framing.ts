// How a message's body is delimited (RFC 9112 §6). Requests are read strictly: whatever two readers could understand
// differently is refused. What an origin sends is read as §6.3 bids, and what stays ambiguous is refused as well.

/** How the end of a body is found. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** Responses only: the body ends with the connection. */
  | { readonly kind: 'close' }

export const noBody: Framing = { kind: 'none' }
const chunked: Framing = { kind: 'chunked' }
const untilClose: Framing = { kind: 'close' }

/** The framing, or what is wrong: 'invalid', or 'unknown-coding' for a transfer coding that is not implemented. */
export type FramingResult = Framing | 'invalid' | 'unknown-coding'

/** Whether a response to this method with this status may have a body (RFC 9112 §6.3, first items). */
export function mayHaveBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304
}

/** The framing of a body of this length. */
export function lengthFraming(bytes: number): Framing {
  return bytes === 0 ? noBody : { kind: 'length', bytes }
}

/** A Content-Length of digits alone, small enough to count exactly. */
export function contentLength(value: string): number | undefined {
  return /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined
}

/**
 * A request's framing (RFC 9112 §6.3). `transferEncoding` and `contentLengths` are the values of the field's lines.
 * A list of equal lengths, which §6.3 would let pass, is refused too: no client sends one.
 */
export function requestFraming(
  minorVersion: number,
  transferEncoding: readonly string[],
  contentLengths: readonly string[],
): FramingResult {
  if (transferEncoding.length > 0) {
    // §6.1: both, or a transfer coding from an HTTP/1.0 client, is how requests are smuggled.
    if (contentLengths.length > 0 || minorVersion === 0 || transferEncoding.length > 1) return 'invalid'
    const coding = transferEncoding[0]!.toLowerCase()
    if (coding === 'chunked') return chunked
    const codings = coding.split(',').map((c) => c.trim())
    // §6.3: without a final chunked the length of a request cannot be known; chunked twice is never right (§7.1).
    if (codings.at(-1) !== 'chunked' || codings.indexOf('chunked') !== codings.length - 1) {
      return codings.every((c) => /^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(c)) && !codings.includes('chunked')
        ? 'unknown-coding'
        : 'invalid'
    }
    return codings.every((c) => /^[a-z]+$/.test(c)) ? 'unknown-coding' : 'invalid'
  }
  if (contentLengths.length === 0) return noBody
  if (contentLengths.length > 1) return 'invalid'
  const bytes = contentLength(contentLengths[0]!)
  if (bytes === undefined) return 'invalid'
  return lengthFraming(bytes)
}

/**
 * A response's framing (RFC 9112 §6.3), for the method that it answers. `lenient` takes an unknown transfer coding
 * that does not end in chunked as delimited by the connection's end, and drops it.
 */
export function responseFraming(
  method: string,
  status: number,
  minorVersion: number,
  transferEncoding: readonly string[],
  contentLengths: readonly string[],
  lenient: boolean,
): FramingResult {
  if (!mayHaveBody(method, status)) return noBody
  if (transferEncoding.length > 0) {
    // §6.1: a response with both ought to be handled as an error; and HTTP/1.0 knows no transfer coding.
    if (contentLengths.length > 0 || minorVersion === 0) return 'invalid'
    const codings = transferEncoding
      .join(',')
      .toLowerCase()
      .split(',')
      .map((coding) => coding.trim())
    if (codings.length === 1 && codings[0] === 'chunked') return chunked
    if (!lenient)
      return codings.filter((coding) => coding === 'chunked').length > 1 ? 'invalid' : 'unknown-coding'
    return codings.at(-1) === 'chunked' ? chunked : untilClose
  }
  if (contentLengths.length === 0) return untilClose
  // §6.3: a list of equal values may be taken as one; anything else is not recoverable.
  const values = new Set(contentLengths.flatMap((value) => value.split(',').map((part) => part.trim())))
  const bytes = values.size === 1 ? contentLength([...values][0]!) : undefined
  if (bytes === undefined) return 'invalid'
  return bytes === 0 ? noBody : { kind: 'length', bytes }
}
