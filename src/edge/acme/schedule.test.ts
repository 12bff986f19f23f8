// When certificates are ordered and advice is asked for: what is promised about time, whatever the authority does.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  afterAdvice,
  afterOrder,
  afterTrouble,
  believable,
  nextAct,
  orderAtMs,
  renewalAtMs,
  wantedSince,
  type Held,
  type Standing,
  type Trouble,
} from './schedule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const nowMs = Date.UTC(2026, 0, 1)
const byRule = { renewBeforeMs: undefined }
const fresh = wantedSince(nowMs)
const away: Trouble = { kind: 'away', text: 'no answer', retryAfterMs: undefined }
const refused: Trouble = { kind: 'refused', text: 'no', retryAfterMs: undefined }

const held = (lifetimeMs: number, fromMs = nowMs): Held => ({
  notBeforeMs: fromMs,
  notAfterMs: fromMs + lifetimeMs,
  renewalId: 'a.b',
})
const advised = (standing: Standing, startMs: number, endMs: number, chance = 0.5): Standing =>
  afterAdvice(standing, 'a.b', { startMs, endMs, retryAfterMs: undefined }, nowMs, chance)

describe('renewal', () => {
  test('a name without a certificate gets one at once', () => {
    expect(nextAct(undefined, fresh, byRule)).toEqual({ kind: 'order', atMs: nowMs })
  })

  test('a third of the lifetime before the end, where nobody says otherwise', () => {
    expect(renewalAtMs(held(90 * DAY), fresh, byRule)).toBe(nowMs + 60 * DAY)
    expect(renewalAtMs(held(6 * DAY), fresh, byRule)).toBe(nowMs + 4 * DAY)
  })

  test("the owner's word counts, as far as the certificate lives that long", () => {
    expect(renewalAtMs(held(90 * DAY), fresh, { renewBeforeMs: 10 * DAY })).toBe(nowMs + 80 * DAY)
    expect(renewalAtMs(held(6 * DAY), fresh, { renewBeforeMs: 30 * DAY })).toBe(nowMs + 2 * DAY)
  })

  test("the authority's window counts, at a time of chance in it, and not for ever", () => {
    const standing = advised(fresh, nowMs + 70 * DAY, nowMs + 72 * DAY)
    expect(renewalAtMs(held(90 * DAY), standing, byRule)).toBe(nowMs + 71 * DAY)
    const late = advised(fresh, nowMs + 89 * DAY, nowMs + 95 * DAY)
    expect(renewalAtMs(held(90 * DAY), late, byRule)).toBe(nowMs + 75 * DAY)
  })

  test('a window in the past is how an authority tells that it revokes: due at once, whatever the owner said', () => {
    const standing = advised(fresh, nowMs - 2 * DAY, nowMs - DAY)
    for (const policy of [byRule, { renewBeforeMs: DAY }])
      expect(nextAct(held(90 * DAY, nowMs - DAY), standing, policy).kind).toBe('order')
    expect(renewalAtMs(held(90 * DAY), standing, byRule)).toBeLessThan(nowMs)
  })

  test('a time that was chosen stays while the window holds it, and the window of another certificate counts nothing', () => {
    const first = advised(fresh, nowMs + 10 * DAY, nowMs + 20 * DAY, 0.1)
    expect(advised(first, nowMs + 9 * DAY, nowMs + 30 * DAY, 0.9).advice?.renewAtMs).toBe(nowMs + 11 * DAY)
    expect(advised(first, nowMs + 12 * DAY, nowMs + 22 * DAY, 0.5).advice?.renewAtMs).toBe(nowMs + 17 * DAY)
    expect(renewalAtMs({ ...held(90 * DAY), renewalId: 'c.d' }, first, byRule)).toBe(nowMs + 60 * DAY)
  })

  test('advice is asked for as often as the authority says, within bounds; silence keeps what was said', () => {
    const ask = (retryAfterMs: number | undefined): number => {
      const window = { startMs: nowMs + DAY, endMs: nowMs + 2 * DAY, retryAfterMs }
      return afterAdvice(fresh, 'a.b', window, nowMs, 0).advice!.askAtMs - nowMs
    }
    expect([ask(undefined), ask(HOUR), ask(1), ask(90 * DAY)]).toEqual([6 * HOUR, HOUR, MINUTE, DAY])
    expect(nextAct(held(90 * DAY), fresh, byRule).kind).toBe('ask-advice')
    const silent = afterAdvice(fresh, 'a.b', undefined, nowMs, 0)
    expect(renewalAtMs(held(90 * DAY), silent, byRule)).toBe(nowMs + 60 * DAY)
    const kept = afterAdvice(advised(fresh, nowMs + DAY, nowMs + 3 * DAY), 'a.b', undefined, nowMs, 0)
    expect(kept.advice?.renewAtMs).toBe(nowMs + 2 * DAY)
  })

  test('a certificate that is due as soon as it comes is not ordered without end', () => {
    const standing = afterOrder(fresh, nowMs)
    expect(orderAtMs(held(90 * DAY, nowMs - 100 * DAY), standing, byRule)).toBe(nowMs + HOUR)
  })
})

