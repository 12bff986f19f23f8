// Medians, percentiles and spreads.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { median, percentile, spread } from './statistics.ts'

const sample = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 50 })

describe('median', () => {
  test('is the middle of an odd sample, and the mean of the two in the middle of an even one', () => {
    expect(median([5, 1, 3])).toBe(3)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  test('refuses an empty sample', () => {
    expect(() => median([])).toThrow(RangeError)
  })

  test('leaves the sample as it is', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('percentile', () => {
  test('takes the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 1)).toBe(100)
    expect(percentile([7], 0.01)).toBe(7)
  })

  test('is a value of the sample that at least that share does not exceed', () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const value = percentile(values, share)
        expect(values.map(Number)).toContain(value)
        expect(values.filter((other) => other <= value).length).toBeGreaterThanOrEqual(
          Math.ceil(share * values.length),
        )
      }),
    )
  })

  test('sorts by value, not by spelling', () => {
    expect(percentile([9, 10, 100], 0.3)).toBe(9)
  })
})

describe('spread', () => {
  test('holds the median between the ends', () => {
    fc.assert(
      fc.property(sample, (values) => {
        const { median: middle, min, max } = spread(values)
        expect(middle).toBeGreaterThanOrEqual(min)
        expect(middle).toBeLessThanOrEqual(max)
      }),
    )
  })
})
