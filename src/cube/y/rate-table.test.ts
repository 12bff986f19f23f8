// The table behind the limits: each key has its own tokens, the table does not grow, and a crowd does not make it forget
// those who ask too much.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fullAfterToken, waitForToken, type RateLimit } from './rate.ts'
import { RateTable } from './rate-table.ts'

const START_MS = Date.UTC(2026, 0, 1)
const seed = Buffer.from('a seed: 8')

const limitOf = (index: number, requests: number, burst: number, perMs = 60_000): RateLimit => ({
  index,
  requests,
  perMs,
  burst,
  by: { kind: 'address' },
})

const tableFor = (keys: number): RateTable => new RateTable(RateTable.memory(keys, seed, START_MS))

test('each key, limit and kind of key has tokens of its own, as if it were alone', () => {
  const limits = [limitOf(0, 5, 3), limitOf(1, 60, 1)]
  const step = fc.record({
    limit: fc.constantFrom(...limits),
    isNamed: fc.boolean(),
    key: fc.constantFrom('192.0.2.1', '192.0.2.2', ''),
    afterMs: fc.nat(30_000),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const table = tableFor(4_096)
      const model = new Map<string, number>()
      let nowMs = START_MS
      for (const { limit, isNamed, key, afterMs } of steps) {
        nowMs += afterMs
        const name = `${limit.index} ${isNamed} ${key}`
        const fullAtMs = model.get(name) ?? 0
        const waitMs = waitForToken(fullAtMs, nowMs, limit)
        if (waitMs === 0) model.set(name, fullAfterToken(fullAtMs, nowMs, limit))
        expect(table.take(limit, isNamed, key, nowMs)).toBeCloseTo(waitMs, 1)
      }
    }),
  )
})

test('a crowd of strangers neither makes it grow nor forgets who is over the limit', () => {
  const table = tableFor(1_024)
  const limit = limitOf(0, 60, 10)
  const offenders = Array.from({ length: 50 }, (_, i) => `198.51.100.${i}`)
  for (const offender of offenders) for (let i = 0; i < 20; i++) table.take(limit, false, offender, START_MS)
  for (let i = 0; i < 100_000; i++)
    expect(table.take(limit, false, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, START_MS)).toBe(0)
  const stillOver = offenders.filter((offender) => table.take(limit, false, offender, START_MS) > 0)
  expect(stillOver).toEqual(offenders)
  expect(table.slots).toBe(1_024)
})

test('who is forgotten gets a full bucket, not an empty one', () => {
  const table = tableFor(8)
  const limit = limitOf(0, 60, 1)
  for (let i = 0; i < 1_000; i++)
    expect(table.take(limit, false, `192.0.2.${i}`, START_MS + i * 2_000)).toBe(0)
})

test('a clock that is put back makes nobody wait longer than an empty bucket takes', () => {
  const table = tableFor(8)
  const limit = limitOf(0, 60, 5)
  const dayMs = 86_400_000
  for (let i = 0; i < 5; i++) table.take(limit, false, 'a', START_MS + 2 * dayMs)
  expect(table.take(limit, false, 'a', START_MS + dayMs)).toBeLessThanOrEqual(1_000)
  expect(table.take(limit, false, 'a', START_MS + dayMs + 1_001)).toBe(0)
})

test('two tables over one memory see one another’s tokens', () => {
  const memory = RateTable.memory(8, seed, START_MS)
  const [one, other] = [new RateTable(memory), new RateTable(memory)]
  const limit = limitOf(0, 60, 2)
  expect(one.take(limit, false, 'a', START_MS)).toBe(0)
  expect(other.take(limit, false, 'a', START_MS)).toBe(0)
  expect(one.take(limit, false, 'a', START_MS)).toBeGreaterThan(0)
})

test('keys are spread over the slots', () => {
  const table = tableFor(65_536)
  const limit = limitOf(0, 1, 1, 86_400_000)
  const keys = Array.from({ length: 30_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  for (const key of keys) table.take(limit, false, key, START_MS)
  const known = keys.filter((key) => table.take(limit, false, key, START_MS) > 0).length
  expect(known).toBeGreaterThan(29_500)
})
