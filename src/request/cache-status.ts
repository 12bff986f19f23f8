// The Cache-Status field (RFC 9211): what this cache did with a request, with one reason of the closed list as its
// `detail`.
import type { Reason } from '../base/reason.ts'

const NAME = 'Myriad'

/** `fwd` of RFC 9211 §2.2, by reason; reasons that are not here never go to the origin. */
const forwarded: Partial<Record<Reason, string>> = {
  miss: 'uri-miss',
  'vary-miss': 'vary-miss',
  stale: 'stale',
  validated: 'stale',
  'range-miss': 'partial',
  'request-no-cache': 'request',
  'must-validate': 'stale',
  'request-no-store': 'request',
  method: 'method',
  'bypass-rule': 'bypass',
  'bypass-path': 'bypass',
  'bypass-cookie': 'bypass',
  'bypass-method': 'bypass',
  upgrade: 'bypass',
  'request-body': 'bypass',
  'if-match': 'request',
  cookies: 'request',
  authorization: 'request',
  'body-too-large': 'bypass',
}

/** The member for an answer from a stored response. `ttlSeconds`: remaining freshness, negative when stale. */
export function hitStatus(reason: Reason, ttlSeconds: number): string {
  return `${NAME}; hit; ttl=${ttlSeconds}; detail=${reason}`
}

/** The member for an answer that came from the origin, or through its confirmation. */
export function forwardedStatus(
  why: Reason,
  detail: Reason,
  status: number | undefined,
  stored: boolean,
  collapsed: boolean,
): string {
  let text = `${NAME}; fwd=${forwarded[why] ?? 'miss'}`
  if (status !== undefined) text += `; fwd-status=${status}`
  if (stored) text += '; stored'
  if (collapsed) text += '; collapsed'
  return `${text}; detail=${detail}`
}

/** The member for an answer of Myriad's own. */
export function ownStatus(detail: Reason): string {
  return `${NAME}; detail=${detail}`
}
