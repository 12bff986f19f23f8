// A first-in-first-out queue of residents, measured in bytes: a doubly linked list whose links are the residents' own
// fields, so that moving and removing allocate nothing and cost the same at any length.

/** Something that a memory tier holds, with what the eviction policy has to know about it. */
export class Resident {
  /** Hits since the policy last looked; saturates (`touch`). */
  uses = 0
  queue: Fifo<this> | undefined = undefined
  newer: this | undefined = undefined
  older: this | undefined = undefined

  constructor(
    readonly key: string,
    public bytes: number,
  ) {}
}

/** The queue; `bytes` is the sum over its members. A resident is in one queue at most. */
export class Fifo<R extends Resident> {
  bytes = 0
  oldest: R | undefined = undefined
  #newest: R | undefined = undefined

  push(resident: R): void {
    resident.queue = this
    resident.older = this.#newest
    if (this.#newest) this.#newest.newer = resident
    else this.oldest = resident
    this.#newest = resident
    this.bytes += resident.bytes
  }

  remove(resident: R): void {
    const { newer, older } = resident
    if (newer) newer.older = older
    else this.#newest = older
    if (older) older.newer = newer
    else this.oldest = newer
    resident.queue = resident.newer = resident.older = undefined
    this.bytes -= resident.bytes
  }

  /** Gives a member another size; its place stays. */
  resize(resident: R, bytes: number): void {
    this.bytes += bytes - resident.bytes
    resident.bytes = bytes
  }
}
