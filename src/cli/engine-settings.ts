// Settings of the JavaScript engine and its memory, in a one-file executable. They are those that bin/myriad gives by the
// environment, and are read before the first line of any program runs: where one is missing, the process becomes itself
// once more, with it. It stays the same process, so that whoever started it notices nothing.
import { becomeAnew } from '../net/become-anew.ts'
import { handedOver } from '../supervisor/inherited-sockets.ts'

/** By name; `tools/release.ts` takes them out of bin/myriad when it builds. */
declare const ENGINE_SETTINGS: Readonly<Record<string, string>>

/** Does not return where a setting is missing. */
export function applyEngineSettings(): void {
  const missing = Object.entries(ENGINE_SETTINGS).filter(([name]) => process.env[name] === undefined)
  if (missing.length === 0) return
  const environment = { ...process.env, ...Object.fromEntries(missing) }
  const words = [process.execPath, ...process.argv.slice(2)]
  // The runtime's own call closes all descriptors, those of a service manager too.
  const kept = handedOver(process.env, process.pid).map(({ descriptor }) => descriptor)
  if (kept.length > 0) becomeAnew(words, environment, kept)
  process.execve!(process.execPath, words, environment)
}
