// Answers from a stored response: in the form that the request's conditions and ranges ask for (RFC 9110 §13.2.2,
// RFC 9111 §4), in the coding that the client takes.
import { unreachable } from '../base/assert.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import { answer, type Answer } from '../cache/partial.ts'
import { ageSeconds } from '../cache/stored.ts'
import type { ByteRange } from '../http/range.ts'
import { formatContentRange, formatUnsatisfied, partHead, partsBytes, partsEnd } from '../http/range.ts'
import type { Fields } from '../http/fields.ts'
import { Representation } from './representation.ts'
import type { Variant } from './variant.ts'
import type { Visit } from './visit.ts'

/** What serving needs from the engine. */
export interface ServeContext {
  nowMs(): number
  answered(visit: Visit, tier: Tier, reason: Reason, status: number): void
  /** A coded form has been made: memory has been taken. Returns whether there is room for it. */
  grown(variant: Variant): boolean
  /** A boundary for multipart/byteranges that stands in no body but by chance. */
  boundary(): string
}

/**
 * Answers `visit` from `variant`. `member`: that of Cache-Status, where it is not that of a plain hit. `tier`: who
 * is counted as having answered.
 */
export function serve(
  context: ServeContext,
  visit: Visit,
  variant: Variant,
  reason: Reason,
  tier: Tier = 'memory',
  member?: string,
): void {
  const nowMs = context.nowMs()
  const { stored } = variant
  const representation =
    visit.range === undefined ? variant.representation(visit.acceptEncoding, context.grown) : variant.identity
  const form =
    visit.isPlain && stored.content.kind === 'whole' ? whole : formOf(visit, variant, representation, nowMs)
  const age = ageSeconds(stored, nowMs)
  const ttl = Math.ceil((stored.freshUntilMs - nowMs) / 1000)
  if (form.kind === 'whole') {
    visit.reply.stored(representation, visit.headOnly, age, ttl, reason, member)
    return context.answered(visit, tier, reason, stored.status)
  }
  const send = (what: Representation, headOnly: boolean): void =>
    visit.reply.stored(what, headOnly, age, ttl, reason, member)
  switch (form.kind) {
    case 'not-modified':
      visit.reply.stored(variant.notModified(representation), true, age, ttl, reason, member)
      return context.answered(visit, tier === 'memory' ? 'browser' : tier, reason, 304)
    case 'range': {
      const { range, total } = form
      const fields = partFields(representation.fields, range.last - range.first + 1)
      fields.set('Content-Range', formatContentRange(range, total))
      const bytes = bytesOf(variant, range)
      send(Representation.once(206, fields, bytes, variant.identity.source), visit.headOnly)
      return context.answered(visit, tier, reason, 206)
    }
    case 'ranges': {
      const boundary = context.boundary()
      const type = representation.fields.first('content-type')
      const fields = partFields(representation.fields, partsBytes(boundary, type, form.ranges, form.total))
      fields.set('Content-Type', `multipart/byteranges; boundary=${boundary}`)
      send(
        Representation.once(206, fields, multipart(variant, form.ranges, form.total, boundary, type)),
        visit.headOnly,
      )
      return context.answered(visit, tier, reason, 206)
    }
    case 'unsatisfiable': {
      const { fields } = representation
      for (const key of ['content-length', 'content-type', 'content-encoding', 'etag', 'last-modified'])
        fields.delete(key)
      fields.set('Content-Range', formatUnsatisfied(form.total))
      fields.set('Content-Length', '0')
      send(Representation.once(416, fields, nothing), false)
      return context.answered(visit, tier, reason, 416)
    }
    default:
      unreachable(form)
  }
}

const whole: Answer = { kind: 'whole' }

function formOf(visit: Visit, variant: Variant, { etag, body }: Representation, nowMs: number): Answer {
  const { content } = variant.stored
  const totalBytes = content.kind === 'part' ? content.total : body.length
  return answer(visit, variant.stored, { etag, totalBytes }, nowMs)
}

/** The bytes of a range; a stored part begins at its own first byte. */
function bytesOf(variant: Variant, range: ByteRange): Uint8Array {
  const { content } = variant.stored
  const offset = content.kind === 'part' ? content.first : 0
  return variant.identity.body.subarray(range.first - offset, range.last - offset + 1)
}

function partFields(fields: Fields, bytes: number): Fields {
  const part = fields.clone()
  part.set('Content-Length', String(bytes))
  return part
}

function multipart(
  variant: Variant,
  ranges: readonly ByteRange[],
  total: number | undefined,
  boundary: string,
  type: string | undefined,
): Uint8Array {
  const pieces: Uint8Array[] = []
  for (const range of ranges) {
    pieces.push(Buffer.from(partHead(boundary, type, range, total), 'latin1'), bytesOf(variant, range))
  }
  pieces.push(Buffer.from(partsEnd(boundary), 'latin1'))
  return Buffer.concat(pieces)
}

const nothing = new Uint8Array(0)
