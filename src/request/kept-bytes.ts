// Bytes of bodies that fetches keep: what is to be stored and has not come to its end, and what slow clients have not
// been sent. None of it stands in the store's budget yet, so it has one of its own, for all fetches together.

/** An account of bytes. */
export class KeptBytes {
  #bytes = 0

  constructor(public limitBytes: number) {}

  get bytes(): number {
    return this.#bytes
  }

  /** Whether a fetch that could do with less should. */
  get exceeded(): boolean {
    return this.#bytes > this.limitBytes
  }

  /** `bytes` are kept from now on; negative: no longer. */
  add(bytes: number): void {
    this.#bytes += bytes
  }
}
