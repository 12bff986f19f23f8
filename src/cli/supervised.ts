// Serves a site with several processes: this one supervises and stands in no request's way (src/supervisor/).
import { randomBytes } from 'node:crypto'
import { socketFolder } from '../admin/folder.ts'
import type { PurgeOutcome } from '../admin/purge.ts'
import type { ProcessStatus } from '../admin/status.ts'
import { makePrivate } from '../base/private-folder.ts'
import type { Tell } from '../logs/error-log.ts'
import { snapshotOfCounters } from '../observe/counters.ts'
import { TICKET_KEY_BYTES } from '../net/tls-context.ts'
import { EdgeProcesses, type EdgeStatus } from '../supervisor/edge-processes.ts'
import { closeSockets, openSockets, type Sockets } from '../supervisor/listen-sockets.ts'
import type { InheritedSockets } from '../supervisor/inherited-sockets.ts'
import type { Order } from '../supervisor/order.ts'
import { RuntimeFolder } from '../supervisor/runtime-folder.ts'
import type { World } from './command.ts'
import { localCertificate, stateFolder } from './local-certificate.ts'
import { program } from './program.ts'
import type { PhpByFolder, Served } from './served.ts'
import { SharedRates } from './shared-rates.ts'
import type { FoundSite } from './site.ts'

/** What supervising needs beside the site. */
export interface SupervisedDeps {
  readonly world: World
  readonly tell: Tell
  readonly processes: number
  readonly inherited: InheritedSockets
  /** Where processes serve whose supervisor is gone: these join them. */
  readonly folder: RuntimeFolder | undefined
}

/** Starts the processes; rejects with an AddressError, or an Error that says why they do not serve. */
export async function serveSupervised(
  first: FoundSite,
  firstPhp: PhpByFolder,
  { world, tell, processes, inherited, folder: joined }: SupervisedDeps,
): Promise<Served> {
  const ticketKeys = randomBytes(TICKET_KEY_BYTES).toString('base64')
  const say = (line: string): void => tell('warning', line)
  const base = socketFolder()
  makePrivate(base)
  const orderOf = (found: FoundSite, php: PhpByFolder, sockets: readonly Sockets[]): Order => ({
    value: found.value,
    folder: found.folder,
    listen: sockets.map(({ address }) => address),
    processes,
    instance: folder.instance,
    ticketKeys,
    rates: rates.prepare(found.site),
    php: [...php],
  })
  // One for all, before several of them make one each.
  const certify = ({ listen, tls, acme }: FoundSite['site']): void => {
    if (
      acme === undefined &&
      tls.certificates.length === 0 &&
      listen.some(({ scheme }) => scheme === 'https')
    )
      localCertificate(stateFolder(), world.clock.nowMs())
  }
  certify(first.site)
  const sockets = await openSockets(first.site.listen, [], processes, inherited)
  const folder = joined ?? RuntimeFolder.make(base)
  const rates = new SharedRates(folder.path, world.clock)
  const edges = await EdgeProcesses.start(orderOf(first, firstPhp, sockets), sockets, {
    count: processes,
    folder: folder.path,
    command: (place) => [...program(), 'edge', folder.path, String(place)],
    clock: world.clock,
    timers: world.timers,
    say,
  }).catch((error: unknown) => {
    closeSockets(sockets)
    folder.release()
    throw error
  })
  rates.settle(true)
  return {
    get addresses() {
      const urls = edges.sockets.map(
        ({ address: { scheme, hostname, port } }) =>
          `${scheme}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
      )
      // Of one address there may be several.
      return [...new Set(urls)]
    },
    async figures() {
      await edges.look()
      const known = edges.status.flatMap(({ figures }) => figures ?? [])
      const sum = (of: (figures: (typeof known)[number]) => number): number =>
        known.reduce((total, figures) => total + of(figures), 0)
      return {
        memory: {
          objects: sum(({ memory }) => memory.objects),
          usedBytes: sum(({ memory }) => memory.usedBytes),
          budgetBytes: sum(({ memory }) => memory.budgetBytes),
        },
        connections: sum(({ connections }) => connections),
        funnel: snapshotOfCounters(edges.counters),
        processes: edges.status.map(processStatus),
      }
    },
    purge: async (asked) => (await edges.purge(asked)) as PurgeOutcome,
    async reload(next, php) {
      certify(next.site)
      const opened = await openSockets(next.site.listen, edges.sockets, processes, inherited)
      try {
        await edges.reload(orderOf(next, php, opened), opened)
        rates.settle(true)
      } catch (error) {
        rates.settle(false)
        closeSockets(opened.filter((each) => !edges.sockets.includes(each)))
        throw error
      }
    },
    upgrade: () => edges.upgrade(),
    reopenLogs: () => edges.reopenLogs(),
    async end() {
      await edges.end(inherited.kept.length > 0)
      folder.release()
    },
    kill: () => void edges.kill(),
  }
}

function processStatus({ pid, runningMs, restarts, figures }: EdgeStatus): ProcessStatus {
  if (figures === undefined) return { pid, runningMs, restarts }
  const { memory, connections, counters } = figures
  const requests = counters.requests.reduce((sum, [, , count]) => sum + count, 0)
  return { pid, runningMs, restarts, requests, memory, connections }
}
