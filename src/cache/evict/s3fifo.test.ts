import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { hitRatios, policies, zipfAccesses, footprintBytes } from '../../../sim/evict.ts'
import { Resident } from './fifo.ts'
import { S3Fifo, touch } from './s3fifo.ts'

const kilobyte = 1024
const budgetBytes = 1000 * kilobyte

/** A policy with what it was told, so that both can be compared. */
function tracked() {
  const policy = new S3Fifo<Resident>(budgetBytes)
  const residents = new Map<string, Resident>()
  const admit = (key: string, bytes: number): string[] | 'refused' => {
    const resident = new Resident(key, bytes)
    const admission = policy.admit(resident)
    if (admission.kind === 'refused') return 'refused'
    for (const victim of admission.victims) residents.delete(victim.key)
    residents.set(key, resident)
    return admission.victims.map((victim) => victim.key)
  }
  return { policy, residents, admit }
}

const operation = fc.record({
  kind: fc.constantFrom('admit', 'admit', 'admit', 'touch', 'touch', 'resize', 'remove'),
  key: fc.integer({ min: 0, max: 40 }).map(String),
  bytes: fc.integer({ min: 0, max: 150 }).map((size) => size * kilobyte),
})

describe('S3-FIFO', () => {
  test('never exceeds its budget, counts exactly, and names only residents as victims', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const policy = new S3Fifo<Resident>(budgetBytes)
        const residents = new Map<string, Resident>()
        for (const { kind, key, bytes } of operations) {
          const resident = residents.get(key)
          if (resident && kind === 'touch') touch(resident)
          if (resident && kind === 'remove') {
            policy.remove(resident)
            residents.delete(key)
          }
          const wanted = resident
            ? kind === 'resize' && resident
            : kind === 'admit' && new Resident(key, bytes)
          if (wanted) {
            const before = policy.bytes
            const admission = resident ? policy.resize(wanted, bytes) : policy.admit(wanted)
            if (admission.kind === 'refused') {
              expect(bytes).toBeGreaterThan(policy.objectBytesMax)
              expect(policy.bytes).toBe(before)
            } else {
              expect(bytes).toBeLessThanOrEqual(policy.objectBytesMax)
              for (const victim of admission.victims) {
                expect(victim).not.toBe(wanted)
                expect(victim.queue).toBeUndefined()
                expect(residents.get(victim.key)).toBe(victim)
                residents.delete(victim.key)
              }
              residents.set(key, wanted)
              expect(wanted.bytes).toBe(bytes)
            }
          }
          expect(policy.bytes).toBeLessThanOrEqual(budgetBytes)
          expect(policy.bytes).toBe(residents.values().reduce((sum, each) => sum + each.bytes, 0))
        }
        for (const resident of residents.values()) policy.remove(resident)
        expect(policy.bytes).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('refuses an object of more than an eighth of the budget, and changes nothing', () => {
    const { policy, residents, admit } = tracked()
    for (let i = 0; i < 10; i++) admit(`page ${i}`, 100 * kilobyte)
    expect(admit('large', 126 * kilobyte)).toBe('refused')
    expect(policy.resize(residents.get('page 3')!, 126 * kilobyte).kind).toBe('refused')
    expect(policy.bytes).toBe(budgetBytes)
    expect(admit('just', 125 * kilobyte)).toEqual(['page 0', 'page 1'])
  })

  test('lets those leave first that were asked for once', () => {
    const { residents, admit } = tracked()
    for (let i = 0; i < 10; i++) admit(`page ${i}`, 100 * kilobyte)
    for (const key of ['page 0', 'page 1']) {
      touch(residents.get(key)!)
      touch(residents.get(key)!)
    }
    for (let i = 0; i < 50; i++) admit(`scan ${i}`, 100 * kilobyte)
    expect(residents.has('page 0')).toBe(true)
    expect(residents.has('page 1')).toBe(true)
    expect(residents.has('page 2')).toBe(false)
  })

  test('takes a key that left lately into the main queue, where a scan does not reach it', () => {
    const { residents, admit } = tracked()
    for (let i = 0; i < 11; i++) admit(`page ${i}`, 100 * kilobyte)
    expect(residents.has('page 0')).toBe(false)
    admit('page 0', 100 * kilobyte)
    for (let i = 0; i < 50; i++) admit(`scan ${i}`, 100 * kilobyte)
    expect(residents.has('page 0')).toBe(true)
  })

  test('forgets in the ghost what left longer ago than the main queue holds', () => {
    const { residents, admit } = tracked()
    for (let i = 0; i < 30; i++) admit(`page ${i}`, 100 * kilobyte)
    admit('page 0', 100 * kilobyte)
    for (let i = 0; i < 50; i++) admit(`scan ${i}`, 100 * kilobyte)
    expect(residents.has('page 0')).toBe(false)
  })

  test('lets the main queue go when what was used there is used no more', () => {
    const { residents, admit } = tracked()
    for (let i = 0; i < 9; i++) admit(`old ${i}`, 100 * kilobyte)
    for (const resident of residents.values()) for (let i = 0; i < 3; i++) touch(resident)
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 9; i++) {
        const resident = residents.get(`new ${i}`)
        if (resident) touch(resident)
        else admit(`new ${i}`, 100 * kilobyte)
      }
    }
    expect([...residents.keys()].filter((key) => key.startsWith('new'))).toHaveLength(9)
  })

  test('counts uses up to three', () => {
    const resident = new Resident('page', 1)
    for (let i = 0; i < 10; i++) touch(resident)
    expect(resident.uses).toBe(3)
  })

  test.each([0.7, 0.9, 1.1])('answers more than LRU and FIFO under Zipf %p', (skew) => {
    const accesses = zipfAccesses(60_000, 10_000, skew, 7)
    const cacheBytes = footprintBytes(accesses) * 0.1
    const ratio = (name: string) => hitRatios(accesses, policies[name]!(cacheBytes)).requests
    expect(ratio('s3-fifo')).toBeGreaterThan(ratio('lru') + 0.02)
    expect(ratio('lru')).toBeGreaterThan(ratio('fifo'))
  })
})
