// One holder at a time, and none for ever.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { Lease } from './lease.ts'

const base = mkdtempSync(join(tmpdir(), 'myriad-test-'))
afterAll(() => rmSync(base, { recursive: true }))
let count = 0
let path = ''

beforeEach(() => {
  path = join(mkdtempSync(join(base, 'lease-')), 'lock')
})

/** A process with a clock of its own: those of several machines differ. */
function aProcess(clock = new FakeClock(count * 1e9)) {
  return { clock, lease: new Lease(path, { clock, timers: clock, random: () => `random-${++count}` }) }
}

test('one holds it, until it gives it back', () => {
  const [a, b] = [aProcess(), aProcess()]
  expect([a.lease.take(), a.lease.take(), b.lease.take()]).toEqual([true, true, false])
  a.lease.release()
  expect([b.lease.take(), a.lease.take()]).toEqual([true, false])
  b.lease.release()
  b.lease.release()
  expect(readdirSync(join(path, '..'))).toEqual([])
})

test('a holder that shows that it lives keeps it, however long', () => {
  const [a, b] = [aProcess(), aProcess()]
  a.lease.take()
  for (let i = 0; i < 100; i++) {
    a.clock.advance(5_000)
    b.clock.advance(5_000)
    expect(b.lease.take()).toBe(false)
  }
  a.lease.release()
  expect(b.lease.take()).toBe(true)
})

test('one that is silent loses it, and does not take it back by living on', () => {
  const [a, b] = [aProcess(), aProcess()]
  a.lease.take()
  expect(b.lease.take()).toBe(false)
  b.clock.advance(29_000)
  expect(b.lease.take()).toBe(false)
  b.clock.advance(1_000)
  expect(b.lease.take()).toBe(true)
  const held = readFileSync(path, 'utf8')
  a.clock.advance(60_000)
  a.lease.release()
  expect(readFileSync(path, 'utf8')).toBe(held)
})

test('a folder that goes away under its holder ends nothing', () => {
  const a = aProcess()
  a.lease.take()
  rmSync(join(path, '..'), { recursive: true })
  a.clock.advance(60_000)
  a.lease.release()
})

test('an empty file, left by a full disk, is a dead holder too', () => {
  const a = aProcess()
  writeFileSync(path, '')
  expect(a.lease.take()).toBe(false)
  a.clock.advance(30_000)
  expect(a.lease.take()).toBe(true)
})

test('property: never two holders among processes that live', () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.constantFrom('take', 'release', 'time')), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (chosen) => {
      path = join(mkdtempSync(join(base, 'lease-')), 'lock')
      // One clock: all of them live and beat.
      const clock = new FakeClock()
      const all = Array.from({ length: 4 }, () => aProcess(clock))
      const holders = new Set<number>()
      for (const [who, what] of chosen) {
        const { lease } = all[who]!
        if (what === 'time') clock.advance(7_000)
        else if (what === 'release') {
          lease.release()
          holders.delete(who)
        } else if (lease.take()) holders.add(who)
        expect(holders.size).toBeLessThanOrEqual(1)
      }
      for (const { lease } of all) lease.release()
    }),
    { numRuns: 50 },
  )
})
