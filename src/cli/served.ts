// What serving a site is to `myriad serve`, whether this process does it alone or has others do it.
import type { PurgeAsked, PurgeOutcome } from '../admin/purge.ts'
import type { MemoryStatus, ProcessStatus } from '../admin/status.ts'
import type { RunningPool } from '../supervisor/php-fpm-running.ts'
import type { FunnelSnapshot } from '../observe/funnel.ts'
import type { FoundSite } from './site.ts'

/** Where PHP answers, by folder. */
export type PhpByFolder = ReadonlyMap<string, RunningPool>

/** What is told of it by `myriad status`. */
export interface ServedFigures {
  readonly memory: MemoryStatus
  readonly connections: number
  readonly funnel: FunnelSnapshot
  readonly processes: readonly ProcessStatus[]
}

/** A site that is being served. */
export interface Served {
  /** Where it listens, as URLs, with the ports that the system chose. */
  readonly addresses: readonly string[]
  figures(): Promise<ServedFigures>
  /** Empties the cache; done when it resolves. */
  purge(asked: PurgeAsked): Promise<PurgeOutcome>
  /** Serves another site; rejects with an Error that says why it cannot, and then everything is as it was. */
  reload(found: FoundSite, php: PhpByFolder): Promise<void>
  /** Has the program as it now lies on the disk serve; undefined: this process serves itself, and cannot. */
  upgrade: (() => Promise<void>) | undefined
  /** The access log's file has been renamed: what follows goes to a new one. */
  reopenLogs(): void
  /** Takes no more requests and resolves when those in progress are done. */
  end(): Promise<void>
  /** Ends at once. */
  kill(): void
}
