// Tells when a configuration file has changed. Its folder is watched, since editors put a new file in the old one's place;
// and what was written is looked at when nothing more is, since they write in pieces.
import { readFileSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Timer, Timers } from '../base/clock.ts'
import { digest } from '../base/digest.ts'

/** How long nothing may have been written. */
const QUIET_MS = 200

/** Calls `changed` when the file's content is another one; returns how to stop. */
export function watchFile(file: string, timers: Timers, changed: () => void): () => void {
  const name = basename(file)
  let content = contentOf(file)
  let timer: Timer | undefined
  const look = (): void => {
    const now = contentOf(file)
    // One that is away for a moment is about to be replaced.
    if (now === undefined || now === content) return
    content = now
    changed()
  }
  const watcher = watch(dirname(file), (_, which) => {
    if (which !== null && which !== name) return
    timer?.cancel()
    timer = timers.after(QUIET_MS, look)
  })
  return () => {
    timer?.cancel()
    watcher.close()
  }
}

function contentOf(file: string): string | undefined {
  try {
    return digest(readFileSync(file, 'utf8'))
  } catch {
    // It cannot be read now: whoever reads the configuration says why.
    return undefined
  }
}
