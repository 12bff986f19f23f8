// When to ask the authority for what: a pure state machine for one name. Time and chance are given to it; what it says
// is carried out by certificates.ts. It promises that a certificate which could be had in time is had in time, and that
// an authority which refuses, or is away, is asked ever more rarely.
import type { Certificate } from './certificate.ts'

/** What an authority advised about one certificate (RFC 9773 §4.2). */
export interface Advice {
  /** The certificate that it is about. */
  readonly renewalId: string
  /** When to renew: a time in the authority's window, chosen once (§4.3); undefined: it has given no window yet. */
  readonly renewAtMs: number | undefined
  /** When to ask for its advice again. */
  readonly askAtMs: number
}

/** Why it did not work. */
export interface Trouble {
  /** 'away': the authority did not answer, or said that it cannot; 'refused': it said no. */
  readonly kind: 'away' | 'refused'
  readonly text: string
  /** What it said about when to come again (RFC 8555 §6.6). */
  readonly retryAfterMs: number | undefined
}

/** What is remembered about a name, beside its certificate. Survives restarts. */
export interface Standing {
  /** Since when somebody wants a certificate for it. */
  readonly wantedMs: number
  /** Failures since the last success. */
  readonly failures: number
  /** Not before this; 0: at any time. */
  readonly retryAtMs: number
  readonly lastTrouble: { readonly atMs: number; readonly text: string } | undefined
  /** When the last certificate was got; 0: none yet. */
  readonly issuedMs: number
  readonly advice: Advice | undefined
}

/** What to do about a name, and when. */
export interface Act {
  readonly kind: 'order' | 'ask-advice'
  readonly atMs: number
}

export interface SchedulePolicy {
  /** The owner's own word; undefined: the authority's advice, or a third of the lifetime. */
  readonly renewBeforeMs: number | undefined
}

/** When a certificate ends, and by what name its authority knows it. */
export type Held = Pick<Certificate, 'notBeforeMs' | 'notAfterMs' | 'renewalId'>

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** The first wait after a failure. Doubled each time, five attempts take half an hour: Let's Encrypt forgives five an hour. */
const RETRY_MS = 2 * MINUTE_MS
/** An authority that is away is not worn out by being asked; one that refuses has its reason. */
const retryMsMax = { away: 15 * MINUTE_MS, refused: 6 * HOUR_MS } as const
/** The longest wait that an authority can ask for. */
const RETRY_AFTER_MS_MAX = 7 * 24 * HOUR_MS
/** However wrong a clock or an authority is: the same certificate is not asked for again within this. */
const ORDER_PAUSE_MS = HOUR_MS
/** Between two questions for advice (RFC 9773 §4.3.2 to §4.3.3). */
const adviceMs = { min: MINUTE_MS, usual: 6 * HOUR_MS, max: 24 * HOUR_MS } as const

/** A name that somebody has begun to want. */
export function wantedSince(nowMs: number): Standing {
  return {
    wantedMs: nowMs,
    failures: 0,
    retryAtMs: 0,
    lastTrouble: undefined,
    issuedMs: 0,
    advice: undefined,
  }
}

/** What was remembered, without what can only have been written while a clock was wrong. */
export function believable(standing: Standing, nowMs: number): Standing {
  const { wantedMs, retryAtMs, lastTrouble, issuedMs, advice } = standing
  const waitedWrongly =
    retryAtMs > nowMs + RETRY_AFTER_MS_MAX + HOUR_MS ||
    (lastTrouble !== undefined && lastTrouble.atMs > nowMs)
  return {
    ...standing,
    wantedMs: Math.min(wantedMs, nowMs),
    retryAtMs: waitedWrongly ? 0 : retryAtMs,
    issuedMs: issuedMs > nowMs ? 0 : issuedMs,
    advice: advice && { ...advice, askAtMs: Math.min(advice.askAtMs, nowMs + adviceMs.max) },
  }
}

