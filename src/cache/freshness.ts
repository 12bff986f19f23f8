// Freshness (RFC 9111 §4.2): for how long a response may be used, and how old it was when it came. Both are computed
// once, when it is stored. Seconds here, since the protocol counts in seconds; `stored.ts` turns them into times.
import { parseHttpDate } from '../http/date.ts'
import type { Fields } from '../http/fields.ts'
import type { Control } from './control.ts'
import { parseSeconds } from './directives.ts'

/** RFC 9110 §15.1: the status codes whose responses may be given a lifetime that nobody stated. */
const heuristicallyCacheable: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
])

/** Whether a response with this status may be stored without explicit words. */
export function isHeuristicallyCacheable(status: number): boolean {
  return heuristicallyCacheable.has(status)
}

/** The fraction of a response's time without change for which it is trusted, and the most that this gives (§4.2.2). */
const HEURISTIC_FRACTION = 0.1
const HEURISTIC_SECONDS_MAX = 86_400

/** What the lifetime is computed from. */
export interface FreshnessSource {
  readonly control: Control
  readonly status: number
  readonly fields: Fields
  /** The owner's lifetime for a response that states none, if it applies to this request. */
  readonly ttlSeconds: number | undefined
  readonly receivedMs: number
}

/** A lifetime: stated by the response, or the owner's, or estimated. */
export interface Lifetime {
  readonly kind: 'explicit' | 'owner' | 'heuristic'
  readonly seconds: number
}

/** The freshness lifetime (§4.2.1); undefined when nothing states one and none may be estimated. */
export function lifetimeOf(source: FreshnessSource): Lifetime | undefined {
  const { sMaxage, maxAge } = source.control.directives
  if (source.control.source === 'owner') return { kind: 'owner', seconds: maxAge ?? 0 }
  const stated = sMaxage ?? maxAge ?? (source.control.expires ? expiresLifetime(source) : undefined)
  if (stated !== undefined) return { kind: 'explicit', seconds: stated }
  // §4.2.2: only now, and only for a status that is known to allow it or a response that is marked cacheable.
  if (!isHeuristicallyCacheable(source.status) && !source.control.directives.public) return undefined
  if (source.ttlSeconds !== undefined) return { kind: 'owner', seconds: source.ttlSeconds }
  const lastModifiedMs = dateIn(source, 'last-modified')
  if (lastModifiedMs === undefined) return undefined
  const unchangedSeconds = (dateOf(source) - lastModifiedMs) / 1000
  const seconds = Math.floor(unchangedSeconds * HEURISTIC_FRACTION)
  return { kind: 'heuristic', seconds: Math.min(Math.max(seconds, 0), HEURISTIC_SECONDS_MAX) }
}

/** Expires minus Date; what is no date, as also two lines are not, is in the past (§5.3). */
function expiresLifetime(source: FreshnessSource): number | undefined {
  if (!source.fields.has('expires')) return undefined
  const expiresMs = dateIn(source, 'expires')
  return expiresMs === undefined ? 0 : Math.max(0, Math.floor((expiresMs - dateOf(source)) / 1000))
}

/** Without a valid Date the time of receipt stands in (RFC 9110 §6.6.1). */
function dateOf(source: FreshnessSource): number {
  return dateIn(source, 'date') ?? source.receivedMs
}

function dateIn(source: FreshnessSource, key: string): number | undefined {
  const text = source.fields.get(key)
  return text === undefined ? undefined : parseHttpDate(text.trim(), source.receivedMs)
}

/**
 * How old a response was when it was received (§4.2.3), in milliseconds: the larger of what its Date and what its Age
 * tell. The clocks of Date and of this machine are compared in whole seconds, as Date is.
 */
export function initialAgeMs(
  fields: Fields,
  dateMs: number,
  times: { readonly requestMs: number; readonly responseMs: number },
): number {
  const apparent = Math.max(0, Math.floor(times.responseMs / 1000) - Math.floor(dateMs / 1000)) * 1000
  const delay = Math.max(0, times.responseMs - times.requestMs)
  return Math.max(apparent, ageValue(fields) * 1000 + delay)
}

/** The Age field in seconds; of a list the first member; 0 when there is none or it is no number (§5.1). */
function ageValue(fields: Fields): number {
  const first = fields.first('age')
  if (first === undefined) return 0
  const comma = first.indexOf(',')
  return parseSeconds((comma < 0 ? first : first.slice(0, comma)).trim()) ?? 0
}
