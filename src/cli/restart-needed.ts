// What a reload does not take over: these parts of a configuration hold from the start of the process to its end.
import { isDeepStrictEqual } from 'node:util'
import type { Site } from '../config/site.ts'

/** The settings that differ from those that the process was started with and need it to be started anew, as they are called. */
export function restartNeeded(started: Site, next: Site): readonly string[] {
  const names: [name: string, of: (site: Site) => unknown][] = [
    ['log', ({ log }) => log],
    ['tls.acme', ({ acme }) => acme],
  ]
  return names.filter(([, of]) => !isDeepStrictEqual(of(started), of(next))).map(([name]) => name)
}
