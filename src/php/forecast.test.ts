import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { forecast, spanMsMin, warmUpMs } from './forecast.ts'
import type { Mark } from './history.ts'

const MB = 2 ** 20
const startSeconds = 1_800_000_000
const startMs = startSeconds * 1000
const hourMs = 3_600_000

const mark = (atMs: number, change: Partial<Mark> = {}): Mark => ({
  atMs: startMs + atMs,
  emptyAt: startSeconds,
  totalBytes: 128 * MB,
  freeBytes: 80 * MB,
  wastedBytes: 0,
  keys: 1000,
  keysMax: 16_229,
  ...change,
})

test('without readings, in the first minutes, or over too short a time nothing is foretold', () => {
  expect(forecast([])).toMatchObject({ kind: 'unknown' })
  expect(forecast([mark(0), mark(warmUpMs - 1)])).toMatchObject({ kind: 'unknown' })
  expect(forecast([mark(warmUpMs), mark(warmUpMs + spanMsMin - 1)])).toMatchObject({ kind: 'unknown' })
})

test('the first minutes after a start do not count: the cache is filled with what there is', () => {
  const marks = [mark(0, { freeBytes: 120 * MB }), mark(hourMs), mark(3 * hourMs)]
  expect(forecast(marks)).toEqual({ kind: 'steady', overMs: 2 * hourMs })
})

test('deploys fill the memory: what is left goes at the same rate', () => {
  const marks = [
    mark(hourMs),
    mark(5 * hourMs, { freeBytes: 75 * MB, wastedBytes: 5 * MB }),
    mark(6 * hourMs, { freeBytes: 75 * MB, wastedBytes: 5 * MB }),
    mark(11 * hourMs, { freeBytes: 70 * MB, wastedBytes: 10 * MB }),
  ]
  expect(forecast(marks)).toEqual({
    kind: 'full',
    what: 'memory',
    inMs: 70 * hourMs,
    overMs: 10 * hourMs,
    perDay: 24 * MB,
    wastedBytes: 10 * MB,
    changes: 2,
  })
})

test('keys may be used up before memory is', () => {
  const marks = [mark(hourMs), mark(2 * hourMs, { keys: 16_000, freeBytes: 79 * MB })]
  expect(forecast(marks)).toMatchObject({ kind: 'full', what: 'keys', perDay: 360_000 })
})

test('what was read before a restart, or with another size, does not count', () => {
  const before = mark(hourMs, { freeBytes: 100 * MB })
  const emptyAt = startSeconds + 2 * 3600
  const after = [mark(3 * hourMs, { emptyAt }), mark(5 * hourMs, { emptyAt })]
  expect(forecast([before, ...after])).toEqual({ kind: 'steady', overMs: 2 * hourMs })
  expect(forecast([{ ...before, totalBytes: 64 * MB }, mark(2 * hourMs), mark(4 * hourMs)])).toEqual({
    kind: 'steady',
    overMs: 2 * hourMs,
  })
})

test('a cache that is filled at a constant rate is full when that is foretold', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4096 }),
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 30, max: 600 }),
      (kbPerMinute, marks, everyMinutes) => {
        const bytesPerMs = (kbPerMinute * 1024) / 60_000
        const totalBytes = 2 ** 40
        const all = Array.from({ length: marks }, (_, i) => {
          const atMs = hourMs + i * everyMinutes * 60_000
          return mark(atMs, { totalBytes, freeBytes: totalBytes - atMs * bytesPerMs })
        })
        const found = forecast(all)
        if (found.kind !== 'full') throw new Error(found.kind)
        const foretoldMs = all.at(-1)!.atMs - startMs + found.inMs
        expect(foretoldMs / (totalBytes / bytesPerMs)).toBeCloseTo(1)
        expect(found.perDay / (bytesPerMs * 24 * hourMs)).toBeCloseTo(1)
      },
    ),
  )
})
