// Preconditions that a cache evaluates.
import { describe, expect, test } from 'bun:test'
import { ifRangeHolds, notModified } from './conditional.ts'
import { formatHttpDate } from './date.ts'

const nowMs = Date.UTC(2026, 10, 23, 12)
const second = 1000
const at = (seconds: number): string => formatHttpDate(nowMs + seconds * second)
const validators = { etag: '"a"', lastModifiedMs: nowMs - 3000 * second, dateMs: nowMs }

describe('notModified', () => {
  test('a listed entity tag, also a weak one', () => {
    expect(notModified('"b", W/"a"', undefined, validators, nowMs)).toBe(true)
    expect(notModified('"b"', undefined, validators, nowMs)).toBe(false)
    expect(notModified('*', undefined, { ...validators, etag: undefined }, nowMs)).toBe(true)
  })

  test('If-None-Match goes before If-Modified-Since, in both directions (RFC 9110 §13.2.2)', () => {
    expect(notModified('"a"', at(-10_000), validators, nowMs)).toBe(true)
    expect(notModified('"b"', at(0), validators, nowMs)).toBe(false)
  })

  test.each([
    [-3000, true],
    [-2999, true],
    [-3001, false],
  ])('If-Modified-Since %p s against Last-Modified -3000 s: %p', (since, expected) => {
    expect(notModified(undefined, at(since), validators, nowMs)).toBe(expected)
  })

  test('without Last-Modified the Date stands in (RFC 9111 §4.3.2)', () => {
    const dated = { etag: undefined, lastModifiedMs: undefined, dateMs: nowMs }
    expect(notModified(undefined, at(0), dated, nowMs)).toBe(true)
    expect(notModified(undefined, at(-1), dated, nowMs)).toBe(false)
  })

  test('what is no date is ignored (RFC 9110 §13.1.3)', () => {
    expect(notModified(undefined, 'yesterday', validators, nowMs)).toBe(false)
    expect(notModified(undefined, undefined, validators, nowMs)).toBe(false)
  })
})

describe('ifRangeHolds', () => {
  test('entity tags are compared strongly (RFC 9110 §13.1.5)', () => {
    expect(ifRangeHolds('"a"', validators, nowMs)).toBe(true)
    expect(ifRangeHolds('W/"a"', { ...validators, etag: 'W/"a"' }, nowMs)).toBe(false)
    expect(ifRangeHolds('"a"', { ...validators, etag: undefined }, nowMs)).toBe(false)
  })

  test('a date holds when it is Last-Modified itself, and that is strong', () => {
    expect(ifRangeHolds(at(-3000), validators, nowMs)).toBe(true)
    expect(ifRangeHolds(at(-2999), validators, nowMs)).toBe(false)
    expect(ifRangeHolds('tomorrow', validators, nowMs)).toBe(false)
    expect(ifRangeHolds('tomorrow', { ...validators, lastModifiedMs: undefined }, nowMs)).toBe(false)
    const justChanged = { ...validators, lastModifiedMs: nowMs }
    expect(ifRangeHolds(at(0), justChanged, nowMs)).toBe(false)
  })
})
