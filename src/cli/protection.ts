// What keeps a server from being overrun, wired with the real I/O: who may connect, who is banned, who asks too much, and
// how much memory all of it may take.
import { randomBytes } from 'node:crypto'
import type { Clock, Timer, Timers } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import { RateTable } from '../cube/y/rate-table.ts'
import { Admission } from '../edge/admission.ts'
import { BanFile } from '../edge/ban-file.ts'
import { BanList } from '../edge/ban-list.ts'
import type { Tell } from '../logs/error-log.ts'
import { MemoryGuard } from '../store/memory/guard.ts'
import type { MemoryStore } from '../store/memory/memory.ts'
import { machineSize } from '../supervisor/php-fpm-machine.ts'

/** What protection needs of the server around it. */
export interface ProtectionDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly tell: Tell
  readonly store: Pick<MemoryStore<unknown>, 'bytes' | 'budgetBytes' | 'limit'>
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
  { edge, routes, tiers }: Site,
  { clock, timers, tell, store, cutBanned }: ProtectionDeps,
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
          tell: (problem) => tell('warning', `${banFile} is not used as it is now: ${problem}`),
        })
  const admission = new Admission({
    perAddressMax: edge.connectionsPerAddress,
    exempt: ['loopback', ...edge.trust, ...edge.proxyProtocol],
    bans,
  })
  const rates = routes.routes.some((route) => route.rates !== undefined)
    ? new RateTable(RateTable.memory(edge.rateKeysMax, randomBytes(8), clock.nowMs()))
    : undefined
  const guarded = guardMemory(tiers.guard ?? machineLimit(), admission, { timers, tell, store })
  return {
    admission,
    rates,
    isBanned: (address) => bans.has(address),
    stop() {
      followed?.stop()
      guarded.cancel()
    },
  }
}

const LOOK_MS = 250
/** The share of the machine's memory that one process may take where its owner does not say. */
const machineShare = 0.8
/** Below this the program itself would be too large, and nobody could ever connect. */
const LIMIT_BYTES_MIN = 160 << 20

const machineLimit = (): number => Math.max(LIMIT_BYTES_MIN, machineSize().memoryBytes * machineShare)

/** Looks four times a second what the process takes. */
function guardMemory(
  limitBytes: number,
  admission: Admission,
  { timers, tell, store }: Pick<ProtectionDeps, 'timers' | 'tell' | 'store'>,
): Timer {
  const guard = new MemoryGuard(limitBytes, store.budgetBytes)
  let budgetBytes = store.budgetBytes
  return timers.every(LOOK_MS, () => {
    const residentBytes = process.memoryUsage.rss()
    const verdict = guard.look(residentBytes, store.bytes)
    const warn = (what: string): void =>
      tell('warning', `${megabytes(residentBytes)} of ${megabytes(limitBytes)} MB are taken: ${what}`)
    if (verdict.budgetBytes !== budgetBytes) store.limit(verdict.budgetBytes)
    if (verdict.budgetBytes < budgetBytes && budgetBytes === store.budgetBytes)
      warn('the memory tier gives up a part of what it stores')
    if (verdict.isShort !== admission.isShort)
      warn(verdict.isShort ? 'nobody new may connect' : 'visitors may connect again')
    budgetBytes = verdict.budgetBytes
    admission.isShort = verdict.isShort
  })
}

const megabytes = (size: number): number => Math.round(size / 2 ** 20)
