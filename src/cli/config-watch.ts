// Tells when a configuration file has changed. It is looked at by the clock and not by events: these come for its whole
// folder, which may be the site's own, where applications write all the time; and links to folders give none.
import { readFileSync, statSync } from 'node:fs'
import type { Timers } from '../base/clock.ts'
import { digest } from '../base/digest.ts'

/** How often it is looked at; so long nothing may have been written, since editors write in pieces. */
const LOOK_MS = 200

/** Calls `changed` when the file's content is another one; returns how to stop. */
export function watchFile(file: string, timers: Timers, changed: () => void): () => void {
  let content = contentOf(file)
  let read = markOf(file)
  let seen = read
  const timer = timers.every(LOOK_MS, () => {
    const mark = markOf(file)
    const isQuiet = mark === seen
    seen = mark
    // One that is away for a moment is about to be replaced.
    if (!isQuiet || mark === read || mark === undefined) return
    read = mark
    const now = contentOf(file)
    if (now === undefined || now === content) return
    content = now
    changed()
  })
  return () => timer.cancel()
}

/** Another one when the file has been written, or another has taken its place; undefined: there is none. */
function markOf(file: string): string | undefined {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch {
    return undefined // Whoever reads the configuration says why.
  }
}

function contentOf(file: string): string | undefined {
  try {
    return digest(readFileSync(file, 'utf8'))
  } catch {
    return undefined // As above.
  }
}
