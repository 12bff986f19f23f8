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
})
