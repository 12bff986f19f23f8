// The load generator of the throughput comparisons: wrk, one thread on the load's core, sending requests that were made
// beforehand (visitors.ts). wrk is closed-loop: each connection waits for its answer before it asks again.
//
// wrk does not treat 304 as free of content when it carries Content-Length (which RFC 9110 §8.6 allows) and waits for
// a body that never comes. A server must leave that field out of its 304s to be measured with it.
import { join } from 'node:path'

/** What one run of wrk saw. */
export interface WrkRun {
  readonly requests: number
  readonly seconds: number
  readonly bytes: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Connections refused or broken, requests that ran into the time limit, answers of 400 and above. */
  readonly errors: number
}

/** Writes the requests, and the Lua script that sends them in turn, into `folder`; returns the script's path. */
export async function writeScript(folder: string, requests: readonly string[]): Promise<string> {
  const list = join(folder, 'requests')
  const script = join(folder, 'visitors.lua')
  await Bun.write(list, requests.join('\0'))
  await Bun.write(script, luaOf(list))
  return script
}

/** Runs wrk against 127.0.0.1:`port` for `seconds`. */
export async function runWrk(
  port: number,
  script: string,
  connections: number,
  seconds: number,
  scheme: 'http' | 'https' = 'http',
): Promise<WrkRun> {
  const limits = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s']
  const wrk = Bun.spawn(['wrk', ...limits, '-s', script, `${scheme}://127.0.0.1:${port}`], { stderr: 'pipe' })
  const [output, complaint] = await Promise.all([wrk.stdout.text(), wrk.stderr.text(), wrk.exited])
  const line = output.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk printed no result: ${complaint || output}`)
  return JSON.parse(line) as WrkRun
}

function luaOf(list: string): string {
  return `local requests, count, at = {}, 0, 0

function init()
  local file = assert(io.open(${JSON.stringify(list)}, 'rb'))
  for request in file:read('*a'):gmatch('[^%z]+') do
    count = count + 1
    requests[count] = request
  end
  file:close()
end

function request()
  at = at % count + 1
  return requests[at]
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    '{"requests":%d,"seconds":%.6f,"bytes":%d,"p50Ms":%.3f,"p99Ms":%.3f,"errors":%d}',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.timeout + e.status))
end
`
}
