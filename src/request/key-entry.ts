// Everything that is stored under one primary key: the variants (RFC 9111 §4.1).
import type { Stored } from '../cache/stored.ts'
import { entryHeapBytes } from '../store/memory/cost.ts'
import type { Cost } from '../store/store.ts'
import type { Variant } from './variant.ts'

/** The value that the store keeps under a key. */
export class KeyEntry {
  readonly variants: Variant[] = []
  /** The variants' metadata, in the same order: what selection reads. */
  stored: readonly Stored[] = []
  /** The only variant, when it does not depend on request fields: then there is nothing to select. */
  only: Variant | undefined

  constructor(
    readonly key: string,
    /** That of the route which it was stored under (`Route.mark`). */
    readonly mark: string,
  ) {}

  get cost(): Cost {
    let buffers = 0
    let heap = entryHeapBytes + this.key.length
    for (const variant of this.variants) {
      buffers += variant.bufferBytes
      heap += variant.heapBytes
    }
    return { bufferBytes: buffers, heapBytes: heap }
  }

  /** Adds a variant, in place of the one for the same request fields; the oldest goes when there are too many. */
  put(variant: Variant, variantsMax: number): void {
    const at = this.variants.findIndex((other) => other.stored.variant === variant.stored.variant)
    if (at >= 0) this.#removeAt(at)
    else if (this.variants.length >= variantsMax) this.#removeAt(0)
    this.variants.push(variant)
    this.changed()
  }

  remove(variant: Variant): void {
    const at = this.variants.indexOf(variant)
    if (at >= 0) this.#removeAt(at)
    this.changed()
  }

  /** The store lets go of the whole entry. */
  leave(): void {
    for (const variant of this.variants.splice(0)) variant.leave()
    this.changed()
  }

  /** To be called when a variant's metadata has changed. */
  changed(): void {
    this.stored = this.variants.map((variant) => variant.stored)
    this.only = this.stored.length === 1 && this.stored[0]!.vary.length === 0 ? this.variants[0] : undefined
  }

  of(stored: Stored): Variant | undefined {
    return this.variants[this.stored.indexOf(stored)]
  }

  #removeAt(at: number): void {
    this.variants.splice(at, 1)[0]!.leave()
  }
}
