// What an authority's refusal says (RFC 8555 §6.7, problem documents of RFC 9457), in words for the owner.
import { parseHttpDate } from '../../http/date.ts'
import type { Trouble } from './schedule.ts'

/** Why an order failed. Its message is the trouble's text. */
export class AcmeTrouble extends Error implements Trouble {
  override name = 'AcmeTrouble'

  constructor(
    readonly kind: Trouble['kind'],
    readonly text: string,
    readonly retryAfterMs: number | undefined = undefined,
    /** The problem's type, without its prefix: 'rateLimited'. */
    readonly type: string | undefined = undefined,
  ) {
    super(text)
  }
}

const PREFIX = 'urn:ietf:params:acme:error:'
const TEXT_LENGTH_MAX = 500
const SUBPROBLEMS_MAX = 5

/** The type of a problem document, without its prefix; undefined when this is none. */
export function problemType(document: unknown): string | undefined {
  const type = membersOf(document)['type']
  return typeof type === 'string'
    ? plain(type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type)
    : undefined
}

/** A problem document in words: 'unauthorized: … (a.example: …)'. */
export function problemText(document: unknown): string {
  const { detail, subproblems } = membersOf(document)
  const said = typeof detail === 'string' ? `: ${plain(detail)}` : ''
  const below = (Array.isArray(subproblems) ? subproblems : []).slice(0, SUBPROBLEMS_MAX).map((each) => {
    const name = membersOf(membersOf(each)['identifier'])['value']
    return `${typeof name === 'string' ? `${plain(name)}: ` : ''}${problemText(each)}`
  })
  const more = below.length === 0 ? '' : ` (${below.join('; ')})`
  return `${problemType(document) ?? 'no reason given'}${said}${more}`.slice(0, TEXT_LENGTH_MAX)
}

/** The trouble that a status and a body stand for. */
export function troubleOf(status: number, body: unknown, retryAfter: unknown, nowMs: number): AcmeTrouble {
  const retryAfterMs = parseRetryAfter(retryAfter, nowMs)
  // RFC 8555 §6.7: serverInternal is the authority's own fault, and comes with 500.
  if (status >= 500)
    return new AcmeTrouble('away', `the authority answered ${status}: ${problemText(body)}`, retryAfterMs)
  const text = `the authority refused (${status}): ${problemText(body)}`
  return new AcmeTrouble('refused', text, retryAfterMs, problemType(body))
}

/** `Retry-After` (RFC 9110 §10.2.3), from now on; undefined when it says nothing. */
export function parseRetryAfter(value: unknown, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const dateMs = parseHttpDate(value, nowMs)
  return dateMs === undefined ? undefined : Math.max(0, dateMs - nowMs)
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A stranger's text, fit for one line of a log. */
export function plain(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').slice(0, TEXT_LENGTH_MAX)
}
