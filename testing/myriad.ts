// Myriad itself, as its users run it: a child process of `bin/myriad serve`. `MYRIAD_BIN` names another executable to
// test instead, such as the one that `bun build --compile` made.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { within } from './within.ts'

/** The command that the tests run. */
export const executable = process.env['MYRIAD_BIN'] ?? join(import.meta.dir, '../bin/myriad')

/** A running Myriad. */
export interface Myriad extends Child {
  readonly port: number
  readonly url: string
}

/** A configuration; where it has no `services`, the target is its only one, `site`. */
export type Config = Readonly<Record<string, unknown>>

/** A configuration whose every path is cached with these settings. */
export function cached(cache: Config, more: Config = {}): Config {
  return { ...more, routes: [{ path: '/*', service: 'site', cache }] }
}

/** Starts Myriad on a free loopback port, in front of a URL or with a folder, and waits until it serves. */
export async function startMyriad(
  target: string,
  config?: Config,
  env: Record<string, string> = {},
): Promise<Myriad> {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-test-'))
  const command = [executable, 'serve']
  if (config) {
    const file = join(folder, 'myriad.config.json')
    writeFileSync(file, JSON.stringify({ services: { site: { origin: target } }, ...config }))
    command.push('--config', file)
  } else command.push(target)
  // One process, where a test does not ask for more: all that it sees was then done by one.
  if (config?.['processes'] === undefined) command.push('--processes', '1')
  command.push('--listen', '127.0.0.1:0', '--console', 'off')
  const child = startChild(command, env)
  void child.exited.then(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const serves = child.prints(/http:\/\/127\.0\.0\.1:(\d+) serves /)
    const [, digits] = await within(10_000, 'Myriad to serve', serves)
    const port = Number(digits)
    return { ...child, port, url: `http://127.0.0.1:${port}` }
  } catch (error) {
    await child.stop()
    throw error
  }
}
