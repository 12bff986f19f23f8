// Which connection gives way when there may be no more.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { OpenConnections, type Waiting } from './open-connections.ts'

const NOW_MS = 1_000_000

/** Connections by how long each has waited; undefined: it is being served. */
function open(max: number, waits: readonly (number | undefined)[]) {
  const connections = new OpenConnections<Waiting>(max)
  const cut: number[] = []
  waits.forEach((waitMs, i) => {
    const connection: Waiting = {
      waitsSinceMs: waitMs === undefined ? Infinity : NOW_MS - waitMs,
      cut() {
        cut.push(i)
        connections.delete(connection)
      },
    }
    connections.add(connection)
  })
  return { connections, cut }
}

test('while there is room nobody gives way', () => {
  const { connections, cut } = open(3, [60_000, 60_000])
  expect(connections.makeRoom(NOW_MS)).toBe(true)
  expect(cut).toEqual([])
})

test('the one that has waited longest gives way', () => {
  const { connections, cut } = open(4, [2_000, 60_000, undefined, 5_000])
  expect(connections.makeRoom(NOW_MS)).toBe(true)
  expect(cut).toEqual([1])
})

test('who is being served, or has just come, does not', () => {
  const { connections, cut } = open(3, [undefined, 200, undefined])
  expect(connections.makeRoom(NOW_MS)).toBe(false)
  expect(cut).toEqual([])
})

test('one that waits is found wherever it stands, though each newcomer costs few looks', () => {
  const waits = Array.from({ length: 1_000 }, (_, i) => (i === 777 ? 5_000 : undefined))
  const { connections, cut } = open(1_000, waits)
  let newcomers = 0
  while (!connections.makeRoom(NOW_MS)) newcomers++
  expect(cut).toEqual([777])
  expect(newcomers).toBeLessThan(32)
})

test('of a few, the one that has waited longest gives way, and no other', () => {
  const wait = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined })
  fc.assert(
    fc.property(fc.array(wait, { minLength: 1, maxLength: 32 }), (waits) => {
      const { connections, cut } = open(waits.length, waits)
      const longest = Math.max(-1, ...waits.map((waitMs) => waitMs ?? -1))
      expect(connections.makeRoom(NOW_MS)).toBe(longest >= 1_000)
      expect(cut).toHaveLength(longest >= 1_000 ? 1 : 0)
      if (cut.length > 0) expect(waits[cut[0]!]).toBe(longest)
    }),
  )
})
