// Durations and sizes as owners write them ('10s', '128MB'), in both directions.

const durationUnitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const sizeUnits = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 } as const

/** Milliseconds of '250ms', '10s', '1.5h', '7d' or a number of seconds; undefined when it is none of these. */
export function parseDurationMs(value: unknown): number | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) && value >= 0 ? Math.round(value * 1000) : undefined
  const match =
    typeof value === 'string' ? /^(\d{1,15}(?:\.\d{1,9})?) ?(ms|s|m|h|d)$/.exec(value.trim()) : null
  if (match === null) return undefined
  return Math.round(Number(match[1]) * durationUnitsMs[match[2] as keyof typeof durationUnitsMs])
}

/** Bytes of '512B', '8KB', '128MB', '1.5GB' or a number of bytes; undefined when it is none of these. */
export function parseBytes(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match =
    typeof value === 'string' ? /^(\d{1,15}(?:\.\d{1,9})?) ?([KMGT]?B)$/i.exec(value.trim()) : null
  if (match === null) return undefined
  return Math.round(Number(match[1]) * sizeUnits[match[2]!.toUpperCase() as keyof typeof sizeUnits])
}

/** The shortest exact way to write a duration. */
export function formatDuration(durationMs: number): string {
  return inUnits(durationMs, durationUnitsMs)
}

/** The shortest exact way to write a size. */
export function formatBytes(size: number): string {
  return inUnits(size, sizeUnits)
}

function inUnits(amount: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, unit]) => amount % unit === 0 && amount >= unit)
  const [name, unit] = fitting.at(-1) ?? Object.entries(units)[0]!
  return `${amount / unit}${name}`
}
