// When a log file is put aside, what it is then called, and which of those that were are compressed or removed. Pure.

/** When, and how many are kept. */
export interface RotationSettings {
  readonly rotateSize: number | undefined
  readonly rotateTime: number | undefined
  readonly keep: number
  readonly gzip: boolean
}

/** A file as it was found. */
export interface FileState {
  readonly size: number
  /** When it was last written to. */
  readonly mtimeMs: number
}

/** Whether a file is put aside before the next line is written to it. An empty one never is. */
export function isDue(
  { size, mtimeMs }: FileState,
  nowMs: number,
  { rotateSize, rotateTime }: RotationSettings,
): boolean {
  if (size === 0) return false
  if (rotateSize !== undefined && size >= rotateSize) return true
  return rotateTime !== undefined && Math.floor(mtimeMs / rotateTime) < Math.floor(nowMs / rotateTime)
}

/** `access.log.20261128T040740123Z`: sorted by name is sorted by time. */
export function asideName(name: string, nowMs: number): string {
  return `${name}.${new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '')}`
}

/** The files that were put aside of a log, by what stands in its folder; the latest first. */
function asideOf(name: string, inFolder: readonly string[]): string[] {
  const stamps = inFolder
    .filter((other) => other.startsWith(`${name}.`))
    .map((other) => /^(\d{8}T\d{9}Z)(?:\.gz(?:\.part)?)?$/.exec(other.slice(name.length + 1))?.[1])
    .filter((stamp) => stamp !== undefined)
  return [...new Set(stamps)].toSorted().toReversed()
}

/** What is removed, in whatever form it stands there. */
export function surplus(name: string, inFolder: readonly string[], keep: number): string[] {
  const gone = new Set(asideOf(name, inFolder).slice(keep))
  return inFolder.filter((other) => gone.has(/^\.(\d{8}T\d{9}Z)/.exec(other.slice(name.length))?.[1] ?? ''))
}

/** What is compressed. Not the latest: a process that has not seen yet that it was put aside may write to it. */
export function compressible(name: string, inFolder: readonly string[]): string[] {
  return asideOf(name, inFolder)
    .slice(1)
    .map((stamp) => `${name}.${stamp}`)
    .filter((file) => inFolder.includes(file))
}
