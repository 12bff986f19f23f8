// Bytes of a stored response, outside the JavaScript heap, whose memory is given back as soon as the store has let go of
// them and nobody reads them any more. The memory is returned to the allocator, never written over: a reader that forgot
// to hold sees a length of 0, not another response.
//
// Whoever writes all of them to a socket at once need not hold. Whoever still needs them after returning to the event
// loop must: a write that the socket took in part, an `await`, an encoder on another thread.
import { assert } from '../../base/assert.ts'
import { free } from '../../base/free.ts'

/** The bytes, with the number of those who still read them. */
export class StoredBytes {
  #holders = 0
  #left = false

  constructor(readonly bytes: Uint8Array) {}

  /** From now on the bytes stay, until as many calls of `release`. */
  hold(): void {
    assert(!this.#left || this.#holders > 0, 'bytes were held after they had been freed')
    this.#holders++
  }

  release(): void {
    assert(this.#holders > 0, 'bytes were released more often than held')
    this.#holders--
    if (this.#left && this.#holders === 0) free(this.bytes)
  }

  /** The store has let go of them: they are freed now, or by the last release. */
  leave(): void {
    this.#left = true
    if (this.#holders === 0) free(this.bytes)
  }
}
