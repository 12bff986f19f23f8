// A site that is served over HTTP/2 in clear text (RFC 9113 §3.3), in the test's own process: what stands behind is what
// `myriad serve` has, and any client that knows beforehand can ask.
import { existsSync, readFileSync } from 'node:fs'
import { perTurn, realClock, realTimers } from '../src/base/clock.ts'
import { ServedOrigins } from '../src/cli/served-origins.ts'
import { resolveSite } from '../src/config/resolve.ts'
import type { EdgeConnection } from '../src/edge/edge-connection.ts'
import { Http2Connection, type Http2Context } from '../src/edge/http2-connection.ts'
import { TrustedPeers } from '../src/edge/trust.ts'
import { Http2RequestReader } from '../src/http2/request-reader.ts'
import { listen } from '../src/net/network.ts'
import { Funnel } from '../src/observe/funnel.ts'
import { Engine } from '../src/request/engine.ts'
import type { KeyEntry } from '../src/request/key-entry.ts'
import type { RequestLog } from '../src/request/request-log.ts'
import { MemoryStore } from '../src/store/memory/memory.ts'
import type { Config } from './myriad.ts'

/** A site under its own address. */
export interface Http2Server {
  readonly port: number
  readonly urls: readonly string[]
  readonly connections: ReadonlySet<EdgeConnection>
  /** As a listener that drains: nothing more is begun, and what is under way ends. */
  drain(): void
  stop(): void
}

/** Serves an application at a URL. Throws when the configuration is wrong. */
export function startHttp2Server(target: string, config: Config = {}, log?: RequestLog): Http2Server {
  const resolved = resolveSite(
    { services: { site: { origin: target } }, ...config },
    {
      folder: '/',
      fileExists: existsSync,
      readFile: (path: string) => readFileSync(path),
      nowMs: () => realClock.nowMs(),
    },
  )
  if (resolved.kind === 'wrong') throw new Error(JSON.stringify(resolved.problems))
  const { site } = resolved
  const clock = perTurn(realClock)
  const recorder = new Funnel(realClock)
  const origins = new ServedOrigins({ clock, timers: realTimers, tell() {}, instance: 'test' })
  const store = new MemoryStore<KeyEntry>({ budgetBytes: site.tiers.memory, leave: (e) => engine.left(e) })
  const engine: Engine = new Engine({
    clock,
    recorder,
    store,
    instance: 'test',
    random: () => 'boundary',
    routes: site.routes,
    rules: site.rules,
    origins: origins.start(site, new Map()),
    objectBytesMax: store.valueBytesMax,
    mayPurge: () => true,
    isBanned: () => false,
    rates: undefined,
    countryOf: () => undefined,
  })
  const connections = new Set<EdgeConnection>()
  let draining = false
  const context: Http2Context = {
    engine,
    recorder,
    log,
    clock,
    settings: site.edge,
    trusted: new TrustedPeers(site.edge.trust),
    http2Reader: new Http2RequestReader(site.limits, 'http'),
    told: [],
    get draining() {
      return draining
    },
    closed: (connection) => void connections.delete(connection),
  }
  const faults: Error[] = []
  const listener = listen(
    { hostname: '127.0.0.1', port: 0 },
    {
      accept(socket) {
        const connection = new Http2Connection(socket, context)
        connections.add(connection)
        return connection
      },
      fault: (error) => faults.push(error),
    },
  )
  const sweep = realTimers.every(250, () => {
    for (const each of connections) each.sweep(clock.monotonicMs(), site.limits.headTime)
  })
  return {
    port: listener.port,
    urls: [`http://127.0.0.1:${listener.port}`],
    connections,
    drain() {
      draining = true
      for (const each of connections) each.drain()
    },
    stop() {
      sweep.cancel()
      listener.stop()
      for (const each of connections) each.cut()
      origins.close()
      if (faults.length > 0) throw new AggregateError(faults, 'faults while connections were served')
    },
  }
}
