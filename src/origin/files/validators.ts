// The validators of a file (RFC 9110 §8.8), from what the file system says of it.
//
// The entity tag is strong: it is made of the size, of the time of the last change of the inode and of its number. Not
// of the modification time, which tools set to what they like: files that package managers and reproducible builds
// write all carry the same one. A file that has just been written has no validators at all: it may be written once more
// within what the file system's clock can tell apart, and nobody could see that from here.
import type { Stats } from 'node:fs'

/** Two seconds: as coarse as the clocks of file systems are, and what clocks in a network differ by. */
const YOUNG_MS = 2000

/** What a file's version is told by. */
export interface FileValidators {
  readonly etag: string
  /** In whole seconds; undefined when it lies in the future, which RFC 9110 §8.8.2.1 forbids to tell. */
  readonly lastModifiedMs: number | undefined
}

/** Whether a file was written so lately that it may be written again without a trace. */
export function isYoung(stat: Stats, nowMs: number): boolean {
  return Math.abs(nowMs - stat.ctimeMs) < YOUNG_MS
}

/** The validators of a file; undefined while it is young. */
export function fileValidators(stat: Stats, nowMs: number): FileValidators | undefined {
  if (isYoung(stat, nowMs)) return undefined
  const lastModifiedMs = Math.floor(stat.mtimeMs / 1000) * 1000
  // Microseconds: what a number still tells apart.
  const changed = Math.round(stat.ctimeMs * 1000).toString(36)
  return {
    etag: `"${stat.size.toString(36)}-${changed}-${stat.ino.toString(36)}"`,
    lastModifiedMs: lastModifiedMs > nowMs ? undefined : lastModifiedMs,
  }
}

/** Whether two looks at a file saw the same content. */
export function isSameVersion(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.ctimeMs === b.ctimeMs
}
