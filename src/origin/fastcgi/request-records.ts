// The records that a request begins with (FastCGI 1.0 §5.1, §5.2 and §5.3), put together in one buffer, so that they go out
// in one piece: FCGI_BEGIN_REQUEST, the variables, and its body where that is there and not long.
import type { OriginBody, OriginRequest } from '../origin.ts'
import { pairEnd, PairWriter } from './name-values.ts'
import { beginRequest, CONTENT_BYTES_MAX, HEADER_BYTES, RecordType, writeHeader } from './record.ts'
import type { RequestId } from './request-id.ts'
import { writeVariables, type Script } from './variables.ts'

/** Longer bodies are not copied. */
const JOINED_BODY_BYTES_MAX = 65_536
/** Where the variables begin. */
const VARIABLES_AT = beginRequest.length + HEADER_BYTES

/** Overwritten by the next request. */
const writer = new PairWriter()

/** Whether a body goes out in one piece with the variables. */
export function isJoined(body: OriginBody): boolean {
  return body.kind === 'whole' && body.bytes.length <= JOINED_BODY_BYTES_MAX
}

/** The records, up to `at`; good until the next call. What is not there yet of a body, or not joined, follows them. */
export function requestRecords(
  request: OriginRequest,
  script: Script,
  id: RequestId,
): { readonly octets: Buffer; readonly at: number } {
  const { body } = request
  writer.at = VARIABLES_AT
  writeVariables(writer, request, script, id)
  framePairs()
  if (body.kind === 'whole' && isJoined(body)) writeBody(body.bytes)
  else if (body.kind === 'none') endBody()
  return writer
}

function writeBody(body: Uint8Array): void {
  writer.reserve(4 * HEADER_BYTES + body.length)
  for (let from = 0; from < body.length; from += CONTENT_BYTES_MAX) {
    const piece = body.subarray(from, from + CONTENT_BYTES_MAX)
    writer.at = writeHeader(writer.octets, writer.at, RecordType.stdin, piece.length)
    writer.octets.set(piece, writer.at)
    writer.at += piece.length
  }
  endBody()
}

function endBody(): void {
  writer.reserve(HEADER_BYTES)
  writer.at = writeHeader(writer.octets, writer.at, RecordType.stdin, 0)
}

/** Frames the variables that have been written as records, with the one that ends them. */
function framePairs(): void {
  writer.reserve(HEADER_BYTES)
  const { octets } = writer
  octets.set(beginRequest, 0)
  const bytes = writer.at - VARIABLES_AT
  if (bytes <= CONTENT_BYTES_MAX) {
    writeHeader(octets, beginRequest.length, RecordType.params, bytes)
    writer.at = writeHeader(octets, writer.at, RecordType.params, 0)
    return
  }
  const pairs = Buffer.from(octets.subarray(VARIABLES_AT, writer.at))
  writer.at = beginRequest.length
  for (let from = 0; from < bytes;) {
    for (const end = recordEnd(pairs, from); from < end;) {
      const piece = pairs.subarray(from, Math.min(end, from + CONTENT_BYTES_MAX))
      writer.reserve(2 * HEADER_BYTES + piece.length)
      writer.at = writeHeader(writer.octets, writer.at, RecordType.params, piece.length)
      writer.octets.set(piece, writer.at)
      writer.at += piece.length
      from += piece.length
    }
  }
  writer.at = writeHeader(writer.octets, writer.at, RecordType.params, 0)
}

/**
 * Where what begins at `from` is to end, in one record if it fits: a stream may be cut anywhere (§3.3), but PHP reads no
 * pair that goes on in the next record.
 */
function recordEnd(pairs: Buffer, from: number): number {
  let to = pairEnd(pairs, from)
  while (to < pairs.length) {
    const next = pairEnd(pairs, to)
    if (next - from > CONTENT_BYTES_MAX) break
    to = next
  }
  return to
}
