// The load generator of the comparisons over TLS: h2load (nghttp2), one thread on the load's core. Closed-loop, as wrk; over
// HTTP/2 each connection has several requests under way.
import { join } from 'node:path'
import type { WrkRun } from './wrk.ts'

/** How h2load asks. */
export interface H2Load {
  readonly protocol: 'h2' | 'http/1.1'
  readonly connections: number
  /** Requests that each connection has under way at once; 1 for HTTP/1.1. */
  readonly streams: number
  /** Lines of header fields that every request carries. */
  readonly fields: readonly string[]
}

/** Writes the paths that are asked for, one after the other; returns the list's file. */
export async function writePaths(folder: string, paths: readonly string[]): Promise<string> {
  const list = join(folder, 'paths')
  await Bun.write(list, paths.map((path) => `https://127.0.0.1${path}\n`).join(''))
  return list
}

/** Runs h2load against https://127.0.0.1:`port` for `seconds`. */
export async function runH2Load(
  port: number,
  list: string,
  load: H2Load,
  seconds: number,
): Promise<Pick<WrkRun, 'requests' | 'seconds' | 'errors'>> {
  const { protocol, connections, streams, fields } = load
  const command = ['h2load', '-t', '1', '-c', String(connections), '-m', String(streams)]
  command.push('-D', String(seconds), '-B', `https://127.0.0.1:${port}`, '-i', list)
  if (protocol === 'http/1.1') command.push('--h1')
  for (const line of fields) command.push('-H', line)
  const child = Bun.spawn(command, { stderr: 'pipe' })
  const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const finished =
    /requests: \d+ total, \d+ started, (\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored/.exec(output)
  const codes = /status codes: (\d+) 2xx, (\d+) 3xx/.exec(output)
  if (finished === null || codes === null) throw new Error(`h2load printed no result: ${complaint || output}`)
  const requests = Number(codes[1]) + Number(codes[2])
  return {
    requests,
    seconds,
    errors: Number(finished[1]) - requests + Number(finished[2]) + Number(finished[3]),
  }
}
