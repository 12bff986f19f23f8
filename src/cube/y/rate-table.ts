// What is remembered of those whose requests are counted: a table of fixed size, however many they are.
//
// A crowd of new addresses must not make it grow, nor make it forget those who are over their limit. So the table has
// buckets of a few slots, and a newcomer takes the slot of the one whose tokens will be back first. Whose are back already
// loses nothing; who asks too much is the one whose tokens are back last, and is forgotten last. Each newcomer that is
// admitted once is soon full again, so that a crowd drives out its own. Whoever is forgotten gets a full bucket, never less.
//
// Keys are told by 64 bits of hash with a seed that nobody outside knows: nobody can choose a key to share a slot with.
//
// All of it lies in one piece of memory that it is given, which may be shared by processes: they see one another's
// tokens. Two that take from one bucket in the same moment may count once instead of twice; no more can go wrong.
import { fullAfterToken, waitForToken, type RateLimit } from './rate.ts'

/** Slots of a bucket. */
const ways = 8
/** Bytes before the slots: the start of time, and the two halves of the seed. */
const headBytes = 16
/** When the tokens are back, and 64 bits of hash. */
const slotBytes = 16

/** Tokens of many, by key. */
export class RateTable {
  readonly #bucketMask: number
  readonly #startMs: number
  readonly #seedHigh: number
  readonly #seedLow: number
  readonly #fullAtMs: Float64Array
  readonly #hashes: Uint32Array

  /** `memory`: made by `RateTable.memory`. */
  constructor(memory: ArrayBufferLike, byteOffset = 0, byteLength = memory.byteLength) {
    const slots = (byteLength - headBytes) / slotBytes
    this.#bucketMask = slots / ways - 1
    this.#startMs = new Float64Array(memory, byteOffset, 1)[0]!
    const seed = new Uint32Array(memory, byteOffset + 8, 2)
    this.#seedHigh = seed[0]!
    this.#seedLow = seed[1]!
    this.#fullAtMs = new Float64Array(memory, byteOffset + headBytes, slots)
    this.#hashes = new Uint32Array(memory, byteOffset + headBytes + slots * 8, slots * 2)
  }

  /** Memory for a table of at least `keys` keys. `seed`: 8 random bytes. Times are counted from `startMs` on. */
  static memory(keys: number, seed: Uint8Array, startMs: number): ArrayBuffer {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, keys / ways)))
    const memory = new ArrayBuffer(headBytes + buckets * ways * slotBytes)
    new Float64Array(memory, 0, 1)[0] = startMs
    new Uint8Array(memory, 8, 8).set(seed.subarray(0, 8))
    return memory
  }

  /** How many keys it can remember. */
  get slots(): number {
    return this.#fullAtMs.length
  }

  /**
   * Takes a token for a key; returns 0, or for how long there is none. `isNamed`: the key is a value that the limit names,
   * and not the address that stands in for it. `nowMs`: wall-clock time.
   */
  take(limit: RateLimit, isNamed: boolean, key: string, nowMs: number): number {
    const atMs = nowMs - this.#startMs
    const kind = limit.index * 2 + (isNamed ? 1 : 0)
    const high = hashOf(key, this.#seedHigh ^ kind)
    const low = hashOf(key, this.#seedLow + kind)
    const slot = this.#slotOf(high, low)
    const isKnown = this.#hashes[2 * slot] === high && this.#hashes[2 * slot + 1] === low
    // A clock that was put back must not make anybody wait for longer than an empty bucket takes to fill.
    const latestMs = atMs + (limit.burst * limit.perMs) / limit.requests
    const fullAtMs = isKnown ? Math.min(this.#fullAtMs[slot]!, latestMs) : 0
    const waitMs = waitForToken(fullAtMs, atMs, limit)
    if (waitMs > 0) {
      this.#fullAtMs[slot] = fullAtMs
      return waitMs
    }
    this.#hashes[2 * slot] = high
    this.#hashes[2 * slot + 1] = low
    this.#fullAtMs[slot] = fullAfterToken(fullAtMs, atMs, limit)
    return 0
  }

  /** The slot of a key; else that of its bucket whose tokens are back first. */
  #slotOf(high: number, low: number): number {
    const start = (high & this.#bucketMask) * ways
    let first = start
    for (let slot = start; slot < start + ways; slot++) {
      if (this.#hashes[2 * slot] === high && this.#hashes[2 * slot + 1] === low) return slot
      if (this.#fullAtMs[slot]! < this.#fullAtMs[first]!) first = slot
    }
    return first
  }
}

/** Mixes each code unit in, with the finalizer of MurmurHash3 at the end. */
function hashOf(text: string, seed: number): number {
  let hash = seed | 0
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 16) ^ text.length, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
