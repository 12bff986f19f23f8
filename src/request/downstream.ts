// The fields of a response on their way to the client: what the origin sent, with what a gateway adds and what the
// route says about browsers.
import type { Reason } from '../base/reason.ts'
import type { CachePolicy } from '../cache/policy.ts'
import { responseDirectives } from '../cache/directives.ts'
import { compressible } from '../http/coding.ts'
import type { ContentCoding } from '../http/encode.ts'
import { weakened } from '../http/etag.ts'
import { applyChanges } from '../http/field-changes.ts'
import type { Fields } from '../http/fields.ts'
import type { FieldReader } from '../http/message.ts'
import { forwardedStatus } from './cache-status.ts'

/** Fields that say what the octets of a body add up to (RFC 9530; Content-MD5 and Digest before it). */
export const digestKeys = ['content-md5', 'content-digest', 'repr-digest', 'digest'] as const

/** Shorter bodies gain nothing from coding. */
const CODED_BYTES_MIN = 256

/** How this gateway names itself in Via (RFC 9110 §7.6.3). */
export const VIA = '1.1 myriad'

/** Makes end-to-end response fields into those that the client gets. Changes and returns them. */
export function downstreamFields(out: Fields, policy: CachePolicy): Fields {
  const via = out.get('via')
  if (via === undefined) out.append('Via', VIA)
  else out.set('Via', `${via}, ${VIA}`)
  if (policy.cookies === 'drop') out.delete('set-cookie')
  if (policy.browserTtlSeconds !== undefined)
    out.set('Cache-Control', browserControl(out, policy.browserTtlSeconds))
  if (policy.response !== undefined) applyChanges(out, policy.response)
  return out
}

/** Whether `downstreamFields` does nothing but add a Via. */
export function isUnchanged(lines: FieldReader, policy: CachePolicy): boolean {
  return (
    policy.cookies !== 'drop' &&
    policy.browserTtlSeconds === undefined &&
    policy.response === undefined &&
    !lines.has('via')
  )
}

/** Kept per pair of reasons; a site has a handful of them, times a few statuses. */
const made = new Map<Reason, Map<Reason, string[]>>()

/** What goes behind the lines of an answer that is passed on as it came. They are the same for very many. */
export function forwardedLines(why: Reason, reason: Reason, status: number): string {
  let byReason = made.get(why)
  if (byReason === undefined) made.set(why, (byReason = new Map()))
  let byStatus = byReason.get(reason)
  if (byStatus === undefined) byReason.set(reason, (byStatus = []))
  return (byStatus[status] ??=
    `Via: ${VIA}\r\nCache-Status: ${forwardedStatus(why, reason, status, false, false)}\r\n`)
}

/** The response's Cache-Control with another lifetime for browsers; `no-store` and `private` are kept. */
function browserControl(fields: Fields, seconds: number): string {
  const kept = (fields.get('cache-control') ?? '')
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(max-age|s-maxage|no-cache)\b/i.test(directive))
  fields.delete('expires')
  return [...kept, `max-age=${seconds}`].join(', ')
}

/** Whether clients may get this response coded; `bodyBytes` undefined: its length is not known yet. */
export function codable(status: number, fields: FieldReader, bodyBytes: number | undefined): boolean {
  return (
    status === 200 &&
    (bodyBytes === undefined || bodyBytes >= CODED_BYTES_MIN) &&
    !fields.has('content-encoding') &&
    compressible(fields.first('content-type')) &&
    !responseDirectives(fields.get('cache-control')).noTransform
  )
}

/** Says that other clients may get another coding (RFC 9110 §12.5.5). */
export function addVary(fields: Fields): void {
  const vary = fields.get('vary')
  if (vary === undefined) fields.append('Vary', 'Accept-Encoding')
  else if (!/(^|[\s,])(accept-encoding|\*)([\s,]|$)/i.test(vary))
    fields.set('Vary', `${vary}, Accept-Encoding`)
}

/** Makes the fields of a response into those of its coded form. Changes them. */
export function toCoded(fields: Fields, coding: ContentCoding): void {
  fields.set('Content-Encoding', coding)
  const etag = fields.get('etag')
  // RFC 9110 §8.8.1: a strong validator tells representations apart octet by octet.
  if (etag !== undefined) fields.set('ETag', weakened(etag))
  // Lengths, digests and ranges are of other octets.
  for (const key of [...digestKeys, 'accept-ranges', 'content-length']) fields.delete(key)
}