describe('failures', () => {
  test('an authority that refuses is asked at most five times in the first hour, and then every few hours', () => {
    let standing = fresh
    const attempts = [nowMs]
    for (let i = 0; i < 12; i++) {
      standing = afterTrouble(standing, refused, undefined, attempts.at(-1)!, 0)
      attempts.push(standing.retryAtMs)
    }
    expect(attempts.filter((atMs) => atMs < nowMs + HOUR).length).toBe(5)
    expect(attempts.at(-1)! - attempts.at(-2)!).toBe(6 * HOUR)
  })

  test('one that is away is asked every quarter of an hour at the latest', () => {
    let standing = fresh
    for (let i = 0; i < 20; i++) standing = afterTrouble(standing, away, undefined, nowMs, 0)
    expect(standing.retryAtMs - nowMs).toBe(15 * MINUTE)
  })

  test('Retry-After is waited for, up to a week; success forgets all failures', () => {
    const told = (retryAfterMs: number): number =>
      afterTrouble(fresh, { ...refused, retryAfterMs }, held(DAY), nowMs, 0).retryAtMs - nowMs
    expect([told(3 * HOUR), told(1000), told(365 * DAY)]).toEqual([3 * HOUR, 2 * MINUTE, 7 * DAY])
    const standing = afterOrder(afterTrouble(fresh, refused, undefined, nowMs, 0), nowMs + MINUTE)
    expect(standing).toEqual({ ...fresh, issuedMs: nowMs + MINUTE })
  })

  test('the last trouble is remembered with its time', () => {
    expect(afterTrouble(fresh, away, undefined, nowMs, 0).lastTrouble).toEqual({
      atMs: nowMs,
      text: 'no answer',
    })
  })

  test('what was written while the clock was ahead delays nothing', () => {
    const ahead = nowMs + 365 * DAY
    const standing = believable(
      afterTrouble(afterOrder(wantedSince(ahead), ahead), refused, undefined, ahead, 1),
      nowMs,
    )
    expect(orderAtMs(undefined, standing, byRule)).toBe(nowMs)
    const right = afterTrouble(fresh, refused, undefined, nowMs, 1)
    expect(believable(right, nowMs + 1)).toEqual(right)
  })

  test('property: never before Retry-After, never sooner than two minutes, later with each failure of a kind', () => {
    const kinds = fc.constantFrom('away' as const, 'refused' as const)
    fc.assert(
      fc.property(
        kinds,
        fc.nat(30),
        fc.option(fc.nat(8 * DAY)),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (kind, before, told, chance) => {
          const trouble: Trouble = { kind, text: '', retryAfterMs: told ?? undefined }
          const waits = [before, before + 1].map(
            (failures) =>
              afterTrouble({ ...fresh, failures }, trouble, undefined, nowMs, chance).retryAtMs - nowMs,
          )
          expect(waits[0]).toBeGreaterThanOrEqual(Math.max(2 * MINUTE, Math.min(told ?? 0, 7 * DAY)))
          expect(waits[1]).toBeGreaterThanOrEqual(waits[0]!)
        },
      ),
    )
  })
})

interface Outage {
  readonly fromMs: number
  readonly ms: number
}

