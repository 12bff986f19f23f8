// Readings over time, from which it is told when a cache will be full. Bounded: when a master has too many, every second
// one of the older half goes, so that what is long ago is known more coarsely and never forgotten at once. Pure.
import type { OpcacheOn } from './reading.ts'

/** What is kept of a reading. */
export interface Mark {
  readonly atMs: number
  /** Seconds since the epoch: when this cache was last empty. Marks with another one say nothing about it. */
  readonly emptyAt: number
  readonly totalBytes: number
  readonly freeBytes: number
  readonly wastedBytes: number
  readonly keys: number
  readonly keysMax: number
}

/** The marks of each master, by its name, in order of time. */
export type History = Readonly<Record<string, readonly Mark[]>>

export const marksMax = 256
export const mastersMax = 64

/** Readings that follow each other more closely than this replace one another. */
export const markEveryMs = 60_000

/** What is kept of a reading. */
export function markOf(opcache: OpcacheOn, atMs: number): Mark {
  const { memory, settings, keys, keysMax } = opcache
  return {
    atMs,
    emptyAt: Math.max(opcache.startedAt, opcache.restartedAt),
    totalBytes: settings.memoryBytes,
    freeBytes: memory.freeBytes,
    wastedBytes: memory.wastedBytes,
    keys,
    keysMax,
  }
}

/** The history with one mark more. */
export function remember(history: History, master: string, mark: Mark): History {
  // A clock that was set back makes what seems to come later worthless.
  const before = (history[master] ?? []).filter(({ atMs }) => atMs < mark.atMs)
  const last = before.at(-1)
  const previous = before.at(-2)
  const isClose =
    last !== undefined &&
    previous !== undefined &&
    last.emptyAt === mark.emptyAt &&
    mark.atMs - previous.atMs < markEveryMs
  const marks = [...(isClose ? before.slice(0, -1) : before), mark]
  const kept = Object.entries(history).filter(([name]) => name !== master)
  const masters = kept.toSorted((a, b) => lastMs(b[1]) - lastMs(a[1])).slice(0, mastersMax - 1)
  return Object.fromEntries([...masters, [master, thinned(marks)] as const])
}

function lastMs(marks: readonly Mark[]): number {
  return marks.at(-1)?.atMs ?? 0
}

function thinned(marks: readonly Mark[]): readonly Mark[] {
  if (marks.length <= marksMax) return marks
  const half = marks.length >> 1
  return [...marks.slice(0, half).filter((_, i) => i % 2 === 0), ...marks.slice(half)]
}

/** Reads what was written before; undefined when it is not a history. */
export function readHistory(json: string): History | undefined {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    // Told to whoever asks as no history.
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const masters = Object.entries(value).slice(0, mastersMax)
  if (!masters.every(([, marks]) => Array.isArray(marks) && marks.length <= marksMax && marks.every(isMark)))
    return undefined
  return Object.fromEntries(masters) as History
}

const fields = ['atMs', 'emptyAt', 'totalBytes', 'freeBytes', 'wastedBytes', 'keys', 'keysMax'] as const

function isMark(value: unknown): value is Mark {
  return (
    typeof value === 'object' &&
    value !== null &&
    fields.every((field) => Number.isFinite((value as Readonly<Record<string, unknown>>)[field]))
  )
}
