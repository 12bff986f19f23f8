// Starts what a Site describes: store, origins, engine and listeners, wired with the real clock and I/O.
import { randomBytes } from 'node:crypto'
import type { PurgeAsked, PurgeOutcome } from '../admin/purge.ts'
import type { MemoryStatus } from '../admin/status.ts'
import { perTurn } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import type { Certificate } from '../edge/certificates.ts'
import { Http1Listener } from '../edge/http1-listener.ts'
import { HttpsRedirect } from '../edge/https-redirect.ts'
import { PurgePeers } from '../edge/purge-peers.ts'
import type { ListenAddress } from '../edge/settings.ts'
import { TlsListener } from '../edge/tls-listener.ts'
import type { TlsSettings } from '../edge/tls-settings.ts'
import { requestForUrl } from '../http/plain-request.ts'
import { Funnel } from '../observe/funnel.ts'
import { Engine } from '../request/engine.ts'
import type { KeyEntry } from '../request/key-entry.ts'
import type { RequestHandler } from '../request/reply.ts'
import { followCertificates } from './certificate-files.ts'
import { startOrigin, type OriginDeps } from './origins.ts'
import { MemoryStore } from '../store/memory/memory.ts'

/** What a server needs of the machine. */
export interface ServerDeps extends Pick<OriginDeps, 'clock' | 'timers' | 'err' | 'php'> {
  /** A certificate for this machine alone, for a site that is to speak TLS and has none. */
  localCertificate(): Certificate
}

/** What a server does with a listener, whatever it speaks. */
interface Listener {
  readonly hostname: string
  readonly port: number
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
  const instance = randomBytes(6).toString('hex')
  const origins = site.services.map(({ origin }) =>
    startOrigin(origin, { ...deps, clock, limits: site.limits, instance }),
  )
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
    random: () => randomBytes(12).toString('hex'),
  })

  const parts = {
    recorder: funnel,
    clock,
    timers,
    limits: site.limits,
    settings: site.edge,
    fault: (error: Error) =>
      deps.err(`myriad: a fault while a connection was served: ${error.stack ?? error.message}\n`),
  }
  const tls = tlsOf(site, deps)
  const opened = new Map<ListenAddress, Listener>()
  const overTls: TlsListener[] = []
  // Those that speak TLS first: the others may send visitors to them.
  for (const address of site.listen.toSorted((a, b) => b.scheme.localeCompare(a.scheme))) {
    try {
      if (address.scheme === 'https') {
        refuseTaken(address)
        const listener = new TlsListener(address, { ...parts, engine, tls })
        overTls.push(listener)
        opened.set(address, listener)
        continue
      }
      const first = site.listen.find(({ scheme }) => scheme === 'https')
      const port = first === undefined ? undefined : opened.get(first)?.port
      const handler: RequestHandler =
        site.tls.redirect && port !== undefined ? new HttpsRedirect({ ...parts, engine, port }) : engine
      opened.set(address, new Http1Listener(address, { ...parts, engine: handler }))
    } catch (cause) {
      for (const listener of opened.values()) void listener.drain()
      throw new ListenError(address, { cause })
    }
  }
  const listeners = [...opened.values()]
  const following = followCertificates(overTls.length === 0 ? [] : tls.certificates, {
    ...deps,
    replace: (certificates) => overTls.forEach((listener) => listener.replaceCertificates(certificates)),
  })

  return {
    addresses: site.listen.map((address) => {
      const { hostname, port } = opened.get(address)!
      return `${address.scheme}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
    }),
    funnel,
    memory: () => ({ objects: store.size, usedBytes: store.bytes, budgetBytes: store.budgetBytes }),
    purge: (asked) => purge(engine, asked),
    async drain() {
      following.cancel()
      const cut = timers.after(site.edge.drainTime, () => {
        for (const listener of listeners) listener.cut()
      })
      await Promise.all(listeners.map((listener) => listener.drain()))
      cut.cancel()
      for (const { origin } of origins) origin.close()
    },
  }
}

/** The settings of TLS with a certificate in any case where one is needed. */
function tlsOf({ tls, listen }: Site, deps: ServerDeps): TlsSettings {
  const isWanted = listen.some(({ scheme }) => scheme === 'https')
  return isWanted && tls.certificates.length === 0 ? { ...tls, certificates: [deps.localCertificate()] } : tls
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
