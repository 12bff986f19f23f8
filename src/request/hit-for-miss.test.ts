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
