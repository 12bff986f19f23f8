// Serves a site in this process, which is the only one: there is no supervisor, and nothing to agree on with others.
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { ListenAddress } from '../edge/settings.ts'
import type { Tell } from '../logs/error-log.ts'
import { TICKET_KEY_BYTES } from '../net/tls-context.ts'
import { snapshotOfCounters } from '../observe/counters.ts'
import type { InheritedSockets } from '../supervisor/inherited-sockets.ts'
import type { World } from './command.ts'
import { GRACE_MS } from './listeners.ts'
import { localCertificate, stateFolder } from './local-certificate.ts'
import type { PhpByFolder, Served } from './served.ts'
import { startServer } from './server.ts'
import type { FoundSite } from './site.ts'

/** Starts serving; throws a ListenError. */
export function serveAlone(
  { site }: FoundSite,
  php: PhpByFolder,
  deps: { readonly world: World; readonly tell: Tell; readonly inherited: InheritedSockets },
): Served {
  const { world, tell } = deps
  const { clock } = world
  let following = follow(site.listen, new Map(), deps.inherited)
  const startMs = clock.monotonicMs()
  const server = startServer(
    { ...site, listen: following.listen },
    {
      ...world,
      tell,
      descriptors: following.descriptors,
      php,
      processes: 1,
      ticketKeys: randomBytes(TICKET_KEY_BYTES),
      hasHttp3: true,
      localCertificate: () => localCertificate(stateFolder(), clock.nowMs()),
    },
  )
  return {
    get addresses() {
      return [...new Set(server.addresses)]
    },
    figures() {
      const { counters, memory, connections } = server.figures()
      const funnel = snapshotOfCounters(counters)
      const runningMs = Math.round(clock.monotonicMs() - startMs)
      const own = { pid: process.pid, runningMs, restarts: 0, requests: funnel.requests, memory, connections }
      return Promise.resolve({ memory, connections, funnel, processes: [own] })
    },
    purge: (asked) => server.purge(asked),
    reload(next, pools) {
      const then = follow(next.site.listen, following.counts, deps.inherited)
      const { listen, descriptors } = then
      server.reload({ ...next.site, listen }, { descriptors, php: pools })
      following = then
      return Promise.resolve()
    },
    upgrade: undefined,
    reopenLogs: () => server.reopenLog(),
    // Whoever has connected is answered where a service manager listens for the next process already.
    end: () => server.drain(deps.inherited.kept.length > 0 ? GRACE_MS : 0),
    kill: () => undefined,
  }
}

/** Where to listen, and with what. */
interface Following {
  /** The addresses, each as often as there are sockets of it. */
  readonly listen: readonly ListenAddress[]
  /** Sockets that are not listened on yet, by the place of their address. */
  readonly descriptors: ReadonlyMap<number, number>
  /** How many sockets there are of an address. */
  readonly counts: ReadonlyMap<string, number>
}

/** Finds the sockets that were there before this process. */
function follow(
  listen: readonly ListenAddress[],
  known: ReadonlyMap<string, number>,
  inherited: InheritedSockets,
): Following {
  const all: ListenAddress[] = []
  const descriptors = new Map<number, number>()
  const counts = new Map<string, number>()
  for (const address of listen) {
    const key = `${address.scheme} ${address.hostname} ${address.port}`
    const sockets = known.has(key) ? [] : socketsOf(address, inherited)
    for (const [i, descriptor] of sockets.entries()) descriptors.set(all.length + i, descriptor)
    const count = known.get(key) ?? Math.max(1, sockets.length)
    counts.set(key, count)
    for (let i = 0; i < count; i++) all.push(address)
  }
  return { listen: all, descriptors, counts }
}

function socketsOf({ hostname, port }: ListenAddress, inherited: InheritedSockets): readonly number[] {
  const address = hostname === 'localhost' ? '127.0.0.1' : hostname
  if (isIP(address) === 0) return []
  return inherited.take({ address, port }, 1).flat()
}
