// How many workers: the rule on machines that people rent, and what holds on every machine.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { poolSize, shareOf, type Machine, type PoolSize } from './php-fpm-size.ts'

const GB = 2 ** 30
const reservedBytes = 224 * 2 ** 20

test('a four-euro server: two cores, four gigabytes', () => {
  expect(poolSize({ cores: 2, memoryBytes: 4 * GB, reservedBytes })).toEqual({
    workersMax: 16,
    pm: { kind: 'dynamic', start: 4, spareMin: 2, spareMax: 8 },
  })
})

test('with two gigabytes memory decides', () => {
  expect(poolSize({ cores: 2, memoryBytes: 2 * GB, reservedBytes }).workersMax).toBe(14)
})

test('with half a gigabyte there are two, and only when they are needed', () => {
  expect(poolSize({ cores: 1, memoryBytes: GB / 2, reservedBytes })).toEqual({
    workersMax: 2,
    pm: { kind: 'ondemand' },
  })
})

test('a large memory tier leaves less for PHP', () => {
  const small = poolSize({ cores: 8, memoryBytes: 4 * GB, reservedBytes: 3 * GB })
  expect(small.workersMax).toBeLessThan(poolSize({ cores: 8, memoryBytes: 4 * GB, reservedBytes }).workersMax)
})

const machines: fc.Arbitrary<Machine> = fc.record({
  cores: fc.integer({ min: 1, max: 256 }),
  memoryBytes: fc.integer({ min: 2 ** 26, max: 2 ** 42 }),
  reservedBytes: fc.integer({ min: 0, max: 2 ** 40 }),
})

/** What php-fpm itself demands of a pool. */
function accepted({ workersMax, pm }: PoolSize): boolean {
  if (pm.kind === 'ondemand') return workersMax >= 2
  return pm.spareMin >= 1 && pm.spareMin <= pm.start && pm.start <= pm.spareMax && pm.spareMax <= workersMax
}

test('every size is one that php-fpm accepts, also shared out', () => {
  fc.assert(
    fc.property(machines, fc.integer({ min: 1, max: 20 }), (machine, pools) => {
      const size = poolSize(machine)
      expect([size, accepted(size)]).toEqual([size, true])
      const share = shareOf(size, pools)
      expect([share, accepted(share)]).toEqual([share, true])
    }),
  )
})

test('more memory or more cores never mean fewer workers', () => {
  fc.assert(
    fc.property(machines, fc.integer({ min: 0, max: 2 ** 34 }), fc.nat(16), (machine, bytes, cores) => {
      const more = { ...machine, memoryBytes: machine.memoryBytes + bytes, cores: machine.cores + cores }
      expect(poolSize(more).workersMax).toBeGreaterThanOrEqual(poolSize(machine).workersMax)
    }),
  )
})

test('the workers fit into what is left, beyond the two that there always are', () => {
  fc.assert(
    fc.property(machines, (machine) => {
      const { workersMax } = poolSize(machine)
      if (workersMax > 2)
        expect(workersMax * 64 * 2 ** 20 + machine.reservedBytes).toBeLessThanOrEqual(machine.memoryBytes)
    }),
  )
})
