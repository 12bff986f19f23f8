// Starts what a Site describes: store, origins, engine and listeners, wired with the real clock and I/O.
import { randomBytes } from 'node:crypto'
import type { PurgeAsked, PurgeOutcome } from '../admin/purge.ts'
import type { MemoryStatus } from '../admin/status.ts'
import { perTurn } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import type { Certificate } from '../edge/certificates.ts'
import type { ServedCertificate } from '../edge/acme/certificates.ts'
import { ChallengeHandler } from '../edge/acme/challenge-handler.ts'
import { Http1Listener } from '../edge/http1-listener.ts'
import { HttpsRedirect } from '../edge/https-redirect.ts'
import { PurgePeers } from '../edge/purge-peers.ts'
import type { ListenAddress } from '../edge/settings.ts'
import { TlsListener } from '../edge/tls-listener.ts'
import type { TlsSettings } from '../edge/tls-settings.ts'
import { requestForUrl } from '../http/plain-request.ts'
import { openAccessLog } from '../logs/open.ts'
import { Funnel } from '../observe/funnel.ts'
import { Engine } from '../request/engine.ts'
import type { KeyEntry } from '../request/key-entry.ts'
import { acmeCertificates, startAcme } from './acme.ts'
import { countriesOf } from './countries-of.ts'
import type { RequestHandler } from '../request/reply.ts'
import { followCertificates } from './certificate-files.ts'
import { startOrigin, type OriginDeps } from './origins.ts'
import { protect } from './protection.ts'
import { MemoryStore } from '../store/memory/memory.ts'

/** What a server needs of the machine. */
export interface ServerDeps extends Pick<OriginDeps, 'clock' | 'timers' | 'tell' | 'php'> {
  /** A certificate for this machine alone, for a site that is to speak TLS and has none. */
  localCertificate(): Certificate
}

/** What a server does with a listener, whatever it speaks. */
interface Listener {
  readonly hostname: string
  readonly port: number
  /** Ends what those do who have been banned since they came. */
  cutBanned(): void
  /** Takes no more; resolves when what is in progress is done. */
  drain(): Promise<void>
  /** Ends all that is left. */
  cut(): void
}

/** A site that is being served. */
export interface RunningServer {
  /** Where it listens, as URLs, with the ports that the system chose. */
  readonly addresses: readonly string[]
  readonly funnel: Funnel
  memory(): MemoryStatus
  /** Empties the cache; done when it returns. */
  purge(asked: PurgeAsked): PurgeOutcome
  /** The access log's file has been renamed: what follows goes to a new one. */
  reopenLog(): void
  /** Takes no more requests and resolves when those in progress are done, or `edge.drainTime` is over. */
  drain(): Promise<void>
}

/** An address that could not be listened on; its `cause` is the system's error. */
export class ListenError extends Error {
  override name = 'ListenError'

  constructor(
    readonly address: ListenAddress,
    options: { cause: unknown },
  ) {
    super(`cannot listen on ${address.hostname}:${address.port}`, options)
  }
}

