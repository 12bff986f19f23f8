// The ghost queue of S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, §4.2): which
// keys have been evicted lately. As the paper proposes in §4.3 it is no queue but a table of fingerprints, each with the
// time at which it entered: fixed in size, nothing to allocate, and an entry leaves by growing old or by being
// overwritten. Time is counted in bytes that have passed, so that the ghost remembers as much as the main queue holds.
//
// Two keys with one fingerprint are taken for one another. That costs a wrong guess about a newcomer, nothing else.

/** Entries of a bucket; a newcomer overwrites the oldest of its bucket. */
const ways = 4

/** One slot for so many bytes of capacity: enough for objects of that size, and less than 1% of the capacity. */
const bytesPerSlot = 2048

/** Remembers evicted keys until `capacityBytes` more have been evicted. */
export class Ghost {
  readonly #capacityBytes: number
  readonly #bucketMask: number
  readonly #fingerprints: Uint32Array
  readonly #enteredAt: Float64Array
  #passedBytes = 0

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, capacityBytes / bytesPerSlot / ways)))
    this.#bucketMask = buckets - 1
    this.#fingerprints = new Uint32Array(buckets * ways)
    this.#enteredAt = new Float64Array(buckets * ways)
  }

  /** The memory that the table takes. */
  get tableBytes(): number {
    return this.#fingerprints.byteLength + this.#enteredAt.byteLength
  }

  /** Remembers `key`, an object of `bytes`. */
  add(key: string, bytes: number): void {
    const fingerprint = fingerprintOf(key)
    const start = this.#bucketStart(fingerprint)
    let slot = start
    for (let i = start; i < start + ways; i++) {
      if (this.#enteredAt[i]! < this.#enteredAt[slot]!) slot = i
    }
    this.#passedBytes += bytes
    this.#fingerprints[slot] = fingerprint
    this.#enteredAt[slot] = this.#passedBytes
  }

  /** Whether `key` is remembered; forgets it. */
  take(key: string): boolean {
    const fingerprint = fingerprintOf(key)
    const start = this.#bucketStart(fingerprint)
    for (let i = start; i < start + ways; i++) {
      if (this.#fingerprints[i] !== fingerprint) continue
      const remembered = this.#passedBytes - this.#enteredAt[i]! <= this.#capacityBytes
      this.#fingerprints[i] = 0
      this.#enteredAt[i] = 0
      return remembered
    }
    return false
  }

  #bucketStart(fingerprint: number): number {
    return (fingerprint & this.#bucketMask) * ways
  }
}

/** FNV-1a over the code units, then the finalizer of MurmurHash3; never 0, which marks an empty slot. */
function fingerprintOf(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0 || 1
}
