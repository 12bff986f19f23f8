// The memory tier: a map of values kept within a budget of bytes by S3-FIFO. A hit costs a map lookup and a counter.
//
// The budget is one of resident memory, which is more than the sum of lengths:
// - buffers count as the allocator rounds them, heap objects by measured constants (`cost.ts`);
// - buffers of values that leave are given back at once (`stored-bytes.ts`; the engine does so when told of it);
// - heap objects of values that leave stay until the garbage collector runs, and it runs when garbage has grown to a part
//   of what is in use. How large a part, `bin/myriad` sets. Room for it is reserved here.
//
// Asking for collections from here was tried and left out: a full one stops the process for 0.5 to 10 µs per entry.
import { Resident } from '../../cache/evict/fifo.ts'
import { type Admission, S3Fifo, touch } from '../../cache/evict/s3fifo.ts'
import type { Cost, Leave, Store, StoreEntry } from '../store.ts'
import { entryHeapBytes } from './cost.ts'

/** The share of the budget that is kept free for garbage and for gaps between buffers. */
const reservedShare = 0.1

/** What a heap object takes, with the share of those that wait for the collector. */
const heapFactor = 1.5

class Stored<V> extends Resident {
  constructor(
    key: string,
    public value: V,
    bytes: number,
  ) {
    super(key, bytes)
  }
}

export interface MemoryStoreOptions<V> {
  readonly budgetBytes: number
  /** Must not call the store. */
  readonly leave: Leave<V>
}

/** A store in the memory of this process. */
export class MemoryStore<V> implements Store<V> {
  budgetBytes: number
  evictions = 0
  readonly #residents = new Map<string, Stored<V>>()
  readonly #policy: S3Fifo<Stored<V>>
  readonly #leave: Leave<V>

  constructor({ budgetBytes, leave }: MemoryStoreOptions<V>) {
    this.budgetBytes = budgetBytes
    this.#policy = new S3Fifo(budgetBytes * (1 - reservedShare))
    this.#leave = leave
  }

  /**
   * Has it take no more than so much of its budget for now; those asked for least leave at once. Values that are larger
   * than a part of it are not stored meanwhile.
   */
  limit(budgetBytes: number): void {
    const victims = this.#policy.limit(Math.min(budgetBytes, this.budgetBytes) * (1 - reservedShare))
    this.#evict({ kind: 'admitted', victims })
  }

  /** Another budget from now on; who does not fit into it leaves at once. */
  setBudget(budgetBytes: number): void {
    this.budgetBytes = budgetBytes
    this.#evict({ kind: 'admitted', victims: this.#policy.setBudget(budgetBytes * (1 - reservedShare)) })
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
    const resident = new Stored(key, value, bytesOf(key, cost))
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
    return true
  }

  clear(): void {
    for (const resident of this.#residents.values()) {
      this.#policy.remove(resident)
      this.#release(resident)
    }
  }

  *entries(): IterableIterator<StoreEntry<V>> {
    for (const { key, value, bytes } of this.#residents.values()) yield { key, value, bytes }
  }

  #replace(resident: Stored<V>, value: V, cost: Cost): boolean {
    const admission = this.#policy.resize(resident, bytesOf(resident.key, cost))
    if (admission.kind === 'refused') return false
    const replaced = resident.value
    if (replaced !== value) {
      resident.value = value
      this.#leave(replaced, resident.key)
    }
    this.#evict(admission)
    return true
  }

  #evict({ victims }: Admission<Stored<V>> & { kind: 'admitted' }): void {
    for (const victim of victims) this.#release(victim)
    this.evictions += victims.length
  }

  /** Forgets a resident that is in no queue any more. */
  #release(resident: Stored<V>): void {
    this.#residents.delete(resident.key)
    this.#leave(resident.value, resident.key)
  }
}

function bytesOf(key: string, { bufferBytes, heapBytes }: Cost): number {
  return bufferBytes + Math.ceil((heapBytes + entryHeapBytes + key.length) * heapFactor)
}
