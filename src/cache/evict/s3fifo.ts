// S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, §4), by bytes. Newcomers enter a
// small queue; those that are asked for again there are promoted to the main queue, the others leave early and are
// remembered by the ghost; a key that the ghost remembers enters the main queue at once. In the main queue an object
// that was used goes round again.
//
// A hit moves nothing: it raises a counter (`touch`). A state machine without I/O: it says which residents have to
// leave, and the store lets them go.
//
// Differs from the paper: sizes are bytes instead of counts, and a promoted object starts the main queue with its
// counter at 0 (it has had its reward).
import { Fifo, type Resident } from './fifo.ts'
import { Ghost } from './ghost.ts'

/** Where the counter of uses stops (§4.1: two bits). */
const usesMax = 3

/** Uses within the small queue from which a resident is promoted (§4.1: more than one). */
const usesToPromote = 2

/** The small queue's part of the budget (§4.2). */
const smallShare = 0.1

/** The part of the budget that one object may take: a larger one would drive out too many others. */
const objectShareMax = 1 / 8

/** What became of an object that was to enter or to grow. */
export type Admission<R extends Resident> =
  | { readonly kind: 'admitted'; readonly victims: readonly R[] }
  /** Larger than `objectBytesMax`; nothing has changed. */
  | { readonly kind: 'refused' }

const refused = { kind: 'refused' } as const

/** Records a hit. On the hit path of every request: one comparison, one addition. */
export function touch(resident: Resident): void {
  if (resident.uses < usesMax) resident.uses++
}

/** Decides who stays within `budgetBytes`. */
export class S3Fifo<R extends Resident> {
  #budgetBytes: number
  #smallBytesMax: number
  readonly #small = new Fifo<R>()
  readonly #main = new Fifo<R>()
  #ghost: Ghost

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
    this.#smallBytesMax = budgetBytes * smallShare
    this.#ghost = new Ghost(budgetBytes - this.#smallBytesMax)
  }

  /** The largest object that is taken in. */
  get objectBytesMax(): number {
    return Math.floor(this.#budgetBytes * objectShareMax)
  }

  /** Gives it another budget; returns who has to leave for that. The ghost stays as large as it is. */
  limit(budgetBytes: number): readonly R[] {
    this.#budgetBytes = budgetBytes
    this.#smallBytesMax = budgetBytes * smallShare
    return this.#makeRoom(0)
  }

  /** As `limit`, for good: the ghost is made anew, and which keys left before is forgotten. */
  setBudget(budgetBytes: number): readonly R[] {
    this.#ghost = new Ghost(budgetBytes * (1 - smallShare))
    return this.limit(budgetBytes)
  }

  /** The sum over all residents; never above the budget. */
  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  /** The memory that the policy itself takes, whatever it holds. */
  get tableBytes(): number {
    return this.#ghost.tableBytes
  }

  /** Takes in a resident that is in no queue. The victims have left already and are in no queue any more. */
  admit(resident: R): Admission<R> {
    if (resident.bytes > this.objectBytesMax) return refused
    const victims = this.#makeRoom(resident.bytes)
    const queue = this.#ghost.take(resident.key) ? this.#main : this.#small
    queue.push(resident)
    return { kind: 'admitted', victims }
  }

  /**
   * Gives a resident another size. It is never its own victim: one that needs others to leave starts its queue anew.
   */
  resize(resident: R, bytes: number): Admission<R> {
    if (bytes > this.objectBytesMax) return refused
    const queue = resident.queue!
    if (this.bytes - resident.bytes + bytes <= this.#budgetBytes) {
      queue.resize(resident, bytes)
      return { kind: 'admitted', victims: [] }
    }
    queue.remove(resident)
    resident.bytes = bytes
    const victims = this.#makeRoom(bytes)
    queue.push(resident)
    return { kind: 'admitted', victims }
  }

  /** Lets go of a resident that leaves for another reason than room; the ghost does not remember it. */
  remove(resident: R): void {
    resident.queue!.remove(resident)
  }

  #makeRoom(bytes: number): R[] {
    const victims: R[] = []
    while (this.bytes + bytes > this.#budgetBytes) {
      const fromSmall = this.#small.bytes > this.#smallBytesMax || !this.#main.oldest
      const victim = fromSmall ? this.#leaveSmall(this.#small.oldest!) : this.#leaveMain(this.#main.oldest!)
      if (victim) victims.push(victim)
    }
    return victims
  }

  /** The oldest of the small queue is promoted or leaves. */
  #leaveSmall(resident: R): R | undefined {
    this.#small.remove(resident)
    if (resident.uses >= usesToPromote) {
      resident.uses = 0
      this.#main.push(resident)
      return undefined
    }
    this.#ghost.add(resident.key, resident.bytes)
    return resident
  }

  /** The oldest of the main queue goes round again, once for each use, or leaves. */
  #leaveMain(resident: R): R | undefined {
    this.#main.remove(resident)
    if (resident.uses === 0) return resident
    resident.uses--
    this.#main.push(resident)
    return undefined
  }
}
