// What a listener knows of a client's connection, whatever is spoken on it, and what a connection needs of its listener.
import type { Clock } from '../base/clock.ts'
import type { Recorder } from '../base/record.ts'
import type { Client, RequestHandler } from '../request/reply.ts'
import type { RequestLog } from '../request/request-log.ts'
import type { AddressCount } from './admission.ts'
import type { Waiting } from './open-connections.ts'
import type { EdgeSettings } from './settings.ts'
import type { ToldFields } from './told-fields.ts'
import type { TrustedPeers } from './trust.ts'

/** A connection, from accepted to closed. */
export interface EdgeConnection extends Waiting {
  /** Where the listener has counted it. */
  counted: AddressCount | undefined
  readonly client: Client
  /** Whether no request is under way, and nothing of one has come. */
  readonly isIdle: boolean
  /** Looks at the time limits. */
  sweep(nowMs: number, headTimeMs: number): void
  /** Ends the connection if nothing is going on; else it ends after its answers. */
  drain(): void
}

/** What all connections of a listener share. */
export interface EdgeContext {
  readonly engine: RequestHandler
  readonly recorder: Recorder
  /** The access log; undefined: there is none. */
  readonly log: RequestLog | undefined
  readonly clock: Clock
  readonly settings: EdgeSettings
  readonly trusted: TrustedPeers
  /** Added to every answer that does not say it itself. */
  readonly told: ToldFields
  /** The process is ending: connections close after their answers. */
  readonly draining: boolean
  closed(connection: EdgeConnection): void
}
