import { describe, expect, test } from 'bun:test'
import { storeContract } from '../store-contract.ts'
import { entryHeapBytes } from './cost.ts'
import { MemoryStore } from './memory.ts'

storeContract('memory', (budgetBytes, leave) => new MemoryStore({ budgetBytes, leave }))

describe('the memory store', () => {
  test('keeps what is asked for through a scan', () => {
    const store = new MemoryStore<object>({ budgetBytes: 1_000_000, leave() {} })
    const page = {}
    store.put('/page', page, { bufferBytes: 8192, heapBytes: 0 })
    for (let i = 0; i < 1000; i++) {
      expect(store.get('/page')).toBe(page)
      store.put(`/scan/${i}`, {}, { bufferBytes: 8192, heapBytes: 0 })
    }
    expect(store.evictions).toBeGreaterThan(800)
  })

  test('counts what it keeps about a value, and what waits for the garbage collector', () => {
    const store = new MemoryStore<object>({ budgetBytes: 1_000_000, leave() {} })
    store.put('/page', {}, { bufferBytes: 8192, heapBytes: 1000 })
    expect(store.bytes).toBeGreaterThan(8192 + 1000 + entryHeapBytes)
    for (let i = 0; i < 3000; i++) store.put(`/${i}`, {}, { bufferBytes: 0, heapBytes: 0 })
    expect(store.bytes).toBeLessThan(1_000_000 * 0.95)
    expect(store.evictions).toBeGreaterThan(0)
  })

  test('gives a part of its budget back at once, takes nothing above it, and gets it again', () => {
    const left: string[] = []
    const store = new MemoryStore<object>({ budgetBytes: 1_000_000, leave: (_, key) => void left.push(key) })
    const put = (key: string, bufferBytes = 8_192) => store.put(key, {}, { bufferBytes, heapBytes: 0 })
    for (let i = 0; i < 50; i++) put(`/${i}`)
    store.limit(100_000)
    expect(store.bytes).toBeLessThan(90_001)
    expect(left).toHaveLength(50 - store.size)
    expect(put('/large', 50_000)).toBe(false)
    for (let i = 0; i < 50; i++) put(`/again/${i}`)
    expect(store.bytes).toBeLessThan(90_001)
    store.limit(0)
    expect([store.size, store.bytes, put('/none')]).toEqual([0, 0, false])
    store.limit(2_000_000)
    for (let i = 0; i < 200; i++) put(`/more/${i}`)
    expect(store.bytes).toBeWithin(800_000, 900_001)
    expect(put('/large', 50_000)).toBe(true)
  })
})
