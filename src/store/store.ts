// The interface of a tier that keeps stored responses. What a value is, the engine decides: it keeps under each primary
// key (RFC 9111 §2) everything that was stored for it, all variants with their coded representations.
//
// Synchronous: a tier that answers within microseconds has no use for promises.

/** What a value takes, by where it lies. Measured constants for it: `memory/cost.ts`. */
export interface Cost {
  /** Memory of buffers, given back when the value is let go (`StoredBytes`). */
  readonly bufferBytes: number
  /** Objects and strings, given back when the garbage collector runs. */
  readonly heapBytes: number
}

/** A line of `entries()`. */
export interface StoreEntry<V> {
  readonly key: string
  readonly value: V
  readonly bytes: number
}

/** Keeps values within a budget of bytes. */
export interface Store<V> {
  /** What all values take, by their costs and the store's own. */
  readonly bytes: number
  readonly budgetBytes: number
  /** How much one value may take. */
  readonly valueBytesMax: number
  /** How many keys hold a value. */
  readonly size: number
  /** How many values had to leave for others since the start. */
  readonly evictions: number

  /** The value under `key`; counts as a use of it. */
  get(key: string): V | undefined

  /**
   * Stores `value` under `key`, in the place of what was there; others may have to leave. Returns false when it takes
   * more than `valueBytesMax`: then nothing has changed.
   */
  put(key: string, value: V, cost: Cost): boolean

  /**
   * Tells that the value under `key` now takes `cost`, before or after it changed; others may have to leave, itself
   * never. Returns false when that is more than `valueBytesMax`, or when there is no such key: then nothing has changed.
   */
  resize(key: string, cost: Cost): boolean

  /** Lets go of the value under `key`; returns whether there was one. */
  delete(key: string): boolean

  /** Lets go of everything. */
  clear(): void

  /** Everything that is stored, in no particular order; does not count as use. */
  entries(): IterableIterator<StoreEntry<V>>
}

/** Called with each value that leaves, whatever the cause: evicted, replaced by another value, deleted, cleared. */
export type Leave<V> = (value: V, key: string) => void
