// Serves a site in this process, which is the only one: there is no supervisor, and nothing to agree on with others.
import { randomBytes } from 'node:crypto'
import type { Tell } from '../logs/error-log.ts'
import { TICKET_KEY_BYTES } from '../net/tls-context.ts'
import { snapshotOfCounters } from '../observe/counters.ts'
import type { World } from './command.ts'
import { localCertificate, stateFolder } from './local-certificate.ts'
import type { PhpByFolder, Served } from './served.ts'
import { startServer } from './server.ts'
import type { FoundSite } from './site.ts'

/** Starts serving; throws a ListenError. */
export function serveAlone(
  { site }: FoundSite,
  php: PhpByFolder,
  { world, tell }: { readonly world: World; readonly tell: Tell },
): Served {
  const { clock } = world
  const startMs = clock.monotonicMs()
  const server = startServer(site, {
    ...world,
    tell,
    php,
    processes: 1,
    ticketKeys: randomBytes(TICKET_KEY_BYTES),
    hasHttp3: true,
    localCertificate: () => localCertificate(stateFolder(), clock.nowMs()),
  })
  return {
    get addresses() {
      return server.addresses
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
      server.reload(next.site, { php: pools })
      return Promise.resolve()
    },
    upgrade: undefined,
    reopenLogs: () => server.reopenLog(),
    end: () => server.drain(),
    kill: () => undefined,
  }
}
