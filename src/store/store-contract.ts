// What every store must do, as tests: each implementation's test file calls `storeContract` with a way to make one.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Cost, Leave, Store } from './store.ts'

const budgetBytes = 1024 * 1024

interface Page {
  readonly name: string
}

/** A store of about a megabyte that reports what leaves. */
export type MakeStore = (budgetBytes: number, leave: Leave<Page>) => Store<Page>

const kilobytes = (count: number): Cost => ({ bufferBytes: count * 1024, heapBytes: 100 })

const operation = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'get', 'resize', 'delete'),
  key: fc.integer({ min: 0, max: 60 }).map((n) => `/page/${n}`),
  cost: fc.integer({ min: 0, max: 140 }).map(kilobytes),
})

/** Runs the contract. */
export function storeContract(name: string, make: MakeStore): void {
  /** A store with the names of the pages that left. */
  const fresh = () => {
    const left: string[] = []
    return { left, store: make(budgetBytes, (page) => left.push(page.name)) }
  }

  describe(`${name}, as a store`, () => {
    test('gives back what was put, and nothing for another key', () => {
      const { store, left } = fresh()
      const page = { name: 'a' }
      expect(store.put('/a', page, kilobytes(8))).toBe(true)
      expect(store.get('/a')).toBe(page)
      expect(store.get('/A')).toBeUndefined()
      expect(store.size).toBe(1)
      expect(store.bytes).toBeGreaterThanOrEqual(8 * 1024 + 100)
      expect(left).toEqual([])
    })

    test('replaces a value and lets the old one leave', () => {
      const { store, left } = fresh()
      store.put('/a', { name: 'old' }, kilobytes(100))
      const page = { name: 'new' }
      expect(store.put('/a', page, kilobytes(10))).toBe(true)
      expect(store.get('/a')).toBe(page)
      expect(left).toEqual(['old'])
      expect(store.size).toBe(1)
      expect(store.bytes).toBeLessThan(20 * 1024)
    })

    test('a value that is put again under its key does not leave', () => {
      const { store, left } = fresh()
      const page = { name: 'a' }
      store.put('/a', page, kilobytes(10))
      store.put('/a', page, kilobytes(20))
      expect(left).toEqual([])
      expect(store.bytes).toBeGreaterThan(20 * 1024)
    })

    test('counts a value that has grown or shrunk', () => {
      const { store } = fresh()
      store.put('/a', { name: 'a' }, kilobytes(10))
      const before = store.bytes
      expect(store.resize('/a', kilobytes(30))).toBe(true)
      expect(store.bytes - before).toBe(20 * 1024)
      expect(store.resize('/a', kilobytes(10))).toBe(true)
      expect(store.bytes).toBe(before)
      expect(store.resize('/b', kilobytes(10))).toBe(false)
    })

    test('lets others leave for a value that grows, never itself', () => {
      const { store, left } = fresh()
      for (let i = 0; i < 200; i++) store.put(`/${i}`, { name: String(i) }, kilobytes(8))
      const last = { name: 'last' }
      store.put('/last', last, kilobytes(1))
      left.length = 0
      expect(store.resize('/last', kilobytes(100))).toBe(true)
      expect(store.get('/last')).toBe(last)
      expect(left.length).toBeGreaterThan(8)
      expect(left).not.toContain('last')
    })

    test('refuses what is too large, and changes nothing', () => {
      const { store, left } = fresh()
      const page = { name: 'a' }
      store.put('/a', page, kilobytes(10))
      const before = store.bytes
      const tooLarge = { bufferBytes: store.valueBytesMax, heapBytes: 1 }
      expect(store.put('/b', { name: 'b' }, tooLarge)).toBe(false)
      expect(store.put('/a', { name: 'b' }, tooLarge)).toBe(false)
      expect(store.resize('/a', tooLarge)).toBe(false)
      expect(store.get('/a')).toBe(page)
      expect(store.bytes).toBe(before)
      expect(left).toEqual([])
    })

    test('deletes', () => {
      const { store, left } = fresh()
      store.put('/a', { name: 'a' }, kilobytes(10))
      expect(store.delete('/a')).toBe(true)
      expect(store.delete('/a')).toBe(false)
      expect(store.get('/a')).toBeUndefined()
      expect(left).toEqual(['a'])
      expect(store.bytes).toBe(0)
      expect(store.evictions).toBe(0)
    })

    test('clears', () => {
      const { store, left } = fresh()
      for (const key of ['/a', '/b', '/c']) store.put(key, { name: key }, kilobytes(10))
      store.clear()
      expect(left.toSorted()).toEqual(['/a', '/b', '/c'])
      expect([store.size, store.bytes, [...store.entries()].length]).toEqual([0, 0, 0])
      expect(store.put('/a', { name: 'a' }, kilobytes(10))).toBe(true)
    })

    test('lists what it holds', () => {
      const { store } = fresh()
      const page = { name: 'a' }
      store.put('/a', page, kilobytes(10))
      expect([...store.entries()]).toEqual([{ key: '/a', value: page, bytes: store.bytes }])
    })

    test('stays within its budget, holds what did not leave, and counts exactly', () => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
          const expected = new Map<string, Page>()
          const store = make(budgetBytes, (page, key) => {
            expect(expected.get(key)).toBe(page)
            expected.delete(key)
          })
          for (const { kind, key, cost } of operations) {
            if (kind === 'get') expect(store.get(key)).toBe(expected.get(key))
            if (kind === 'resize') store.resize(key, cost)
            if (kind === 'delete') {
              const present = expected.has(key)
              expect(store.delete(key)).toBe(present)
            }
            if (kind === 'put') {
              const page = { name: key }
              if (store.put(key, page, cost)) expected.set(key, page)
            }
            expect(store.bytes).toBeLessThanOrEqual(budgetBytes)
            expect(store.size).toBe(expected.size)
          }
          const entries = [...store.entries()]
          expect(new Map(entries.map((entry) => [entry.key, entry.value]))).toEqual(expected)
          expect(entries.reduce((sum, entry) => sum + entry.bytes, 0)).toBe(store.bytes)
        }),
        { numRuns: 200 },
      )
    })
  })
}
