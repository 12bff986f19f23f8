// Answers from a stored response: in the form that the request's conditions and ranges ask for (RFC 9110 §13.2.2,
// RFC 9111 §4), in the coding that the client takes.
import { unreachable } from '../base/assert.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import { answer } from '../cache/partial.ts'
import { ageSeconds } from '../cache/stored.ts'
import type { ByteRange } from '../http/range.ts'
import { formatContentRange, formatUnsatisfied, partHead, partsBytes, partsEnd } from '../http/range.ts'
import type { Fields } from '../http/fields.ts'
import { hitStatus } from './cache-status.ts'
import { Representation } from './representation.ts'
import type { Variant } from './variant.ts'
import type { Visit } from './visit.ts'

/** What serving needs from the engine. */
export interface ServeContext {
  nowMs(): number
  answered(visit: Visit, tier: Tier, reason: Reason, status: number): void
  /** A coded form has been made: memory has been taken. */
  grown(variant: Variant): void
  /** A boundary for multipart/byteranges that stands in no body but by chance. */
  boundary(): string
}

/** Fields of a 200 that a 304 carries too (RFC 9110 §15.4.5). */
const notModifiedKeys = new Set([
  'cache-control',
  'cdn-cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
  'via',
])

/**
 * Answers `visit` from `variant`. `status`: the Cache-Status member, where it is not that of a plain hit. `tier`: who
 * is counted as having answered.
 */
export function serve(
  context: ServeContext,
  visit: Visit,
  variant: Variant,
  reason: Reason,
  tier: Tier = 'memory',
  status?: string,
): void {
  const nowMs = context.nowMs()
  const { stored } = variant
  const representation =
    visit.range === undefined ? variant.representation(visit.acceptEncoding, context.grown) : variant.identity
  const form = answer(
    visit,
    stored,
    { etag: representation.fields.first('etag'), totalBytes: totalBytesOf(variant, representation) },
    nowMs,
  )
  const note = {
    ageSeconds: ageSeconds(stored, nowMs),
    cacheStatus: status ?? hitStatus(reason, Math.ceil((stored.freshUntilMs - nowMs) / 1000)),
  }
  switch (form.kind) {
    case 'whole':
      visit.reply.stored(representation, note, visit.headOnly)
      return context.answered(visit, tier, reason, stored.status)
    case 'not-modified': {
      const fields = representation.fields.clone()
      for (const key of new Set(fields.keys)) if (!notModifiedKeys.has(key)) fields.delete(key)
      visit.reply.stored(Representation.once(304, fields, nothing), note, true)
      return context.answered(visit, tier === 'memory' ? 'browser' : tier, reason, 304)
    }
    case 'range': {
      const { range, total } = form
      const fields = partFields(representation.fields, range.last - range.first + 1)
      fields.set('Content-Range', formatContentRange(range, total))
      const bytes = bytesOf(variant, range)
      visit.reply.stored(
        Representation.once(206, fields, bytes, variant.identity.source),
        note,
        visit.headOnly,
      )
      return context.answered(visit, tier, reason, 206)
    }
    case 'ranges': {
      const boundary = context.boundary()
      const type = representation.fields.first('content-type')
      const fields = partFields(representation.fields, partsBytes(boundary, type, form.ranges, form.total))
      fields.set('Content-Type', `multipart/byteranges; boundary=${boundary}`)
      visit.reply.stored(
        Representation.once(206, fields, multipart(variant, form.ranges, form.total, boundary, type)),
        note,
        visit.headOnly,
      )
      return context.answered(visit, tier, reason, 206)
    }
    case 'unsatisfiable': {
      const fields = representation.fields.clone()
      for (const key of ['content-length', 'content-type', 'content-encoding', 'etag', 'last-modified'])
        fields.delete(key)
      fields.set('Content-Range', formatUnsatisfied(form.total))
      fields.set('Content-Length', '0')
      visit.reply.stored(Representation.once(416, fields, nothing), note, false)
      return context.answered(visit, tier, reason, 416)
    }
    default:
      unreachable(form)
  }
}

function totalBytesOf(variant: Variant, representation: Representation): number | undefined {
  const { content } = variant.stored
  return content.kind === 'part' ? content.total : representation.body.length
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
