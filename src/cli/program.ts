// How this program is started.
import { existsSync } from 'node:fs'

/**
 * The words that start it: by the command that started this process, which leads to another version after an upgrade; else
 * as this process runs.
 */
export function program(): readonly string[] {
  const command = process.env['MYRIAD_COMMAND']
  if (command !== undefined && existsSync(command)) return [command]
  return Bun.main.includes('$bunfs') ? [process.execPath] : [process.execPath, Bun.main]
}
