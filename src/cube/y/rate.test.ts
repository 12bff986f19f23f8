// Token buckets: what is admitted, when the next token is there, and what a refused client is told.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { parseList, serializeList } from '../../http/structured.ts'
import { fullAfterToken, rateFields, waitForToken, type RateLimit } from './rate.ts'

const limitOf = (requests: number, perMs: number, burst: number): RateLimit => ({
  index: 0,
  requests,
  perMs,
  burst,
  by: { kind: 'address' },
})

const limits = fc
  .tuple(fc.integer({ min: 1, max: 200 }), fc.constantFrom(1_000, 60_000), fc.integer({ min: 1, max: 50 }))
  .map((parts) => limitOf(...parts))

/** The times at which requests were admitted. */
function admitted(limit: RateLimit, times: readonly number[]): number[] {
  let fullAtMs = 0
  return times.filter((nowMs) => {
    if (waitForToken(fullAtMs, nowMs, limit) > 0) return false
    fullAtMs = fullAfterToken(fullAtMs, nowMs, limit)
    return true
  })
}

test('after a time without requests as many as `burst` come in at once, and not one more', () => {
  fc.assert(
    fc.property(limits, fc.nat(1e9), (limit, nowMs) => {
      expect(admitted(limit, Array<number>(200).fill(nowMs))).toHaveLength(limit.burst)
    }),
  )
})

test('in no stretch of time are more admitted than the burst and what the rate gives', () => {
  fc.assert(
    fc.property(limits, fc.array(fc.nat(500), { maxLength: 300 }), (limit, gaps) => {
      let nowMs = 0
      const times = admitted(
        limit,
        gaps.map((gap) => (nowMs += gap)),
      )
      for (let from = 0; from < times.length; from++)
        for (let to = from; to < times.length; to++) {
          const given = ((times[to]! - times[from]!) * limit.requests) / limit.perMs
          expect(to - from + 1).toBeLessThanOrEqual(limit.burst + given + 0.01)
        }
    }),
    { numRuns: 50 },
  )
})

test('who keeps to the rate is never refused', () => {
  fc.assert(
    fc.property(limits, fc.nat(1e9), (limit, startMs) => {
      const tokenMs = limit.perMs / limit.requests
      const times = Array.from({ length: 500 }, (_, i) => startMs + i * tokenMs)
      expect(admitted(limit, times)).toHaveLength(500)
    }),
  )
})

test('who is refused is told when to come again: not before, but then', () => {
  fc.assert(
    fc.property(limits, fc.nat(1e9), (limit, nowMs) => {
      let fullAtMs = 0
      for (let i = 0; i < limit.burst; i++) fullAtMs = fullAfterToken(fullAtMs, nowMs, limit)
      const waitMs = waitForToken(fullAtMs, nowMs, limit)
      expect(waitMs).toBeGreaterThan(0)
      expect(waitForToken(fullAtMs, nowMs + waitMs * 0.9, limit)).toBeGreaterThan(0)
      expect(waitForToken(fullAtMs, nowMs + waitMs, limit)).toBe(0)
    }),
  )
})

describe('what a refused client is told', () => {
  test('is the quota and when there is more of it', () => {
    expect(rateFields(limitOf(100, 60_000, 20), 1_200)).toEqual([
      ['Retry-After', '2'],
      ['RateLimit-Policy', '"address";q=100;w=60'],
      ['RateLimit', '"address";r=0;t=2'],
    ])
  })

  test('is a structured list, whatever the limit is called', () => {
    for (const name of ['x-api-key', "!#$%&'*+.^_`|~0", 'session'])
      for (const [, value] of rateFields({ ...limitOf(1, 1_000, 1), by: { kind: 'cookie', name } }, 1).slice(
        1,
      )) {
        expect(serializeList(parseList(value)!)).toBe(value)
      }
  })
})
