// The codec's readers as a connection drives them: octets come in pieces, and what was understood goes into a record,
// in words. Two records are equal if and only if the same was understood; which of several faults is told first may
// depend on how much had arrived.
import { ChunkedDecoder } from '../../src/http1/chunked.ts'
import type { Fields } from '../../src/http/fields.ts'
import type { Framing } from '../../src/http1/framing.ts'
import type { Http1Limits } from '../../src/http1/limits.ts'
import type { RequestReader } from '../../src/http1/request-reader.ts'
import type { ResponseReader } from '../../src/http1/response-reader.ts'

/** A request that was accepted. */
export interface AcceptedRequest {
  readonly method: string
  readonly pathAndQuery: string
  readonly authority: string
  readonly minorVersion: number
  readonly fields: Fields
  readonly framing: Framing
  /** What goes on to the next hop, without `replaced`. */
  readonly passed: Fields
}

/** A response that was accepted; interim ones too. */
export interface AcceptedResponse {
  readonly status: number
  readonly reason: string
  readonly fields: Fields
  readonly passed: Fields
}

/** Fields of which the next hop gets lines of Myriad's own. */
export const replaced: ReadonlySet<string> = new Set(['host', 'content-length', 'expect', 'cookie'])

/** What was understood. */
export interface Understood<Message> {
  readonly record: string
  readonly messages: readonly Message[]
}

const show = (fields: Fields) => JSON.stringify([...fields])

/** Reads a body; `take` returns what was used of the octets, or undefined when they are not valid. */
class BodyStream {
  readonly #parts: Buffer[] = []
  readonly #decoder: ChunkedDecoder | undefined
  #left: number

  constructor(
    readonly framing: Framing,
    limits: Http1Limits,
  ) {
    this.#left = framing.kind === 'length' ? framing.bytes : 0
    if (framing.kind === 'chunked') this.#decoder = new ChunkedDecoder(limits.trailerBytes, limits.fieldLines)
  }

  get done(): boolean {
    if (this.#decoder) return this.#decoder.done
    return this.framing.kind !== 'close' && this.#left === 0
  }

  take(octets: Buffer, from: number): number | undefined {
    if (this.#decoder) {
      const part = (bytes: Uint8Array, at: number, to: number) =>
        void this.#parts.push(Buffer.from(bytes.subarray(at, to)))
      const next = this.#decoder.decode(octets, from, octets.length, { part })
      if (next < 0) return undefined
      if (next <= from || next > octets.length) throw new Error(`decode went from ${from} to ${next}`)
      return next
    }
    const count =
      this.framing.kind === 'close' ? octets.length - from : Math.min(this.#left, octets.length - from)
    this.#parts.push(Buffer.from(octets.subarray(from, from + count)))
    this.#left -= count
    return from + count
  }

  record(): string {
    const trailers = this.#decoder?.trailers
    return `body ${Buffer.concat(this.#parts).toString('latin1')} ${trailers ? show(trailers) : ''}`
  }
}

/** Reads requests from pieces, until one is refused. */
export function readRequests(reader: RequestReader, pieces: readonly Buffer[]): Understood<AcceptedRequest> {
  const record: string[] = []
  const messages: AcceptedRequest[] = []
  let pending = Buffer.alloc(0)
  let body: BodyStream | undefined
  for (const piece of pieces) {
    pending = Buffer.concat([pending, piece])
    let at = 0
    while (at < pending.length) {
      if (body) {
        const next = body.take(pending, at)
        if (next === undefined) return { record: `${record.join('\n')}\nbad ${body.record()}`, messages }
        at = next
        if (!body.done) continue
        record.push(body.record())
        body = undefined
        continue
      }
      const outcome = reader.read(pending, at, pending.length)
      if (outcome === 'incomplete') break
      if (outcome === 'refused') {
        record.push(`refused ${reader.failure!.code}`)
        return { record: record.join('\n'), messages }
      }
      if (reader.next <= at || reader.next > pending.length)
        throw new Error(`read went from ${at} to ${reader.next}`)
      const { method, rawTarget, pathAndQuery, authority } = reader
      const fields = reader.lines.fields()
      const passed = reader.lines.endToEnd(replaced)
      const { framing, minorVersion, keepAlive, expectsContinue, upgrade } = reader
      messages.push({ method, pathAndQuery, authority, minorVersion, fields, framing, passed })
      const rest = JSON.stringify([framing, minorVersion, keepAlive, expectsContinue, upgrade])
      record.push(`${method} ${rawTarget} ${pathAndQuery} ${authority} ${show(fields)} ${rest}`)
      at = reader.next
      if (framing.kind === 'none') continue
      body = new BodyStream(framing, reader.limits)
    }
    pending = Buffer.from(pending.subarray(at))
  }
  record.push(`then ${body ? body.record() : pending.toString('latin1')}`)
  return { record: record.join('\n'), messages }
}

/** Reads the response to `method` from pieces: interim ones, and one that is final. */
export function readResponse(
  reader: ResponseReader,
  pieces: readonly Buffer[],
  method: string,
): Understood<AcceptedResponse> {
  const record: string[] = []
  const messages: AcceptedResponse[] = []
  let pending = Buffer.alloc(0)
  let body: BodyStream | undefined
  let done = false
  for (const piece of pieces) {
    pending = Buffer.concat([pending, piece])
    let at = 0
    while (at < pending.length && !done) {
      if (body) {
        const next = body.take(pending, at)
        if (next === undefined) return { record: `${record.join('\n')}\nbad ${body.record()}`, messages }
        at = next
        done = body.done
        continue
      }
      const outcome = reader.read(pending, at, pending.length, method)
      if (outcome === 'incomplete') break
      if (outcome === 'invalid') {
        record.push('invalid')
        return { record: record.join('\n'), messages }
      }
      if (reader.next <= at || reader.next > pending.length)
        throw new Error(`read went from ${at} to ${reader.next}`)
      const head = reader.head()
      messages.push({ ...head, passed: reader.lines.endToEnd(replaced) })
      const { framing, minorVersion, keepAlive } = reader
      record.push(
        `${head.status} ${head.reason} ${show(head.fields)} ${JSON.stringify([framing, minorVersion, keepAlive])}`,
      )
      at = reader.next
      if (head.status >= 100 && head.status < 200 && head.status !== 101) continue
      body = new BodyStream(framing, reader.limits)
      done = body.done || head.status === 101
    }
    pending = Buffer.from(pending.subarray(at))
  }
  record.push(`then ${done} ${body?.record()} ${pending.toString('latin1')}`)
  return { record: record.join('\n'), messages }
}
