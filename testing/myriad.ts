// Myriad itself, as its users run it: a child process of `bin/myriad serve`. `MYRIAD_BIN` names another executable to
// test instead, such as the one that `bun build --compile` made.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild, untilListening } from './child.ts'
import { freePort } from './free-port.ts'

const executable = process.env['MYRIAD_BIN'] ?? join(import.meta.dir, '../bin/myriad')

/** What a test may say to `serve`. */
export interface ServeOptions {
  /** The origin, such as `http://127.0.0.1:9000`; absent when the configuration names it. */
  readonly target?: string
  /** A configuration, handed over as a JSON file. */
  readonly config?: unknown
  /** The path of a configuration file that exists. */
  readonly configFile?: string
}

/** A running Myriad. */
export interface Myriad extends Child {
  readonly port: number
  readonly url: string
}

/** Starts Myriad on a free loopback port and waits until it listens. */
export async function startMyriad(options: ServeOptions): Promise<Myriad> {
  const port = await freePort()
  const command = [executable, 'serve']
  if (options.target) command.push(options.target)
  command.push('--listen', `127.0.0.1:${port}`, '--console', 'off')
  let folder: string | undefined
  if (options.config !== undefined) {
    folder = mkdtempSync(join(tmpdir(), 'myriad-test-'))
    const file = join(folder, 'myriad.config.json')
    writeFileSync(file, JSON.stringify(options.config))
    command.push('--config', file)
  } else if (options.configFile) command.push('--config', options.configFile)
  const child = startChild(command)
  const forget = () => folder && rmSync(folder, { recursive: true, force: true })
  void child.exited.then(forget)
  try {
    await untilListening(port, child)
  } catch (error) {
    await child.stop()
    throw error
  }
  return { ...child, port, url: `http://127.0.0.1:${port}` }
}
