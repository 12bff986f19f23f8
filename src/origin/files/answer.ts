// What a file is answered with: the whole, a part, or that the client's own copy is still good (RFC 9110 §13.2.2 and
// §14). Pure; what the file system says is given to it.
//
// Left out: several ranges in one answer, for which the whole is sent (§14.2 leaves it to the server), and If-Range in
// HEAD, which has no range.
import { notModified, ifRangeHolds, type Validators } from '../../http/conditional.ts'
import { formatHttpDate } from '../../http/date.ts'
import type { ContentCoding } from '../../http/encode.ts'
import { parseEntityTags, strongMatch } from '../../http/etag.ts'
import { Fields } from '../../http/fields.ts'
import {
  coalesced,
  formatContentRange,
  formatUnsatisfied,
  parseRange,
  resolveRanges,
  type ByteRange,
} from '../../http/range.ts'
import type { FileValidators } from './validators.ts'

/** What a request asks of a file. */
export interface FileAsk {
  readonly method: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  /** Undefined as well when it has been judged already. */
  readonly ifMatchTags?: string | undefined
}

/** One form of a file, as it is now. */
export interface FileForm {
  readonly bytes: number
  readonly contentType: string
  readonly coding: ContentCoding | undefined
  /** Whether other clients get another form of it. */
  readonly varies: boolean
  /** Undefined while it may still be written to without a trace. */
  readonly validators: FileValidators | undefined
  /** Whether its name tells its content. */
  readonly fingerprinted: boolean
}

/** An answer from a file. */
export interface FileAnswer {
  readonly status: number
  readonly fields: Fields
  /** The bytes that follow; none, also for HEAD. */
  readonly part: { readonly first: number; readonly bytes: number } | undefined
}

/** A year: the longest that RFC 9111 §1.2.2 advises to say. */
const IMMUTABLE = 'public, max-age=31536000, immutable'
/** Anyone may keep it, and asks each time whether it is still good. */
export const MUTABLE = 'public, max-age=0, must-revalidate'

/** Answers a GET or HEAD for a file. */
export function fileAnswer(ask: FileAsk, form: FileForm, nowMs: number): FileAnswer {
  const fields = formFields(form)
  const { validators, bytes } = form
  const compared: Validators = {
    etag: validators?.etag,
    lastModifiedMs: validators?.lastModifiedMs,
    dateMs: nowMs,
  }
  if (ask.ifMatchTags !== undefined && !matches(ask.ifMatchTags, validators?.etag))
    return { status: 412, fields: Fields.of([['Content-Length', '0']]), part: undefined }
  // Without a validator there is nothing to compare: the Date, which stands in elsewhere, is that of this moment.
  if (validators !== undefined && notModified(ask.ifNoneMatch, ask.ifModifiedSince, compared, nowMs)) {
    fields.delete('content-type')
    fields.delete('content-encoding')
    fields.delete('accept-ranges')
    return { status: 304, fields, part: undefined }
  }
  const range = rangeOf(ask, compared, bytes, nowMs)
  if (range === 'unsatisfiable') {
    const unsatisfied = Fields.of([
      ['Content-Range', formatUnsatisfied(bytes)],
      ['Content-Length', '0'],
    ])
    return { status: 416, fields: unsatisfied, part: undefined }
  }
  const first = range?.first ?? 0
  const length = range === undefined ? bytes : range.last - range.first + 1
  if (range !== undefined) fields.append('Content-Range', formatContentRange(range, bytes))
  fields.append('Content-Length', String(length))
  const part = ask.method === 'HEAD' || length === 0 ? undefined : { first, bytes: length }
  return { status: range === undefined ? 200 : 206, fields, part }
}

function formFields(form: FileForm): Fields {
  const fields = new Fields()
  const { validators } = form
  fields.append('Content-Type', form.contentType)
  if (form.coding !== undefined) fields.append('Content-Encoding', form.coding)
  if (form.varies) fields.append('Vary', 'Accept-Encoding')
  if (validators === undefined) fields.append('Cache-Control', 'no-cache')
  else {
    if (validators.lastModifiedMs !== undefined)
      fields.append('Last-Modified', formatHttpDate(validators.lastModifiedMs))
    fields.append('ETag', validators.etag)
    fields.append('Cache-Control', form.fingerprinted ? IMMUTABLE : MUTABLE)
  }
  fields.append('Accept-Ranges', 'bytes')
  return fields
}

/** The one range that is to be sent; undefined: the whole. */
function rangeOf(
  ask: FileAsk,
  validators: Validators,
  bytes: number,
  nowMs: number,
): ByteRange | 'unsatisfiable' | undefined {
  if (ask.range === undefined || ask.method !== 'GET') return undefined
  if (ask.ifRange !== undefined && !ifRangeHolds(ask.ifRange, validators, nowMs)) return undefined
  const specs = parseRange(ask.range)
  if (specs === undefined) return undefined
  const ranges = coalesced(resolveRanges(specs, bytes), 0)
  if (ranges.length === 0) return 'unsatisfiable'
  return ranges.length === 1 ? ranges[0] : undefined
}

/** If-Match (RFC 9110 §13.1.1: strong comparison). */
function matches(ifMatch: string, etag: string | undefined): boolean {
  const tags = parseEntityTags(ifMatch)
  return tags === '*' || (etag !== undefined && tags.some((tag) => strongMatch(tag, etag)))
}
