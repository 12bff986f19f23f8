// What keeps a server from being overrun, wired with the real I/O: who may connect, who is banned, who asks too much.
import { randomBytes } from 'node:crypto'
import type { Clock, Timers } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import { RateTable } from '../cube/y/rate-table.ts'
import { Admission } from '../edge/admission.ts'
import { BanFile } from '../edge/ban-file.ts'
import { BanList } from '../edge/ban-list.ts'

/** What protection needs of the server around it. */
export interface ProtectionDeps {
  readonly clock: Clock
  readonly timers: Timers
  /** Writes to standard error. */
  readonly err: (text: string) => unknown
  /** Ends the connections of those who have been banned since they came. */
  cutBanned(): void
}

/** A server's protection, at work. */
export interface Protection {
  readonly admission: Admission
  /** Undefined: no route limits the rate of requests. */
  readonly rates: RateTable | undefined
  isBanned(address: string): boolean
  stop(): void
}

/** Begins to protect; who is banned is known when it returns. */
export function protect(
  { edge, routes }: Site,
  { clock, timers, err, cutBanned }: ProtectionDeps,
): Protection {
  const bans = new BanList(edge.ban)
  const { banFile } = edge
  const followed =
    banFile === undefined
      ? undefined
      : new BanFile(banFile, {
          timers,
          list: bans,
          changed: cutBanned,
          tell: (problem) => err(`myriad: ${banFile} is not used as it is now: ${problem}\n`),
        })
  const admission = new Admission({
    perAddressMax: edge.connectionsPerAddress,
    exempt: ['loopback', ...edge.trust, ...edge.proxyProtocol],
    bans,
  })
  const rates = routes.routes.some((route) => route.rates !== undefined)
    ? new RateTable(RateTable.memory(edge.rateKeysMax, randomBytes(8), clock.nowMs()))
    : undefined
  return { admission, rates, isBanned: (address) => bans.has(address), stop: () => followed?.stop() }
}
