// A lock for one process among several, also of several machines that share a folder: a file that its holder rewrites
// again and again. Whoever sees it unchanged for a while takes it. Nobody's wall clock is compared with another's; each
// measures the silence by its own. Should two hold it after all, two certificates are ordered where one would have done,
// and nothing else is wrong.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Clock, Timer, Timers } from '../../base/clock.ts'

/** How often the holder shows that it lives. */
const BEAT_MS = 5_000
/** After so much silence it is taken to be dead. */
const SILENCE_MS = 30_000

/** The right to act, while it lasts. */
export class Lease {
  readonly #path: string
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #random: () => string
  #seen: { readonly text: string; readonly sinceMs: number } | undefined
  #held: { text: string; readonly beat: Timer } | undefined

  constructor(path: string, deps: { clock: Clock; timers: Timers; random: () => string }) {
    this.#path = path
    this.#clock = deps.clock
    this.#timers = deps.timers
    this.#random = deps.random
  }

  /** Takes it if it is free, or its holder has been silent for long. */
  take(): boolean {
    if (this.#held !== undefined) return true
    const found = this.#read()
    if (found !== undefined && !this.#isSilent(found)) return false
    if (found !== undefined && !this.#remove(found)) return false
    const text = this.#random()
    if (!this.#create(text)) return false
    this.#seen = undefined
    this.#held = { text, beat: this.#timers.every(BEAT_MS, () => this.#beat()) }
    return true
  }

  /** Gives it back. */
  release(): void {
    const held = this.#held
    if (held === undefined) return
    held.beat.cancel()
    this.#held = undefined
    try {
      if (this.#read() === held.text) rmSync(this.#path, { force: true })
    } catch {
      // The folder is out of reach. Silence gives it back, too.
    }
  }

  /** Writes something new, unless another has taken it meanwhile. */
  #beat(): void {
    const held = this.#held
    if (held === undefined) return
    const text = this.#random()
    const beside = `${this.#path}.${text}`
    try {
      if (this.#read() !== held.text) return
      writeFileSync(beside, text, { mode: 0o600 })
      renameSync(beside, this.#path)
      held.text = text
    } catch {
      // The disk is full, or the folder out of reach: to the others this is silence, as it should be.
      rmSync(beside, { force: true })
    }
  }

  #isSilent(text: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (this.#seen?.text !== text) this.#seen = { text, sinceMs: nowMs }
    return nowMs - this.#seen.sinceMs >= SILENCE_MS
  }

  /** Takes the dead holder's file away, and gives back what turns out to be another's. */
  #remove(dead: string): boolean {
    const aside = `${this.#path}.${this.#random()}`
    try {
      renameSync(this.#path, aside)
      const taken = readFileSync(aside, 'utf8')
      if (taken !== dead) linkSync(aside, this.#path)
      return taken === dead
    } catch (error) {
      if (isExpected(error)) return false
      throw error
    } finally {
      rmSync(aside, { force: true })
    }
  }

  /** A link is made by one of those who try at once. */
  #create(text: string): boolean {
    const beside = `${this.#path}.${text}`
    try {
      writeFileSync(beside, text, { mode: 0o600 })
      linkSync(beside, this.#path)
      return true
    } catch (error) {
      if (isExpected(error)) return false
      throw error
    } finally {
      rmSync(beside, { force: true })
    }
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, 'utf8')
    } catch (error) {
      if (isExpected(error)) return undefined
      throw error
    }
  }
}

/** Somebody else was faster. */
function isExpected(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'ENOENT' || code === 'EEXIST'
}
