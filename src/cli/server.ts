// Starts what a Site describes: store, origins, engine and listeners, wired with the real clock and I/O; and puts another
// Site in its place while it is served.
import { randomBytes } from 'node:crypto'
import type { PurgeAsked, PurgeOutcome } from '../admin/purge.ts'
import { perTurn } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import { PurgePeers } from '../edge/purge-peers.ts'
import { requestForUrl } from '../http/plain-request.ts'
import { Funnel } from '../observe/funnel.ts'
import { Engine, type EngineConfig } from '../request/engine.ts'
import type { KeyEntry } from '../request/key-entry.ts'
import type { Drop, Siblings } from '../request/siblings.ts'
import type { Figures } from '../supervisor/order.ts'
import { Listeners } from './listeners.ts'
import type { OriginDeps } from './origins.ts'
import { ServedOrigins } from './served-origins.ts'
import { MemoryStore } from '../store/memory/memory.ts'

/** What a site needs beside its configuration. */
export interface SiteParts extends Pick<OriginDeps, 'php'> {
  /** Sockets that listen already, by the place of their address in `site.listen`. */
  readonly descriptors?: ReadonlyMap<number, number>
}

/** What a server needs of the machine. */
export interface ServerDeps extends SiteParts, Pick<OriginDeps, 'clock' | 'timers' | 'err'> {
  /** Tells this Myriad, with all its processes, from others; undefined: it is one process. */
  readonly instance?: string
  /** Its other processes. */
  readonly siblings?: Siblings
}

/** A site that is being served. */
export interface RunningServer {
  /** Where it listens, as URLs, with the ports that the system chose. */
  readonly addresses: readonly string[]
  figures(): Figures
  /** Empties the cache, here and in its siblings; done when it returns or resolves. */
  purge(asked: PurgeAsked): Promise<PurgeOutcome>
  /** Drops it in this process alone; returns how many stored responses are gone. */
  drop(drop: Drop): number
  /**
   * Serves another site from now on; requests under way end as they began. Throws a ListenError; then nothing has
   * changed.
   */
  reload(site: Site, parts: SiteParts): void
  /**
   * Takes no more requests and resolves when those in progress are done, or `edge.drainTime` is over. Connections without
   * a request are closed after `graceMs`.
   */
  drain(graceMs?: number): Promise<void>
}

const none: ReadonlyMap<number, number> = new Map()

/** Starts a site; throws a ListenError. */
export function startServer(first: Site, deps: ServerDeps): RunningServer {
  const { timers, err } = deps
  let site = first
  const clock = perTurn(deps.clock)
  // Latencies are measured within a turn, too.
  const funnel = new Funnel(deps.clock)
  const store = new MemoryStore<KeyEntry>({
    budgetBytes: site.tiers.memory,
    leave: (entry) => engine.left(entry),
  })
  const instance = deps.instance ?? randomBytes(6).toString('hex')
  const origins = new ServedOrigins({ clock, timers, err, instance })
  const configOf = (next: Site, php: SiteParts['php']): EngineConfig => {
    const purgers = new PurgePeers(next.purge, next.edge.trust)
    return {
      routes: next.routes,
      rules: next.rules,
      origins: origins.start(next, php),
      objectBytesMax: Math.min(next.tiers.memoryObject, store.valueBytesMax),
      mayPurge: (client, fields) => purgers.allow(client, fields),
    }
  }
  const engine: Engine = new Engine({
    ...configOf(site, deps.php),
    clock,
    recorder: funnel,
    store,
    instance,
    siblings: deps.siblings,
    random: () => randomBytes(12).toString('hex'),
  })
  const listeners = new Listeners({
    engine,
    recorder: funnel,
    clock,
    timers,
    fault: (error) => err(`myriad: a fault while a connection was served: ${error.stack ?? error.message}\n`),
  })
  listeners.listen({ ...site, descriptors: deps.descriptors ?? none })

  return {
    get addresses() {
      return listeners.addresses
    },
    figures: () => ({
      counters: funnel.counters(),
      memory: { objects: store.size, usedBytes: store.bytes, budgetBytes: store.budgetBytes },
      connections: listeners.connections,
    }),
    purge: (asked) => purge(engine, asked),
    drop: (drop) => engine.drop(drop),
    reload(next, { php, descriptors = none }) {
      listeners.listen({ ...next, descriptors })
      if (next.tiers.memory !== site.tiers.memory) store.setBudget(next.tiers.memory)
      engine.configure(configOf(next, php))
      site = next
    },
    async drain(graceMs = 0) {
      const cut = timers.after(site.edge.drainTime, () => listeners.cut())
      await listeners.drain(graceMs)
      cut.cancel()
      origins.close()
    },
  }
}

async function purge(engine: Engine, asked: PurgeAsked): Promise<PurgeOutcome> {
  if (asked.kind === 'all') return { kind: 'purged', responses: await engine.purgeAll() }
  const request = requestForUrl(asked.url)
  if (request === undefined) return { kind: 'refused', error: 'not a URL such as https://example.com/page' }
  const responses = await engine.purge(request)
  return responses === undefined
    ? { kind: 'refused', error: 'no route of the configuration takes this URL' }
    : { kind: 'purged', responses }
}