/** Lives through some certificates with an authority that is away now and then. Returns when one ended unrenewed. */
function live(
  lifetimeMs: number,
  outages: readonly Outage[],
  troubles: Trouble['kind'],
  chance: () => number,
) {
  const endMs = nowMs + 4 * lifetimeMs
  const isAway = (ms: number): boolean =>
    outages.some(({ fromMs, ms: length }) => ms >= fromMs && ms < fromMs + length)
  let standing = fresh
  let certificate = held(lifetimeMs)
  let orders = 0
  const ended: number[] = []
  for (let ms = nowMs; ;) {
    const act = nextAct(certificate, standing, byRule)
    ms = Math.max(ms, act.atMs)
    if (ms > endMs) return { ended, orders }
    if (act.kind === 'ask-advice') {
      const [startMs, windowMs] = [certificate.notBeforeMs + lifetimeMs * 0.6, lifetimeMs / 50]
      const window = isAway(ms) ? undefined : { startMs, endMs: startMs + windowMs, retryAfterMs: undefined }
      standing = afterAdvice(standing, certificate.renewalId!, window, ms, chance())
      continue
    }
    orders++
    if (ms >= certificate.notAfterMs && ended.at(-1) !== certificate.notAfterMs)
      ended.push(certificate.notAfterMs)
    if (isAway(ms))
      standing = afterTrouble(
        standing,
        { kind: troubles, text: '', retryAfterMs: undefined },
        certificate,
        ms,
        chance(),
      )
    else {
      certificate = { ...held(lifetimeMs, ms), renewalId: `a.${orders}` }
      standing = afterOrder(standing, ms)
    }
  }
}

test('property: a certificate ends only when none could be had in its last three minutes', () => {
  const lifetimes = fc.integer({ min: 6 * HOUR, max: 400 * DAY })
  const shares = fc.array(
    fc.tuple(fc.double({ min: 0, max: 3.9, noNaN: true }), fc.double({ min: 0, max: 1.2, noNaN: true })),
    { maxLength: 6 },
  )
  const kinds = fc.constantFrom('away' as const, 'refused' as const)
  fc.assert(
    fc.property(
      lifetimes,
      shares,
      kinds,
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (lifetimeMs, spans, kind, stream) => {
        const outages = spans.map(([from, length]) => ({
          fromMs: nowMs + from * lifetimeMs,
          ms: length * lifetimeMs,
        }))
        const { ended, orders } = live(lifetimeMs, outages, kind, () => stream.next().value!)
        for (const endMs of ended) {
          const touched = outages.some(({ fromMs, ms }) => fromMs < endMs && fromMs + ms > endMs - 3 * MINUTE)
          expect([endMs, touched]).toEqual([endMs, true])
        }
        // However long it is away: a quarter of an hour apart, and a few dozen towards the end of each.
        expect(orders).toBeLessThan((4 * lifetimeMs) / (15 * MINUTE) + 4 * 100)
      },
    ),
    { numRuns: 300 },
  )
})

test('property: one that is back minutes before the end is asked in those minutes', () => {
  const kinds = fc.constantFrom('away' as const, 'refused' as const)
  const chances = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      fc.integer({ min: 6 * HOUR, max: 400 * DAY }),
      fc.integer({ min: 3 * MINUTE, max: HOUR }),
      kinds,
      chances,
      (lifetimeMs, leftMs, kind, chance) => {
        const outage = { fromMs: nowMs + lifetimeMs / 2, ms: lifetimeMs / 2 - leftMs }
        expect(live(lifetimeMs, [outage], kind, () => chance).ended).toEqual([])
      },
    ),
  )
})

test('an authority that is away for an hour, and for half of what is left, is back in time', () => {
  const lead = nowMs + 60 * DAY
  expect(live(90 * DAY, [{ fromMs: lead - 10 * DAY, ms: HOUR }], 'away', () => 1).ended).toEqual([])
  expect(live(90 * DAY, [{ fromMs: nowMs + 40 * DAY, ms: 49 * DAY }], 'refused', () => 1).ended).toEqual([])
  expect(live(90 * DAY, [{ fromMs: nowMs + 40 * DAY, ms: 51 * DAY }], 'away', () => 1).ended).toEqual([
    nowMs + 90 * DAY,
  ])
})
