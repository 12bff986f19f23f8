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
  /** All addresses, in the order in which they were asked for. */
  readonly urls: readonly string[]
}

/** A configuration; where it has no `services`, the target is its only one, `site`. */
export type Config = Readonly<Record<string, unknown>>

/** A configuration whose every path is cached with these settings. */
export function cached(cache: Config, more: Config = {}): Config {
  return { ...more, routes: [{ path: '/*', service: 'site', cache }] }
}

/**
 * Starts Myriad on a free loopback port, or on the addresses of `listen`, in front of a URL or with a folder, and waits
 * until it serves.
 */
export async function startMyriad(
  target: string,
  config?: Config,
  env: Record<string, string> = {},
  listen: readonly string[] = ['127.0.0.1:0'],
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
  for (const address of listen) command.push('--listen', address)
  command.push('--console', 'off')
  // What is kept between starts is kept in the test's folder.
  const child = startChild(command, { XDG_STATE_HOME: folder, ...env })
  void child.exited.then(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const line = String.raw`(https?://127\.0\.0\.1:(\d+)) serves .*\n`
    const serves = child.prints(new RegExp(line.repeat(listen.length)))
    const found = await within(10_000, 'Myriad to serve', serves)
    const urls = listen.map((_, i) => found[1 + 2 * i]!)
    return { ...child, port: Number(found[2]), url: urls[0]!, urls }
  } catch (error) {
    await child.stop()
    throw error
  }
}
