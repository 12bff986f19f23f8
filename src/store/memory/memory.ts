// The memory tier: a map of values kept within a budget of bytes by S3-FIFO. A hit costs a map lookup and a counter.
//
// The budget is one of resident memory, which is more than the sum of lengths:
// - buffers count as the allocator rounds them, heap objects by measured constants (`cost.ts`);
// - buffers of values that leave are given back at once (`stored-bytes.ts`; the engine does so when told of it);
// - heap objects of values that leave stay until the garbage collector runs. Left alone it runs when memory has doubled;
//   so the store asks for a collection whenever they sum up to a share of the budget.
import { Resident } from '../../cache/evict/fifo.ts'
import { type Admission, S3Fifo, touch } from '../../cache/evict/s3fifo.ts'
import type { Cost, Leave, Store, StoreEntry } from '../store.ts'
import { entryHeapBytes } from './cost.ts'

/** Left-over heap objects, as a share of the budget, at which a collection is asked for. */
const garbageShareMax = 0.1

/** The share of the budget that is kept free for left-over heap objects and for gaps between buffers. */
const reservedShare = 0.06

class Stored<V> extends Resident {
  constructor(
    key: string,
    public value: V,
    bytes: number,
    /** The part of `bytes` that stays behind until the next collection. */
    public heapBytes: number,
  ) {
    super(key, bytes)
  }
}

export interface MemoryStoreOptions<V> {
  readonly budgetBytes: number
  readonly leave: Leave<V>
  /** Runs a full garbage collection, before it returns. */
  readonly collect: () => void
}

/** A store in the memory of this process. */
export class MemoryStore<V> implements Store<V> {
  readonly budgetBytes: number
  evictions = 0
  readonly #residents = new Map<string, Stored<V>>()
  readonly #policy: S3Fifo<Stored<V>>
  readonly #leave: Leave<V>
  readonly #collect: () => void
  #garbageBytes = 0

  constructor({ budgetBytes, leave, collect }: MemoryStoreOptions<V>) {
    this.budgetBytes = budgetBytes
    this.#policy = new S3Fifo(budgetBytes * (1 - reservedShare))
    this.#leave = leave
    this.#collect = collect
  }

  get bytes(): number {
    return this.#policy.bytes
  }

  get valueBytesMax(): number {
    return this.#policy.objectBytesMax
  }

  get size(): number {
    return this.#residents.size
  }

  get(key: string): V | undefined {
    const resident = this.#residents.get(key)
    if (resident === undefined) return undefined
    touch(resident)
    return resident.value
  }

  put(key: string, value: V, cost: Cost): boolean {
    const present = this.#residents.get(key)
    if (present) return this.#replace(present, value, cost)
    const heapBytes = heapBytesOf(key, cost)
    const resident = new Stored(key, value, cost.bufferBytes + heapBytes, heapBytes)
    const admission = this.#policy.admit(resident)
    if (admission.kind === 'refused') return false
    this.#residents.set(key, resident)
    this.#evict(admission)
    return true
  }

  resize(key: string, cost: Cost): boolean {
    const present = this.#residents.get(key)
    return present !== undefined && this.#replace(present, present.value, cost)
  }

  delete(key: string): boolean {
    const resident = this.#residents.get(key)
    if (!resident) return false
    this.#policy.remove(resident)
    this.#release(resident)
    this.#collectWhenDue()
    return true
  }

  clear(): void {
    for (const resident of this.#residents.values()) {
      this.#policy.remove(resident)
      this.#release(resident)
    }
    this.#collectWhenDue()
  }

  *entries(): IterableIterator<StoreEntry<V>> {
    for (const { key, value, bytes } of this.#residents.values()) yield { key, value, bytes }
  }

  #replace(resident: Stored<V>, value: V, cost: Cost): boolean {
    const heapBytes = heapBytesOf(resident.key, cost)
    const admission = this.#policy.resize(resident, cost.bufferBytes + heapBytes)
    if (admission.kind === 'refused') return false
    const replaced = resident.value
    if (replaced === value) {
      this.#garbageBytes += Math.max(0, resident.heapBytes - heapBytes)
    } else {
      this.#garbageBytes += resident.heapBytes
      resident.value = value
      this.#leave(replaced, resident.key)
    }
    resident.heapBytes = heapBytes
    this.#evict(admission)
    return true
  }

  #evict({ victims }: Admission<Stored<V>> & { kind: 'admitted' }): void {
    for (const victim of victims) this.#release(victim)
    this.evictions += victims.length
    this.#collectWhenDue()
  }

  /** Forgets a resident that is in no queue any more. */
  #release(resident: Stored<V>): void {
    this.#residents.delete(resident.key)
    this.#garbageBytes += resident.heapBytes
    this.#leave(resident.value, resident.key)
  }

  #collectWhenDue(): void {
    if (this.#garbageBytes <= this.budgetBytes * garbageShareMax) return
    this.#garbageBytes = 0
    this.#collect()
  }
}

function heapBytesOf(key: string, cost: Cost): number {
  return cost.heapBytes + entryHeapBytes + key.length
}
