// A first-in-first-out queue of residents, measured in bytes: a doubly linked list whose links are the residents' own
// fields, so that moving and removing allocate nothing and cost the same at any length.

/** Something that a memory tier holds, with what the eviction policy has to know about it. */
export class Resident<V> {
  /** Hits since it was admitted or last looked at by the policy, saturating at `usesMax`. */
  uses = 0
  queue: Fifo<V> | undefined = undefined
  newer: Resident<V> | undefined = undefined
  older: Resident<V> | undefined = undefined

  constructor(
    readonly key: string,
    public value: V,
    public bytes: number,
  ) {}
}

/** The queue; `bytes` is the sum over its members. A resident is in one queue at most. */
export class Fifo<V> {
  bytes = 0
  oldest: Resident<V> | undefined = undefined
  #newest: Resident<V> | undefined = undefined

  push(resident: Resident<V>): void {
    resident.queue = this
    resident.older = this.#newest
    if (this.#newest) this.#newest.newer = resident
    else this.oldest = resident
    this.#newest = resident
    this.bytes += resident.bytes
  }

  remove(resident: Resident<V>): void {
    const { newer, older } = resident
    if (newer) newer.older = older
    else this.#newest = older
    if (older) older.newer = newer
    else this.oldest = newer
    resident.queue = resident.newer = resident.older = undefined
    this.bytes -= resident.bytes
  }

  /** Gives a member another size; its place stays. */
  resize(resident: Resident<V>, bytes: number): void {
    this.bytes += bytes - resident.bytes
    resident.bytes = bytes
  }
}
