// Durations and sizes as owners write them.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { formatBytes, formatDuration, parseBytes, parseDurationMs } from './units.ts'

test('durations', () => {
  expect(parseDurationMs('250ms')).toBe(250)
  expect(parseDurationMs('1.5h')).toBe(5_400_000)
  expect(parseDurationMs('7d')).toBe(604_800_000)
  expect(parseDurationMs('10 s')).toBe(10_000)
  expect(parseDurationMs(60)).toBe(60_000)
})

test('sizes', () => {
  expect(parseBytes('128MB')).toBe(134_217_728)
  expect(parseBytes('8kb')).toBe(8192)
  expect(parseBytes('0B')).toBe(0)
  expect(parseBytes(4096)).toBe(4096)
})

test('what is neither is refused', () => {
  for (const value of [
    '',
    '10',
    's',
    '-1s',
    '1 week',
    '1e3s',
    '１s',
    'NaNs',
    -1,
    NaN,
    Infinity,
    null,
    true,
    [],
    {},
  ]) {
    expect([value, parseDurationMs(value)]).toEqual([value, undefined])
    expect([value, parseBytes(value)]).toEqual([value, undefined])
  }
  expect(parseBytes(1.5)).toBeUndefined()
})

test('what is formatted can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (amount) => {
      expect(parseDurationMs(formatDuration(amount))).toBe(amount)
      expect(parseBytes(formatBytes(amount))).toBe(amount)
    }),
  )
})

test('the largest exact unit is used', () => {
  expect(formatDuration(75_000)).toBe('75s')
  expect(formatDuration(0)).toBe('0ms')
  expect(formatBytes(2 ** 40)).toBe('1TB')
})
