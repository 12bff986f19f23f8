// What keeps a server from being overrun, wired with the real I/O: who may connect, who is banned, who asks too much, and
// how much memory all of it may take.
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { IpSet } from '../base/ip-ranges.ts'
import type { Clock, Timer, Timers } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import { RateTable } from '../cube/y/rate-table.ts'
import { Admission, type AdmissionSettings } from '../edge/admission.ts'
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
  /** How many processes share the machine's memory. */
  readonly processes: number
  /** Ends the connections of those who have been banned since they came. */
  cutBanned(): void
}

/** What a site says of protection. */
export type Protected = Pick<Site, 'edge' | 'routes' | 'tiers'>

/** A server's protection, at work. */
export class Protection {
  readonly admission: Admission
  readonly #deps: ProtectionDeps
  readonly #bans: BanList
  #site: Protected
  #banFile: BanFile | undefined
  #guard: Timer
  #rates: RateTable | undefined

  /**
   * Begins to protect; who is banned is known when it returns. `shared`: the table of rates of several processes.
   */
  constructor(site: Protected, deps: ProtectionDeps, shared?: Uint8Array) {
    this.#deps = deps
    this.#site = site
    this.#bans = new BanList(site.edge.ban)
    this.#banFile = this.#follow(site)
    this.admission = new Admission({ ...admissionOf(site), bans: this.#bans })
    this.#rates = this.#ratesOf(site, shared)
    this.#guard = this.#guardOf(site)
  }

  /** Undefined: no route limits the rate of requests. */
  get rates(): RateTable | undefined {
    return this.#rates
  }

  isBanned(address: string): boolean {
    return this.#bans.has(address)
  }

  /**
   * Protects as another configuration says. Rates are counted on where the limits are the same ones, else anew. The store
   * has its budget already.
   */
  configure(site: Protected, shared?: Uint8Array): void {
    const before = this.#site
    this.#site = site
    this.#bans.fix(site.edge.ban)
    if (site.edge.banFile !== before.edge.banFile) {
      this.#banFile?.stop()
      this.#bans.replace(new IpSet([]))
      this.#banFile = this.#follow(site)
    }
    this.admission.configure(admissionOf(site))
    if (!isDeepStrictEqual(limitsOf(site), limitsOf(before))) this.#rates = this.#ratesOf(site, shared)
    if (!isDeepStrictEqual(site.tiers, before.tiers)) {
      this.#guard.cancel()
      // What the store had to give up it may take again, until the new guard says otherwise.
      this.#deps.store.limit(this.#deps.store.budgetBytes)
      this.#guard = this.#guardOf(site)
    }
    this.#deps.cutBanned()
  }

  stop(): void {
    this.#banFile?.stop()
    this.#guard.cancel()
  }

  #follow({ edge: { banFile } }: Protected): BanFile | undefined {
    const { timers, tell, cutBanned } = this.#deps
    if (banFile === undefined) return undefined
    return new BanFile(banFile, {
      timers,
      list: this.#bans,
      changed: cutBanned,
      tell: (problem) => tell('warning', `${banFile} is not used as it is now: ${problem}`),
    })
  }

  #ratesOf(site: Protected, shared: Uint8Array | undefined): RateTable | undefined {
    if (!limitsRates(site)) return undefined
    if (shared !== undefined) return new RateTable(shared.buffer, shared.byteOffset, shared.byteLength)
    const { edge } = site
    return new RateTable(RateTable.memory(edge.rateKeysMax, randomBytes(8), this.#deps.clock.nowMs()))
  }

  #guardOf({ tiers }: Protected): Timer {
    return guardMemory(tiers.guard ?? machineLimit(this.#deps.processes), this.admission, this.#deps)
  }
}

function admissionOf({ edge }: Protected): AdmissionSettings {
  return {
    perAddressMax: edge.connectionsPerAddress,
    exempt: ['loopback', ...edge.trust, ...edge.proxyProtocol],
  }
}

/** Whether any route limits the rate of requests. */
export function limitsRates({ routes }: Protected): boolean {
  return routes.routes.some((route) => route.rates !== undefined)
}

/** What decides how rates are counted. */
export function limitsOf({ edge, routes }: Protected): unknown {
  return [edge.rateKeysMax, routes.routes.map(({ rates }) => rates)]
}

const LOOK_MS = 250
/** The share of the machine's memory that the processes may take together where its owner does not say. */
const machineShare = 0.8
/** Below this the program itself would be too large, and nobody could ever connect. */
const LIMIT_BYTES_MIN = 160 << 20

const machineLimit = (processes: number): number =>
  Math.max(LIMIT_BYTES_MIN, (machineSize().memoryBytes * machineShare) / processes)

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