/** When a certificate is to be renewed, whatever has happened meanwhile. */
export function renewalAtMs(held: Held, standing: Standing, { renewBeforeMs }: SchedulePolicy): number {
  const lifetimeMs = Math.max(0, held.notAfterMs - held.notBeforeMs)
  // At least a third of its life is lived, or certificates would be ordered without end.
  const ownMs = held.notAfterMs - Math.min(renewBeforeMs ?? lifetimeMs / 3, (lifetimeMs * 2) / 3)
  const { advice } = standing
  if (advice?.renewAtMs === undefined || advice.renewalId !== held.renewalId) return ownMs
  // Advice to renew early is for everybody: that is how an authority tells that it will revoke. Advice to wait is for
  // those who have no word of their own, and not for ever.
  if (renewBeforeMs !== undefined) return Math.min(advice.renewAtMs, ownMs)
  return Math.min(advice.renewAtMs, held.notAfterMs - lifetimeMs / 6)
}

/** When a certificate is ordered next. */
export function orderAtMs(held: Held | undefined, standing: Standing, policy: SchedulePolicy): number {
  return Math.max(
    held === undefined ? standing.wantedMs : renewalAtMs(held, standing, policy),
    standing.retryAtMs,
    standing.issuedMs === 0 ? 0 : standing.issuedMs + ORDER_PAUSE_MS,
  )
}

/** The next thing to do about a name: what is due first. */
export function nextAct(held: Held | undefined, standing: Standing, policy: SchedulePolicy): Act {
  const orderMs = orderAtMs(held, standing, policy)
  if (held?.renewalId === undefined) return { kind: 'order', atMs: orderMs }
  const known = standing.advice?.renewalId === held.renewalId ? standing.advice : undefined
  const askMs = known?.askAtMs ?? 0
  return askMs < orderMs ? { kind: 'ask-advice', atMs: askMs } : { kind: 'order', atMs: orderMs }
}

/** After a certificate was got. */
export function afterOrder(standing: Standing, nowMs: number): Standing {
  return { ...wantedSince(standing.wantedMs), issuedMs: nowMs }
}

/** After an order failed. `chance` is from 0 to 1, and spreads those who failed together. */
export function afterTrouble(
  standing: Standing,
  trouble: Trouble,
  held: Held | undefined,
  nowMs: number,
  chance: number,
): Standing {
  const failures = standing.failures + 1
  const doubledMs = Math.min(RETRY_MS * 2 ** Math.min(failures - 1, 20), retryMsMax[trouble.kind])
  // The nearer the end, the less can be waited: the last attempts are an eighth of what is left apart.
  const leftMs = held === undefined ? Infinity : Math.max(0, held.notAfterMs - nowMs)
  const urgentMs = leftMs > 0 ? Math.max(RETRY_MS, leftMs / 8) : retryMsMax.away
  const waitMs = Math.min(doubledMs, urgentMs) * (1 + chance / 4)
  const toldMs = Math.min(trouble.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX)
  return {
    ...standing,
    failures,
    retryAtMs: nowMs + Math.max(waitMs, toldMs),
    lastTrouble: { atMs: nowMs, text: trouble.text },
  }
}

/** A window of time that an authority suggests (RFC 9773 §4.2). */
export interface RenewalWindow {
  readonly startMs: number
  readonly endMs: number
  readonly retryAfterMs: number | undefined
}

/** After the authority gave advice; undefined: it could not be had, and what it said before still holds. */
export function afterAdvice(
  standing: Standing,
  renewalId: string,
  window: RenewalWindow | undefined,
  nowMs: number,
  chance: number,
): Standing {
  const known = standing.advice?.renewalId === renewalId ? standing.advice : undefined
  const retryAfterMs = window?.retryAfterMs ?? adviceMs.usual
  const askAtMs = nowMs + Math.min(Math.max(retryAfterMs, adviceMs.min), adviceMs.max)
  const chosenMs = known?.renewAtMs
  const renewAtMs = window === undefined ? chosenMs : timeIn(window, chosenMs, chance)
  return { ...standing, advice: { renewalId, renewAtMs, askAtMs } }
}

/** A time in the window; the one that was chosen before, when it is still in it: chance must not be tried again. */
function timeIn({ startMs, endMs }: RenewalWindow, chosenMs: number | undefined, chance: number): number {
  if (chosenMs !== undefined && chosenMs >= startMs && chosenMs <= endMs) return chosenMs
  return startMs + Math.max(0, endMs - startMs) * chance
}
