import { expect, test } from 'bun:test'
import { free } from './free.ts'

test('a freed buffer has no length', () => {
  const bytes = Buffer.allocUnsafeSlow(10_000)
  free(bytes)
  expect(bytes.length).toBe(0)
})

test('a view of a part stays, and so does what shares its buffer', () => {
  const whole = Buffer.from('a'.repeat(100))
  free(whole.subarray(0, 50))
  expect(whole.toString()).toBe('a'.repeat(100))
  free(Buffer.from('short'))
  expect(Buffer.from('pooled').toString()).toBe('pooled')
})

test('frees 4 GB one after the other within the memory of a few buffers', () => {
  const before = process.memoryUsage.rss()
  for (let i = 0; i < 4096; i++) free(Buffer.allocUnsafeSlow(1024 * 1024).fill(1, 0, 4096))
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
})
