// Keys whose answers were shareable with nobody.
import { expect, test } from 'bun:test'
import { HitForMiss } from './hit-for-miss.ts'

test.each(['http://a.test/', `http://a.test/?${'x'.repeat(5000)}`])(
  'a key is remembered for a while',
  (key) => {
    const known = new HitForMiss()
    expect(known.has(key, 0)).toBe(false)
    known.add(key, 0)
    expect([known.has(key, 9_999), known.has(`${key}x`, 0)]).toEqual([true, false])
    expect(known.has(key, 10_000)).toBe(false)
    known.add(key, 20_000)
    known.delete(key)
    expect(known.has(key, 20_000)).toBe(false)
  },
)

test('of more keys than there is room for the latest are remembered, until they end', () => {
  const known = new HitForMiss()
  for (let i = 0; i < 50_000; i++) known.add(`k${i}`, i / 100)
  const remembered = Array.from({ length: 50_000 }, (_, i) => known.has(`k${i}`, 500))
  expect(remembered.lastIndexOf(false)).toBeLessThan(40_000)
  expect(remembered.filter(Boolean).length).toBeLessThanOrEqual(20_000)
  known.add('k49999', 9_000)
  expect([known.has('k49999', 15_000), known.has('k49998', 15_000)]).toEqual([true, false])
  known.clear()
  expect([known.has('k49999', 9_000), known.has('k45000', 500)]).toEqual([false, false])
})

const key = (i: number): string => Buffer.alloc(8000, `${i}-`).toString('latin1')

test('long keys take little memory', () => {
  const known = new HitForMiss()
  for (let i = 0; i < 200; i++) known.add(key(i), 0)
  Bun.gc(true)
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 8000; i++) known.add(key(i), 0)
  Bun.gc(true)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000)
  expect(known.has(key(7999), 0)).toBe(true)
})
