// One request of the access log, as the formats read it. Texts are masked already, and as they came otherwise.
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'

/** What a line tells. */
export interface Entry {
  /** When the request had come, wall clock. */
  readonly timeMs: number
  readonly client: string
  readonly method: string
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly protocol: string
  readonly status: number
  readonly bytes: number
  readonly durationMs: number
  readonly whole: boolean
  readonly tier: Tier
  readonly reason: Reason
  readonly referer: string | undefined
  readonly userAgent: string | undefined
  readonly requestId: string | undefined
}

/** Writes an entry as one line, with its end; there is room for `lineBytesMax`. Returns the position after it. */
export type LineFormat = (entry: Entry, into: Buffer, at: number) => number
