// The error log: what happens while a site is served and is no request's answer. Each message has a time and a level; one
// that comes again and again is written a few times a minute, and then counted. Text of others in it is made harmless:
// a line that begins with a time is always one that Myriad began.
import type { Clock, Timer, Timers } from '../base/clock.ts'

/** From the gravest. `error`: a fault, or something is lost; `warning`: something ought to be looked at. */
export const levels = ['error', 'warning', 'notice'] as const

export type Level = (typeof levels)[number]

/** Takes a message, which may have several lines. */
export type Tell = (level: Level, text: string) => void

const PERIOD_MS = 60_000
/** Different messages that are counted in one period; more are not told apart. */
const MESSAGES_MAX = 512
const MESSAGE_CHARS_MAX = 16_384

/** What an error log is made of. */
export interface ErrorLogParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly level: Level
  /** How often a message is written in a minute. */
  readonly repeats: number
  /** Takes lines, complete with their ends. */
  write(lines: string): void
}

interface Count {
  readonly level: Level
  readonly text: string
  times: number
}

/** Writes messages. */
export class ErrorLog {
  readonly #parts: ErrorLogParts
  readonly #lowest: number
  readonly #counts = new Map<string, Count>()
  #period: Timer | undefined

  constructor(parts: ErrorLogParts) {
    this.#parts = parts
    this.#lowest = levels.indexOf(parts.level)
  }

  readonly tell: Tell = (level, text) => {
    if (levels.indexOf(level) > this.#lowest) return
    this.#period ??= this.#parts.timers.after(PERIOD_MS, () => this.#endPeriod())
    const key = this.#counts.size < MESSAGES_MAX ? kindOf(text) : ''
    let count = this.#counts.get(key)
    if (count === undefined) this.#counts.set(key, (count = { level, text, times: 0 }))
    if (++count.times <= this.#parts.repeats) this.#write(level, text)
  }

  /** Tells what has been counted alone. */
  close(): void {
    this.#period?.cancel()
    this.#endPeriod()
  }

  #endPeriod(): void {
    this.#period = undefined
    const { repeats } = this.#parts
    for (const { level, text, times } of this.#counts.values()) {
      const more = times - repeats
      if (more > 0) this.#write(level, `${more} times more within a minute: ${text}`)
    }
    this.#counts.clear()
  }

  #write(level: Level, text: string): void {
    const time = new Date(this.#parts.clock.nowMs()).toISOString()
    this.#parts.write(`${time} ${level}: ${harmless(text)}\n`)
  }
}

/** Messages that differ in numbers alone, or in ids, are of one kind. */
function kindOf(text: string): string {
  return text.slice(0, 256).replaceAll(/\b(?=\w*\d)\w+\b/g, '#')
}

/** Without control characters; further lines are set in, so that none looks like a message of its own. */
function harmless(text: string): string {
  return (
    text
      .slice(0, MESSAGE_CHARS_MAX)
      .trimEnd()
      .replaceAll(/\r?\n/g, '\n    ')
      // C0 without LF, DEL and C1, and what turns the direction of writing.
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, ' ')
  )
}
