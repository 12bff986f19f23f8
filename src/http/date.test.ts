// HTTP-date: the three forms, strictness, and round trips.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { formatHttpDate, parseHttpDate } from './date.ts'

const nowMs = Date.UTC(2026, 10, 23)
const parse = (text: string): string | undefined => {
  const ms = parseHttpDate(text, nowMs)
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

describe('parseHttpDate', () => {
  test('reads the three forms as the same time', () => {
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ])
      expect(parse(text)).toBe('1994-11-06T08:49:37.000Z')
  })

  test('compares names without case (RFC 9111 §4.2)', () => {
    expect(parse('THU, 18 aUG 2050 02:01:18 gmt')).toBe('2050-08-18T02:01:18.000Z')
  })

  test('takes two-digit years up to 50 years ahead, and the last past one beyond (RFC 9110 §5.6.7)', () => {
    expect(parse('Thursday, 18-Aug-50 02:01:18 GMT')).toBe('2050-08-18T02:01:18.000Z')
    expect(parse('Monday, 01-Jan-76 00:00:00 GMT')).toBe('2076-01-01T00:00:00.000Z')
    expect(parse('Saturday, 01-Jan-77 00:00:00 GMT')).toBe('1977-01-01T00:00:00.000Z')
    expect(
      new Date(parseHttpDate('Saturday, 01-Jan-01 00:00:00 GMT', Date.UTC(2099, 0))!).getUTCFullYear(),
    ).toBe(2101)
  })

  test.each([
    '0',
    '',
    'foo',
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 2050 02:01:18 +0000',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 8 Aug 2050 02:01:18 GMT',
    'Thu, 31 Feb 2050 02:01:18 GMT',
    'Thu, 00 Aug 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 24:00:00 GMT',
    'Thu, 18 Aug 2050 02:60:00 GMT',
    'Thu, 18 Aug 2050 02:01:61 GMT',
    'Xyz, 18 Aug 2050 02:01:18 GMT',
    'Thu, 18 Xyz 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 GMT ',
    'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT',
    'Thu Aug 8 02:01:18 2050',
    '2050-08-18T02:01:18Z',
  ])('refuses %p', (text) => {
    expect(parse(text)).toBeUndefined()
  })

  test('takes a leap second as the second after', () => {
    expect(parse('Sat, 31 Dec 2016 23:59:60 GMT')).toBe('2017-01-01T00:00:00.000Z')
  })

  test('years before 100 are not moved by centuries', () => {
    expect(parse('Sat, 01 Jan 0050 00:00:00 GMT')).toBe('0050-01-01T00:00:00.000Z')
  })

  test('property: what is formatted is parsed back, to the second', () => {
    const ms = fc.integer({ min: Date.UTC(1601, 0), max: Date.UTC(9999, 11, 31) })
    fc.assert(
      fc.property(ms, (time) => {
        expect(parseHttpDate(formatHttpDate(time), nowMs)).toBe(Math.floor(time / 1000) * 1000)
      }),
    )
  })

  test('property: never throws', () => {
    const near = fc.string({ unit: fc.constantFrom(...'ThuSnAg 0123456789:,-GMT') })
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const ms = parseHttpDate(text, nowMs)
        expect(ms === undefined || Number.isFinite(ms)).toBe(true)
      }),
    )
  })
})
