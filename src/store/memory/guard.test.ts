// The memory guard: what is given up, in which order, and that it does not swing.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { MemoryGuard } from './guard.ts'

const MB = 2 ** 20

/** A process that takes what is stored and something besides; the system gets memory back `delay` looks later. */
function run(guard: MemoryGuard, besideMb: readonly number[], storedMb: number, delay = 1) {
  let storedBytes = storedMb * MB
  const freed: number[] = Array<number>(delay).fill(0)
  return besideMb.map((beside) => {
    freed.shift()
    const residentBytes = beside * MB + storedBytes + freed.reduce((sum, bytes) => sum + bytes, 0)
    const verdict = guard.look(residentBytes, storedBytes)
    const left = Math.min(storedBytes, verdict.budgetBytes)
    freed.push(storedBytes - left)
    storedBytes = left
    return { ...verdict, residentBytes, storedBytes }
  })
}

test('while there is room nothing is done', () => {
  for (const { budgetBytes, isShort } of run(new MemoryGuard(400 * MB, 128 * MB), [100, 150, 200, 210], 128))
    expect([budgetBytes, isShort]).toEqual([128 * MB, false])
})

test('above the threshold the tier gives back what is too much, and later gets it again', () => {
  const steps = run(
    new MemoryGuard(400 * MB, 128 * MB),
    [230, ...Array<number>(9).fill(230), ...Array<number>(200).fill(100)],
    128,
  )
  expect(steps[0]!.storedBytes).toBeLessThan(80 * MB)
  // What it gave back is enough: no more is shed while the system takes its time.
  expect(steps[9]!.storedBytes).toBe(steps[0]!.storedBytes)
  expect(steps.at(-1)!.budgetBytes).toBe(128 * MB)
  expect(steps.some(({ isShort }) => isShort)).toBe(false)
})

test('when that is not enough, nobody new is let in, until there is room again', () => {
  const guard = new MemoryGuard(400 * MB, 128 * MB)
  const short = run(guard, [390, 390, 370, 360, 340, 385, 381], 0).map(({ isShort }) => isShort)
  expect(short).toEqual([true, true, true, true, false, true, true])
})

test('whatever happens: the budget stays within its bounds, and shedding alone refuses nobody', () => {
  const beside = fc.array(fc.integer({ min: 50, max: 420 }), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(beside, fc.integer({ min: 0, max: 128 }), fc.nat(3), (besideMb, storedMb, delay) => {
      for (const step of run(new MemoryGuard(400 * MB, 128 * MB), besideMb, storedMb, delay)) {
        expect(step.budgetBytes).toBeWithin(0, 128 * MB + 1)
        if (step.isShort) expect(step.residentBytes).toBeGreaterThan(400 * MB * 0.88)
        if (step.residentBytes > 400 * MB * 0.95) expect(step.isShort).toBe(true)
      }
    }),
  )
})

test('a process that stays too large ends with an empty tier', () => {
  const steps = run(new MemoryGuard(400 * MB, 128 * MB), Array<number>(60).fill(360), 128)
  expect(steps.at(-1)!.storedBytes).toBe(0)
})
