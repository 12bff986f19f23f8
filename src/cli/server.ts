// Starts what a Site describes: stores, origins, engine and listeners, wired with the real clock.
import type { Clock, Timers } from '../base/clock.ts'
import type { MemoryStatus } from '../admin/status.ts'
import type { Site } from '../config/site.ts'
import type { ListenAddress } from '../edge/settings.ts'
import type { Funnel } from '../observe/funnel.ts'

/** What a server needs of the machine. */
export interface ServerDeps {
  readonly clock: Clock
  readonly timers: Timers
}

/** A site that is being served. */
export interface RunningServer {
  /** Where it listens, as URLs, with the ports that the system chose. */
  readonly addresses: readonly string[]
  readonly funnel: Funnel
  memory(): MemoryStatus
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

/** Starts a site; rejects with a ListenError. */
export async function startServer(site: Site, deps: ServerDeps): Promise<RunningServer> {
  throw new Error(`not written: ${site.listen.length} ${typeof deps}`)
}
