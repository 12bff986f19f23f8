// When a cache will be full if it goes on being filled as it was. OPcache never gives memory back before it restarts:
// what is free only shrinks, by new files and by changed ones, whose old version stays as waste. So the rate of the past
// is the rate of deploys. The first minutes after a start do not count: the cache is being filled with what there is.
// Pure.
import type { Mark } from './history.ts'

export type Forecast =
  /** The readings say nothing yet. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** Nothing was added in the time that was looked at. */
  | { readonly kind: 'steady'; readonly overMs: number }
  | {
      readonly kind: 'full'
      readonly what: 'memory' | 'keys'
      /** From the last reading on. */
      readonly inMs: number
      readonly overMs: number
      /** Bytes or keys. */
      readonly perDay: number
      /** Bytes of the growth that are waste: old versions of changed files. */
      readonly wastedBytes: number
      /** How many times between two readings waste had grown: deploys, or groups of them. */
      readonly changes: number
    }

/** After a start, a cache is filled with what there is for so long. */
export const warmUpMs = 10 * 60_000

/** Readings must span as much, or a single deploy would look like a rate. */
export const spanMsMin = 30 * 60_000

const dayMs = 86_400_000

/** The forecast from a master's marks, in order of time. */
export function forecast(marks: readonly Mark[]): Forecast {
  const last = marks.at(-1)
  if (last === undefined) return { kind: 'unknown', why: 'no reading was kept yet' }
  const same = marks.filter(
    (mark) =>
      mark.emptyAt === last.emptyAt &&
      mark.totalBytes === last.totalBytes &&
      mark.atMs >= last.emptyAt * 1000 + warmUpMs,
  )
  const first = same[0]
  if (first === undefined) return { kind: 'unknown', why: 'the cache is being filled since its start' }
  const overMs = last.atMs - first.atMs
  if (overMs < spanMsMin) return { kind: 'unknown', why: `readings must span ${spanMsMin / 60_000} minutes` }
  const memory = { what: 'memory', grown: first.freeBytes - last.freeBytes, left: last.freeBytes } as const
  const keys = { what: 'keys', grown: last.keys - first.keys, left: last.keysMax - last.keys } as const
  const growing = [memory, keys].filter(({ grown }) => grown > 0)
  const soonest = growing.toSorted((a, b) => a.left / a.grown - b.left / b.grown)[0]
  if (soonest === undefined) return { kind: 'steady', overMs }
  return {
    kind: 'full',
    what: soonest.what,
    inMs: Math.max(0, (soonest.left / soonest.grown) * overMs),
    overMs,
    perDay: (soonest.grown / overMs) * dayMs,
    wastedBytes: Math.max(0, last.wastedBytes - first.wastedBytes),
    changes: same.filter((mark, i) => i > 0 && mark.wastedBytes > same[i - 1]!.wastedBytes).length,
  }
}
