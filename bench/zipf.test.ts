// The popularity of pages.
import { describe, expect, test } from 'bun:test'
import { seededRandom, zipf } from './zipf.ts'

describe('seededRandom', () => {
  test('gives the same sequence for the same seed, and another for another', () => {
    const first = Array.from({ length: 5 }, seededRandom(1))
    expect(Array.from({ length: 5 }, seededRandom(1))).toEqual(first)
    expect(Array.from({ length: 5 }, seededRandom(2))).not.toEqual(first)
  })

  test('spreads evenly over the tenths from 0 to 1', () => {
    const random = seededRandom(3)
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 100_000; i++) tenths[Math.floor(random() * 10)]!++
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })
})

describe('zipf', () => {
  test('asks for the k-th page in proportion to 1 / k', () => {
    const next = zipf(1000, 1, seededRandom(4))
    const counts = new Uint32Array(1000)
    for (let i = 0; i < 200_000; i++) counts[next()]!++
    for (const k of [2, 4, 10]) {
      const ratio = counts[0]! / counts[k - 1]!
      expect(ratio / k).toBeGreaterThan(0.9)
      expect(ratio / k).toBeLessThan(1.1)
    }
  })

  test('reaches the first and the last page, and none beyond', () => {
    expect(zipf(10, 1, () => 0)()).toBe(0)
    expect(zipf(10, 1, () => 1 - 2 ** -32)()).toBe(9)
    expect(zipf(1, 1, () => 0.5)()).toBe(0)
  })
})
