// Keeps the process below a limit of resident memory, before the kernel ends it: first the memory tier gives some of its
// budget back, then nobody new is let in. The budget counts what is stored; the guard looks at what the process really
// takes, connections, requests in flight and garbage included.
//
// A state machine without I/O: it is told the resident memory four times a second. Between each threshold and the one that undoes
// it lies a gap, so that it does not swing; and after shedding it waits for a few looks, since the system gets memory back
// with a delay, and what has been shed must not be shed twice.

/** Shares of the limit. */
const shedAbove = 0.85
const shedTo = 0.75
const growBelow = 0.7
const refuseAbove = 0.95
const admitBelow = 0.88

/** Looks for which nothing more is shed. */
const LOOKS_TO_WAIT = 3
/** The least part of the budget that is shed at once, and what comes back with each look. */
const shedShareMin = 0.1
const growShare = 0.005

/** What is to be done. */
export interface MemoryVerdict {
  /** What the memory tier may take for now. */
  readonly budgetBytes: number
  /** Nobody new is to be let in. */
  readonly isShort: boolean
}

/** Decides from look to look. */
export class MemoryGuard {
  readonly #fullBytes: number
  #budgetBytes: number
  #isShort = false
  #waits = 0

  constructor(
    readonly limitBytes: number,
    /** The memory tier's whole budget. */
    fullBytes: number,
  ) {
    this.#fullBytes = fullBytes
    this.#budgetBytes = fullBytes
  }

  /** `storedBytes`: what the memory tier takes of its budget. */
  look(residentBytes: number, storedBytes: number): MemoryVerdict {
    const share = residentBytes / this.limitBytes
    if (this.#waits > 0) this.#waits--
    if (share > shedAbove) {
      if (this.#waits === 0) this.#shed(residentBytes, storedBytes)
    } else if (share < growBelow)
      this.#budgetBytes = Math.min(this.#fullBytes, this.#budgetBytes + this.#fullBytes * growShare)
    this.#isShort = share > (this.#isShort ? admitBelow : refuseAbove)
    return { budgetBytes: this.#budgetBytes, isShort: this.#isShort }
  }

  #shed(residentBytes: number, storedBytes: number): void {
    const excess = residentBytes - this.limitBytes * shedTo
    const bytes = Math.max(excess, this.#fullBytes * shedShareMin)
    this.#budgetBytes = Math.max(0, Math.min(this.#budgetBytes, storedBytes) - bytes)
    this.#waits = LOOKS_TO_WAIT + 1
  }
}
