// For how long a response may be used, and how old it was.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  dateAfter,
  fieldsOf,
  policyWith,
  receivedMs,
  storedFrom,
  type FieldTable,
} from '../../testing/exchange.ts'
import { initialAgeMs } from './freshness.ts'
import { openPolicy, type CachePolicy } from './policy.ts'
import { ageSeconds } from './stored.ts'

const validator = { ETag: '"a"' }

function lifetime(fields: FieldTable, status = 200, policy: CachePolicy = openPolicy): number {
  const stored = storedFrom({ ...validator, Date: dateAfter(0), ...fields }, { status, policy })
  return (stored.freshUntilMs - stored.bornMs) / 1000
}

describe('lifetime (RFC 9111 §4.2.1)', () => {
  test.each([
    [{ 'Cache-Control': 'max-age=1, s-maxage=3600' }, 3600],
    [{ 'Cache-Control': ['max-age=3600', 's-maxage=1'] }, 1],
    [{ 'Cache-Control': 'max-age=60', Expires: dateAfter(-7200) }, 60],
    [{ 'Cache-Control': 'max-age=60', Expires: '0' }, 60],
    [{ 'Cache-Control': 'max-age=0', Expires: dateAfter(3600) }, 0],
    [{ Expires: dateAfter(3600) }, 3600],
    [{ Expires: dateAfter(-3600) }, 0],
    [{ Expires: dateAfter(0) }, 0],
    [{ Expires: '0' }, 0],
    [{ Expires: [dateAfter(3600), dateAfter(3600)] }, 0],
    [{ Expires: dateAfter(300), Date: dateAfter(400) }, 0],
    [{ Expires: dateAfter(10), Date: 'foo' }, 10],
    [{ Expires: dateAfter(10), Date: dateAfter(-10) }, 20],
    [{ Expires: dateAfter(3600), 'CDN-Cache-Control': 'no-transform' }, 0],
    [{ 'Cache-Control': 'no-cache' }, 0],
    [{}, 0],
  ])('%j: %p s', (fields, seconds) => {
    expect(lifetime(fields as FieldTable)).toBe(seconds)
  })
})

describe('heuristics (§4.2.2)', () => {
  const day = 86_400

  test('a tenth of the time since the last change, at most a day', () => {
    expect(lifetime({ 'Last-Modified': dateAfter(-1000) })).toBe(100)
    expect(lifetime({ 'Last-Modified': dateAfter(-100 * day) })).toBe(day)
    expect(lifetime({ 'Last-Modified': dateAfter(100) })).toBe(0)
    expect(lifetime({ 'Last-Modified': 'long ago' })).toBe(0)
  })

  test('never beside a stated lifetime', () => {
    expect(lifetime({ 'Last-Modified': dateAfter(-day), Expires: '0' })).toBe(0)
    expect(lifetime({ 'Last-Modified': dateAfter(-day), 'Cache-Control': 'max-age=5' })).toBe(5)
  })

  test('for the statuses that allow it (RFC 9110 §15.1), and others only when public', () => {
    for (const status of [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
      expect(lifetime({ 'Last-Modified': dateAfter(-1000) }, status)).toBe(100)
    expect(lifetime({ 'Last-Modified': dateAfter(-1000), 'Cache-Control': 'public' }, 599)).toBe(100)
  })
})

describe("the owner's ttl", () => {
  const policy = policyWith({ ttlSeconds: 60 })

  test('fills silence, and goes before heuristics', () => {
    expect(lifetime({}, 200, policy)).toBe(60)
    expect(lifetime({ 'Last-Modified': dateAfter(-1000) }, 404, policy)).toBe(60)
  })

  test('does not go before what is stated', () => {
    expect(lifetime({ 'Cache-Control': 'max-age=5' }, 200, policy)).toBe(5)
    expect(lifetime({ Expires: '0' }, 200, policy)).toBe(0)
    expect(storedFrom({ ...validator, 'Cache-Control': 'no-cache' }, { policy }).noCache).toBe(true)
  })

  test('overriding goes before everything', () => {
    const override = policyWith({ ttlSeconds: 60, override: true, cookies: 'drop' })
    expect(lifetime({ 'Cache-Control': 'private, max-age=5', Expires: '0' }, 200, override)).toBe(60)
  })
})

describe('age (§4.2.3)', () => {
  const times = { requestMs: receivedMs - 1500, responseMs: receivedMs }
  const age = (fields: FieldTable): number => initialAgeMs(fieldsOf(fields), receivedMs, times) / 1000

  test.each([
    [{}, 1.5],
    [{ Age: '30' }, 31.5],
    [{ Age: 'abc' }, 1.5],
    [{ Age: '-7200' }, 1.5],
    [{ Age: '7200.0' }, 1.5],
    [{ Age: '7200;foo=1' }, 1.5],
    [{ Age: '7200, 0' }, 7201.5],
    [{ Age: '0, 7200' }, 1.5],
    [{ Age: ['7200', '0'] }, 7201.5],
    [{ Age: ['0', '7200'] }, 1.5],
    [{ Age: '2147483649' }, 2_147_483_649.5],
  ])('%j: %p s', (fields, seconds) => {
    expect(age(fields as FieldTable)).toBe(seconds)
  })

  test('a Date in the past counts when it is more; one in the future does not', () => {
    expect(initialAgeMs(fieldsOf({ Age: '5' }), receivedMs - 60_000, times)).toBe(60_000)
    expect(initialAgeMs(fieldsOf({}), receivedMs + 60_000, times)).toBe(1500)
  })

  test('a Date of this second is no age, though it was cut to the second', () => {
    const late = { requestMs: receivedMs + 999, responseMs: receivedMs + 999 }
    expect(initialAgeMs(fieldsOf({}), receivedMs, late)).toBe(0)
  })

  test('property: never negative, whatever clocks and fields say', () => {
    const ms = fc.integer({ min: 0, max: 4e12 })
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.nat().map(String)),
        ms,
        ms,
        ms,
        ms,
        (text, dateMs, requestMs, responseMs, nowMs) => {
          const initial = initialAgeMs(fieldsOf({ Age: text }), dateMs, { requestMs, responseMs })
          expect(initial).toBeGreaterThanOrEqual(0)
          const stored = { ...storedFrom({ 'Cache-Control': 'max-age=1' }), bornMs: responseMs - initial }
          expect(ageSeconds(stored, nowMs)).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})
