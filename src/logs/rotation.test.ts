import { describe, expect, test } from 'bun:test'
import { asideName, compressible, isDue, surplus, type RotationSettings } from './rotation.ts'

const day = 86_400_000
const settings: RotationSettings = { rotateSize: undefined, rotateTime: undefined, keep: 2, gzip: true }

describe('a file is put aside', () => {
  const bySize = { ...settings, rotateSize: 1000 }
  const byDay = { ...settings, rotateTime: day }

  test('when it is large enough', () => {
    expect(isDue({ size: 999, mtimeMs: 0 }, day, bySize)).toBe(false)
    expect(isDue({ size: 1000, mtimeMs: 0 }, day, bySize)).toBe(true)
  })

  test('when its last line is of a period that is over', () => {
    expect(isDue({ size: 1, mtimeMs: 2 * day - 1 }, 2 * day - 1, byDay)).toBe(false)
    expect(isDue({ size: 1, mtimeMs: 2 * day - 1 }, 2 * day, byDay)).toBe(true)
    expect(isDue({ size: 1, mtimeMs: 2 * day }, 3 * day - 1, byDay)).toBe(false)
  })

  test('never while it is empty, and never where nobody asked for it', () => {
    expect(isDue({ size: 0, mtimeMs: 0 }, 9 * day, { ...bySize, rotateTime: day })).toBe(false)
    expect(isDue({ size: 1e12, mtimeMs: 0 }, 9 * day, settings)).toBe(false)
  })
})

const name = 'access.log'
const [one, two, three, four] = [1, 2, 3, 4].map((ms) => asideName(name, ms)) as [
  string,
  string,
  string,
  string,
]
const folder = [
  name,
  `${name}.lock`,
  `${name}.1`,
  'other.log',
  one,
  `${two}.gz`,
  `${two}.gz.part`,
  three,
  four,
]

test('its name is the time', () => {
  expect(asideName(name, Date.UTC(2026, 10, 28, 4, 7, 40, 123))).toBe('access.log.20261128T040740123Z')
})

test('the latest are kept; nothing else of the folder is touched', () => {
  expect(surplus(name, folder, 2)).toEqual([one, `${two}.gz`, `${two}.gz.part`])
  expect(surplus(name, folder, 4)).toEqual([])
})

test('all but the latest are compressed', () => {
  expect(compressible(name, folder)).toEqual([three, one])
})
