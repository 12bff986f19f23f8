// Starts what a Site describes: store, origins, engine and listeners, wired with the real clock and I/O; and puts another
// Site in its place while it is served.
import { randomBytes } from 'node:crypto'
import type { PurgeAsked, PurgeOutcome } from '../admin/purge.ts'
import { perTurn } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import { ChallengeHandler } from '../edge/acme/challenge-handler.ts'
import { HttpsRedirect } from '../edge/https-redirect.ts'
import { PurgePeers } from '../edge/purge-peers.ts'
import { requestForUrl } from '../http/plain-request.ts'
import { openAccessLog } from '../logs/open.ts'
import { Funnel } from '../observe/funnel.ts'
import { Engine, type EngineConfig } from '../request/engine.ts'
import type { KeyEntry } from '../request/key-entry.ts'
import type { RequestHandler } from '../request/reply.ts'
import type { Drop, Siblings } from '../request/siblings.ts'
import type { Figures } from '../supervisor/order.ts'
import { countriesOf } from './countries-of.ts'
import { Listeners, type Listening } from './listeners.ts'
import type { OriginDeps } from './origins.ts'
import { Protection } from './protection.ts'
import { ServedCertificates, type CertificatesDeps } from './served-certificates.ts'
import { ServedOrigins } from './served-origins.ts'
import { MemoryStore } from '../store/memory/memory.ts'

/** What a site needs beside its configuration. */
export interface SiteParts extends Pick<OriginDeps, 'php'> {
  /** Sockets that listen already, by the place of their address in `site.listen`. */
  readonly descriptors?: ReadonlyMap<number, number>
  /** The table of rates of several processes; undefined: this one counts alone. */
  readonly rates?: Uint8Array | undefined
}

/** What a server needs of the machine. */
export interface ServerDeps
  extends
    SiteParts,
    Pick<OriginDeps, 'clock' | 'timers' | 'tell'>,
    Pick<CertificatesDeps, 'localCertificate'> {
  /** How many processes serve, this one with them. */
  readonly processes: number
  /** Tells this Myriad, with all its processes, from others; undefined: it is one process. */
  readonly instance?: string
  /** As those of Listeners. */
  readonly ticketKeys: Uint8Array
  readonly hasHttp3: boolean
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
  /** The access log's file has been renamed: what follows goes to a new one. */
  reopenLog(): void
  /**
   * Serves another site from now on, but for what takes a restart (restart-needed.ts); requests under way end as they
   * began. Throws an Error, such as a ListenError; then nothing has changed.
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
  const { timers, tell } = deps
  let site = first
  const clock = perTurn(deps.clock)
  // Latencies are measured within a turn, too.
  const funnel = new Funnel(deps.clock)
  const store = new MemoryStore<KeyEntry>({
    budgetBytes: site.tiers.memory,
    leave: (entry) => engine.left(entry),
  })
  const log = openAccessLog(site.log, { clock, exact: deps.clock, timers, tell })
  const instance = deps.instance ?? randomBytes(6).toString('hex')
  const origins = new ServedOrigins({ clock, timers, tell, instance })
  const protection = new Protection(
    site,
    { ...deps, store, cutBanned: () => listeners.cutBanned() },
    deps.rates,
  )
  const configOf = (next: Site, php: SiteParts['php'], countryOf = countriesOf(next)): EngineConfig => {
    const purgers = new PurgePeers(next.purge, next.edge.trust)
    return {
      routes: next.routes,
      rules: next.rules,
      origins: origins.start(next, php),
      objectBytesMax: Math.min(next.tiers.memoryObject, store.valueBytesMax),
      mayPurge: (client, fields) => purgers.allow(client, fields),
      isBanned: (address) => protection.isBanned(address),
      rates: protection.rates,
      countryOf,
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
  const common = {
    recorder: funnel,
    log: log?.log,
    clock,
    timers,
    admission: protection.admission,
    ticketKeys: deps.ticketKeys,
    hasHttp3: deps.hasHttp3,
    fault: (error: Error) =>
      tell('error', `a fault while a connection was served: ${error.stack ?? error.message}`),
  }
  const certificates = new ServedCertificates(site, {
    ...deps,
    show: (all) => listeners.replaceCertificates(all),
  })
  const { acme } = certificates
  const handlerOf =
    ({ tls }: Site): Listening['handler'] =>
    (scheme, httpsPort) => {
      const redirects = tls.redirect && scheme === 'http' && httpsPort !== undefined
      const next: RequestHandler = redirects
        ? new HttpsRedirect({ ...common, engine, port: httpsPort })
        : engine
      return acme === undefined ? next : new ChallengeHandler({ ...common, certificates: acme, next })
    }
  const listeners = new Listeners(common)
  const listenFor = (next: Site, descriptors: Listening['descriptors']): void =>
    listeners.listen({ ...next, tls: certificates.settings(next), descriptors, handler: handlerOf(next) })
  try {
    listenFor(site, deps.descriptors ?? none)
  } catch (error) {
    protection.stop()
    origins.close()
    void log?.close()
    throw error
  }
  certificates.follow(site)
  certificates.start()

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
    reopenLog: () => log?.reopen(),
    reload(next, { php, descriptors = none, rates }) {
      // What can fail comes first.
      const countryOf = countriesOf(next)
      listenFor(next, descriptors)
      if (next.tiers.memory !== site.tiers.memory) store.setBudget(next.tiers.memory)
      protection.configure(next, rates)
      engine.configure(configOf(next, php, countryOf))
      certificates.follow(next)
      site = next
    },
    async drain(graceMs = 0) {
      protection.stop()
      certificates.stop()
      const cut = timers.after(site.edge.drainTime, () => listeners.cut())
      await listeners.drain(graceMs)
      cut.cancel()
      origins.close()
      await log?.close()
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
