// Writing to standard output and standard error. Synchronous, so that what a command has said is complete when its
// process ends: streams over pipes may keep a rest back.
import { writeSync } from 'node:fs'

/** Writes all of a text; false when whoever read it has gone. */
export function writeText(descriptor: 1 | 2, text: string): boolean {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const { code } = error as { code?: string }
      // Gone readers are no failure: `myriad status | head -1`.
      if (code === 'EPIPE') return false
      // A pipe that somebody else has made non-blocking is full: its reader is slow.
      if (code !== 'EAGAIN') throw error
    }
  }
  return true
}