/** Starts a site; throws a ListenError. */
export function startServer(site: Site, deps: ServerDeps): RunningServer {
  const { timers } = deps
  const clock = perTurn(deps.clock)
  // Latencies are measured within a turn, too.
  const funnel = new Funnel(deps.clock)
  const store = new MemoryStore<KeyEntry>({
    budgetBytes: site.tiers.memory,
    leave: (entry) => engine.left(entry),
  })
  const log = openAccessLog(site.log, { clock, exact: deps.clock, timers, tell: deps.tell })
  const instance = randomBytes(6).toString('hex')
  const origins = site.services.map(({ origin }) =>
    startOrigin(origin, { ...deps, clock, limits: site.limits, instance }),
  )
  const opened = new Map<ListenAddress, Listener>()
  const protection = protect(site, {
    ...deps,
    store,
    cutBanned: () => {
      for (const listener of opened.values()) listener.cutBanned()
    },
  })
  const purgers = new PurgePeers(site.purge, site.edge.trust)
  const engine: Engine = new Engine({
    clock,
    recorder: funnel,
    routes: site.routes,
    rules: site.rules,
    origins,
    store,
    objectBytesMax: Math.min(site.tiers.memoryObject, store.valueBytesMax),
    instance,
    mayPurge: (client, fields) => purgers.allow(client, fields),
    isBanned: (address) => protection.isBanned(address),
    rates: protection.rates,
    countryOf: countriesOf(site),
    random: () => randomBytes(12).toString('hex'),
  })

  const parts = {
    recorder: funnel,
    log: log?.log,
    clock,
    timers,
    limits: site.limits,
    settings: site.edge,
    admission: protection.admission,
    fault: (error: Error) =>
      deps.tell('error', `a fault while a connection was served: ${error.stack ?? error.message}`),
  }
  const overTls: TlsListener[] = []
  let fromFiles = site.tls.certificates
  let fromAuthority: readonly ServedCertificate[] = []
  const allCertificates = (): Certificate[] => [
    ...fromFiles,
    ...fromAuthority.map((each) => ({ ...each, files: undefined })),
  ]
  const show = (): void => {
    const { certificates } = tlsOf(site, allCertificates(), deps)
    for (const listener of overTls) listener.replaceCertificates(certificates)
  }
  const acme =
    site.acme &&
    acmeCertificates(site.acme, deps, (got) => {
      fromAuthority = got
      show()
    })
  acme?.load()
  fromAuthority = acme?.current() ?? []
  const tls = tlsOf(site, allCertificates(), deps)
  const first = (next: RequestHandler): RequestHandler =>
    acme === undefined ? next : new ChallengeHandler({ ...parts, certificates: acme, next })
  // Those that speak TLS first: the others may send visitors to them.
  for (const address of site.listen.toSorted((a, b) => b.scheme.localeCompare(a.scheme))) {
    try {
      if (address.scheme === 'https') {
        refuseTaken(address)
        const listener = new TlsListener(address, { ...parts, engine: first(engine), tls })
        overTls.push(listener)
        opened.set(address, listener)
        continue
      }
      const https = site.listen.find(({ scheme }) => scheme === 'https')
      const port = https === undefined ? undefined : opened.get(https)?.port
      const handler: RequestHandler =
        site.tls.redirect && port !== undefined ? new HttpsRedirect({ ...parts, engine, port }) : engine
      opened.set(address, new Http1Listener(address, { ...parts, engine: first(handler) }))
    } catch (cause) {
      protection.stop()
      for (const listener of opened.values()) void listener.drain()
      void log?.close()
      throw new ListenError(address, { cause })
    }
  }
  const listeners = [...opened.values()]
  const following = followCertificates(overTls.length === 0 ? [] : fromFiles, {
    ...deps,
    replace: (certificates) => {
      fromFiles = certificates
      show()
    },
  })

  if (acme !== undefined) startAcme(acme, deps)
  return {
    addresses: site.listen.map((address) => {
      const { hostname, port } = opened.get(address)!
      return `${address.scheme}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
    }),
    funnel,
    memory: () => ({ objects: store.size, usedBytes: store.bytes, budgetBytes: store.budgetBytes }),
    purge: (asked) => purge(engine, asked),
    reopenLog: () => log?.reopen(),
    async drain() {
      protection.stop()
      acme?.stop()
      following.cancel()
      const cut = timers.after(site.edge.drainTime, () => {
        for (const listener of listeners) listener.cut()
      })
      await Promise.all(listeners.map((listener) => listener.drain()))
      cut.cancel()
      for (const { origin } of origins) origin.close()
      await log?.close()
    },
  }
}

/** The settings of TLS with these certificates, and one in any case where one is needed. */
function tlsOf({ tls, listen }: Site, certificates: readonly Certificate[], deps: ServerDeps): TlsSettings {
  const isWanted = listen.some(({ scheme }) => scheme === 'https')
  return {
    ...tls,
    certificates: isWanted && certificates.length === 0 ? [deps.localCertificate()] : certificates,
  }
}

/** Throws when another program listens there: the listener itself shares its port, and would not notice. */
function refuseTaken({ hostname, port }: ListenAddress): void {
  if (port !== 0) Bun.listen({ hostname, port, socket: { data() {} } }).stop(true)
}

function purge(engine: Engine, asked: PurgeAsked): PurgeOutcome {
  if (asked.kind === 'all') return { kind: 'purged', responses: engine.clear() }
  const request = requestForUrl(asked.url)
  if (request === undefined) return { kind: 'refused', error: 'not a URL such as https://example.com/page' }
  const responses = engine.purge(request)
  return responses === undefined
    ? { kind: 'refused', error: 'no route of the configuration takes this URL' }
    : { kind: 'purged', responses }
}
