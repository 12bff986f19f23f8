// Where readings are kept between two calls: one small file in the state folder of this user. It holds figures and the
// names of masters, and is written whole, so that who reads it never sees half of it.
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { readHistory, type History } from './history.ts'

/** The file of this user. */
export function historyPath(): string {
  const state = process.env['XDG_STATE_HOME']
  if (state) return join(state, 'myriad', 'php-history.json')
  if (userInfo().uid === 0) return '/var/lib/myriad/php-history.json'
  return join(homedir(), '.local', 'state', 'myriad', 'php-history.json')
}

/** What was kept; nothing when there is no such file or it is not a history. */
export function loadHistory(path: string): History {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return {}
  return readHistory(readFileSync(path, 'utf8')) ?? {}
}

/** Keeps it; returns why that was not possible, or undefined. */
export function keepHistory(path: string, history: History): string | undefined {
  const next = `${path}.${process.pid}`
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(next, JSON.stringify(history), { mode: 0o600 })
    renameSync(next, path)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
