// An access log that keeps its entries in memory, with how each of them ended.
import type { Reason } from '../src/base/reason.ts'
import type { Tier } from '../src/base/record.ts'
import type { Client } from '../src/request/reply.ts'
import type { LoggableRequest, LoggedRequest, RequestLog } from '../src/request/request-log.ts'

/** An entry. */
export interface KeptEntry {
  readonly request: string
  outcome?: string
  bytes?: number
  whole?: boolean
  /** How often it was told that it is over. */
  ends: number
}

/** The log. */
export class KeptLog implements RequestLog {
  readonly entries: KeptEntry[] = []

  begin({ method, rawTarget, authority }: LoggableRequest, _client: Client, protocol: string): LoggedRequest {
    const entry: KeptEntry = { request: `${method} ${authority}${rawTarget} ${protocol}`, ends: 0 }
    this.entries.push(entry)
    return {
      answered(tier: Tier, reason: Reason, status: number) {
        entry.outcome = `${tier} ${reason} ${status}`
      },
      ended(bytes: number, whole: boolean) {
        entry.bytes ??= bytes
        entry.whole ??= whole
        entry.ends++
      },
    }
  }

  /** All but the bytes. */
  get told(): readonly (readonly unknown[])[] {
    return this.entries.map(({ request, outcome, whole, ends }) => [request, outcome, whole, ends])
  }
}
