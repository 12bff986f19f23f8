// Reloads under load that change routes, services, limits and the memory budget, and add and remove a listener: no request
// fails, each configuration is in force when the reload is done, and what is under way on a listener that goes ends as
// it began.
import { realClock } from '../../src/base/clock.ts'
import type { Config } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { patienceMs } from './load/http1-visitors.ts'
import { Rig } from './rig.ts'
import { type Outcome, outcomeOfLoad, type Trial } from './trial.ts'

export const reloads: Trial = {
  name: 'reloads',
  sentence: 'reloads by SIGHUP, by command and by a changed file, under 64 connections of all protocols',
  times: 100,
  async run(bench, times) {
    await using rig = await Rig.start(bench, 4, configOf(0, 0))
    const startMs = realClock.monotonicMs()
    const load = rig.load()
    const problems: string[] = []
    const tookMs: number[] = []
    for (let n = 1; n <= times; n++) {
      // What is asked on the listener that comes and goes is under way while it does.
      const underWay = hasListener(n - 1) ? askSlowly(rig.sparePort) : undefined
      await underWay?.asked
      tookMs.push(await reload(rig, n))
      problems.push(...(await notInForce(rig, n)))
      const lost = await underWay?.problem
      if (lost !== undefined) problems.push(`reload ${n}: what was under way on the listener: ${lost}`)
      if (n % 10 === 0) bench.progress(`${n} reloads, ${load.judge.failures.length} failures`)
    }
    const judge = await load.stop()
    return outcomeOf(outcomeOfLoad(judge, startMs), problems, tookMs)
  },
}

function outcomeOf(load: Outcome, problems: readonly string[], tookMs: readonly number[]): Outcome {
  return {
    findings: [
      ...load.findings,
      { subject: 'reloads', unit: 'reloads', value: tookMs.length },
      { subject: 'not in force', unit: 'problems', value: problems.length, bar: { is: 'at most', value: 0 } },
      { subject: 'the longest reload', unit: 'ms', value: Math.max(...tookMs) },
    ],
    failures: [...problems, ...load.failures],
  }
}

const hasListener = (n: number): boolean => n % 4 === 1 || n % 4 === 2

/** The n-th configuration: each differs from the one before it in most of what may change. */
function configOf(n: number, sparePort: number): Config {
  const services = ['site', 'other']
  return {
    listen: hasListener(n) ? [`127.0.0.1:${sparePort}`] : [],
    routes: [
      { path: '/which', service: services[n % 2] },
      ...(n % 3 === 0 ? [{ path: '/extra/*', service: 'other', cache: { ttl: '60s' } }] : []),
      { path: '/*', service: 'site' },
    ],
    limits: { bodyBytes: `${8 + (n % 5)}MB`, fieldLines: 100 + (n % 7) },
    edge: { idleTime: `${60 + (n % 9)}s` },
    tiers: { memory: `${64 + 32 * (n % 2)}MB` },
  }
}

/** Has the n-th configuration served, in one of three ways; returns how long it took. */
async function reload(rig: Rig, n: number): Promise<number> {
  const done = 'the configuration was read anew'
  const before = rig.count(done)
  const startMs = realClock.monotonicMs()
  rig.configure(configOf(n, rig.sparePort))
  const way = n % 3
  if (way === 1) rig.signal('SIGHUP')
  if (way === 2) await rig.command('reload')
  else await rig.untilCount(done, before + 1)
  const tookMs = realClock.monotonicMs() - startMs
  // The file has changed, too: that is told once more where it was not waited for.
  if (way !== 0) await rig.untilCount(done, before + (way === 1 ? 2 : 1))
  return tookMs
}

/** What of the n-th configuration is not served; several connections, since each may go to another process. */
async function notInForce(rig: Rig, n: number): Promise<string[]> {
  const asked = Array.from({ length: 8 }, async () => {
    const service = await textOf(rig.clearPort, '/which')
    return service === ['site', 'other'][n % 2] ? [] : [`reload ${n}: /which is answered by ${service}`]
  })
  const spare = (await textOf(rig.sparePort, '/which')) !== undefined
  const listens =
    spare === hasListener(n) ? [] : [`reload ${n}: the listener ${spare ? 'is still' : 'is not'} there`]
  return [...(await Promise.all(asked)).flat(), ...listens]
}

/** What a path is answered with, on a new connection; undefined when nobody answers. */
async function textOf(port: number, path: string): Promise<string | undefined> {
  try {
    const client = await RawClient.connect(port)
    void client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const text = (await client.response()).text()
    client.destroy()
    return text
  } catch {
    return undefined
  }
}

/** Asks for what takes longer than a reload; `problem` tells what became of it. */
function askSlowly(port: number): { asked: Promise<void>; problem: Promise<string | undefined> } {
  const path = '/slow/50000/600/9'
  const opening = RawClient.connect(port)
  const asked = opening.then((client) => client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`))
  const problem = async (): Promise<string | undefined> => {
    try {
      const client = await opening
      const { status, body, end } = await client.response('GET', patienceMs)
      client.destroy()
      return status === 200 && body.length === 50_000 && end !== 'cut' ? undefined : `${status}, ${end}`
    } catch (error) {
      return String(error)
    }
  }
  return { asked, problem: problem() }
}
