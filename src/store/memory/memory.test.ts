import { describe, expect, test } from 'bun:test'
import { storeContract } from '../store-contract.ts'
import { MemoryStore } from './memory.ts'

storeContract('memory', (budgetBytes, leave) => new MemoryStore({ budgetBytes, leave, collect() {} }))

function make() {
  let collections = 0
  const store = new MemoryStore<object>({
    budgetBytes: 1_000_000,
    leave() {},
    collect: () => collections++,
  })
  return { store, collections: () => collections }
}

describe('the memory store', () => {
  test('asks for a collection each time a tenth of the budget lies about in heap objects', () => {
    const { store, collections } = make()
    for (let i = 0; i < 10_000; i++) store.put('/page', {}, { bufferBytes: 100_000, heapBytes: 1000 })
    expect(collections()).toBeGreaterThan(100)
    expect(collections()).toBeLessThan(150)
  })

  test('counts the heap objects of values that shrink, are deleted, evicted and cleared', () => {
    for (const leave of ['shrink', 'delete', 'evict', 'clear']) {
      const { store, collections } = make()
      const large = { bufferBytes: 0, heapBytes: 50_000 }
      for (let i = 0; i < 18; i++) store.put(`/${i}`, {}, large)
      expect(collections()).toBe(0)
      for (let i = 0; i < 5; i++) {
        if (leave === 'shrink') store.resize(`/${i}`, { bufferBytes: 0, heapBytes: 0 })
        if (leave === 'delete') store.delete(`/${i}`)
        if (leave === 'evict') store.put(`/more/${i}`, {}, large)
        if (leave === 'clear') store.clear()
      }
      expect(collections()).toBeGreaterThan(0)
    }
  })

  test('keeps what is asked for through a scan', () => {
    const { store } = make()
    const page = {}
    store.put('/page', page, { bufferBytes: 8192, heapBytes: 0 })
    for (let i = 0; i < 1000; i++) {
      expect(store.get('/page')).toBe(page)
      store.put(`/scan/${i}`, {}, { bufferBytes: 8192, heapBytes: 0 })
    }
    expect(store.evictions).toBeGreaterThan(800)
  })
})
