// Certificates by ACME, kept: those that are there, those that are wanted, and the one process at a time that orders.
// What to do when is schedule.ts, how to order is authority.ts, where all of it lies is certificate-folder.ts.
import { watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer, Timers } from '../../base/clock.ts'
import { messageOf } from '../../base/thrown.ts'
import type { Authority, Solver } from './authority.ts'
import type { CertificateFolder, FoundCertificate } from './certificate-folder.ts'
import { Lease } from './lease.ts'
import { allows, hostOf, isCertifiable } from './names.ts'
import { AcmeTrouble, plain } from './problem.ts'
import {
  afterAdvice,
  afterOrder,
  afterTrouble,
  believable,
  nextAct,
  orderAtMs,
  renewalAtMs,
  wantedSince,
  type Act,
  type RenewalWindow,
  type SchedulePolicy,
  type Standing,
} from './schedule.ts'
import type { AcmeConfig } from './settings.ts'
import { dnsSolver, httpSolver } from './solver.ts'

/** A certificate as a TLS listener takes it. */
export interface ServedCertificate {
  readonly names: readonly string[]
  readonly validFromMs: number
  readonly validToMs: number
  /** The certificate and its chain, in PEM. */
  readonly cert: string
  /** In PEM. */
  readonly key: string
}

/** What there is to tell about a name. */
export interface CertificateFacts {
  readonly name: string
  readonly onDemand: boolean
  /** Undefined: there is none yet. */
  readonly held:
    { readonly issuer: string; readonly notAfterMs: number; readonly renewAtMs: number } | undefined
  /** When a certificate is asked for next, failures considered. */
  readonly orderAtMs: number
  readonly lastTrouble: { readonly atMs: number; readonly text: string } | undefined
}

export interface AcmeCertificatesParts {
  readonly config: AcmeConfig
  readonly folder: CertificateFolder
  readonly clock: Clock
  readonly timers: Timers
  /** From 0 to 1. */
  chance(): number
  /** A name that no other process thinks of. */
  random(): string
  /** The authority, once it is needed. */
  authority(accountKey: string, solver: Solver): Promise<Authority>
  /** Tells the owner what happened, in one line. */
  log(text: string): void
  /** Other certificates are to be served from now on. */
  changed(certificates: readonly ServedCertificate[]): void
}

/** What other processes have done is seen at once on this machine, and within this from another. */
const LOOK_MS = 30_000
/** When another process acts: until it is looked whether it has done all. */
const BUSY_MS = 2_000
/** When the authority is away, no other name is tried within this. */
const AWAY_MS = 60_000
/** Names on demand that wait for their first certificate, and how long one that fails stays among them. */
const PENDING_MAX = 10
const PENDING_MS_MAX = 24 * 3_600_000

const CHALLENGE_PATH = '/.well-known/acme-challenge/'

/** The certificates of one authority. */
export class AcmeCertificates {
  readonly #parts: AcmeCertificatesParts
  readonly #policy: SchedulePolicy
  readonly #lease: Lease
  readonly #ending = new AbortController()
  readonly #held = new Map<string, FoundCertificate>()
  readonly #standings = new Map<string, Standing>()
  /** What was told about a file or the folder, so that it is told once. */
  readonly #told = new Map<string, string>()
  #isRunning = false
  #authority: Authority | undefined
  #awayUntilMs = 0
  #timer: Timer | undefined
  #watchers: FSWatcher[] = []
  #turn: Promise<void> | undefined
  #again = false

  constructor(parts: AcmeCertificatesParts) {
    const { config, folder } = parts
    this.#parts = parts
    this.#policy = { renewBeforeMs: config.renewBefore }
    this.#lease = new Lease(join(folder.path, 'lock'), parts)
  }

  /** Takes over what is there, and begins to look after it; throws when the folder is not private. */
  start(): void {
    const { folder } = this.#parts
    folder.make()
    this.#isRunning = true
    for (const path of [folder.certificatesPath, folder.standingsPath]) {
      try {
        this.#watchers.push(
          watch(path, () => this.look()).on('error', (error) => this.#unwatched(path, error)),
        )
      } catch (error) {
        this.#unwatched(path, error)
      }
    }
    this.look()
  }

  /** Ends it. What is being ordered is given up. */
  stop(): void {
    this.#ending.abort()
    this.#timer?.cancel()
    for (const watcher of this.#watchers) watcher.close()
    this.#lease.release()
  }

  /** What is good to be served. */
  current(): readonly ServedCertificate[] {
    return [...this.#held.values()].map(({ certificate }) => ({
      names: certificate.names,
      validFromMs: certificate.notBeforeMs,
      validToMs: certificate.notAfterMs,
      cert: certificate.chainPem,
      key: certificate.keyPem,
    }))
  }

  /**
   * The answer to an authority that asks for a proof; undefined: this request is none of those, or no proof is pending
   * under that token. `authority` is in normal form. The host is noted: it may be one to get a certificate for.
   */
  answer(authority: string, pathAndQuery: string): string | undefined {
    if (!this.#isRunning) return undefined
    if (this.#parts.config.onDemand.length > 0) this.seen(hostOf(authority))
    if (!pathAndQuery.startsWith(CHALLENGE_PATH)) return undefined
    return this.#parts.folder.proof(pathAndQuery.slice(CHALLENGE_PATH.length))
  }

  /** A visitor has asked for this host. */
  seen(host: string): void {
    const { config, folder, clock } = this.#parts
    if (this.#standings.has(host)) return
    if (!config.onDemand.some((pattern) => allows(pattern, host)) || !isCertifiable(host)) return
    const onDemand = [...this.#standings.keys()].filter((name) => !config.names.includes(name))
    const pending = onDemand.filter((name) => !this.#held.has(name))
    if (onDemand.length >= config.onDemandMax || pending.length >= PENDING_MAX) return
    const standing = wantedSince(clock.nowMs())
    this.#standings.set(host, standing)
    try {
      folder.writeStanding(host, standing)
    } catch (error) {
      this.#tell(host, `${host} is not remembered: ${plainMessageOf(error)}`)
    }
    this.look()
  }

  /** What there is to tell, name by name. */
  facts(): readonly CertificateFacts[] {
    return [...this.#standings].map(([name, standing]) => {
      const held = this.#held.get(name)?.certificate
      return {
        name,
        onDemand: !this.#parts.config.names.includes(name),
        held: held && {
          issuer: held.issuer,
          notAfterMs: held.notAfterMs,
          renewAtMs: renewalAtMs(held, standing, this.#policy),
        },
        orderAtMs: orderAtMs(held, standing, this.#policy),
        lastTrouble: standing.lastTrouble,
      }
    })
  }

  /** Looks at the folder, and does what is due. */
  look(): void {
    if (this.#ending.signal.aborted) return
    if (this.#turn !== undefined) {
      this.#again = true
      return
    }
    this.#timer?.cancel()
    this.#turn = this.#work()
      .catch((error: unknown) => this.#tell('', plainMessageOf(error)))
      .finally(() => {
        this.#turn = undefined
        this.#plan()
      })
  }

  /** Resolves when all that was due has been done. */
  async settled(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn
  }

  /** Changes are looked for all the same, only less often. */
  #unwatched(path: string, error: unknown): void {
    this.#tell(path, `changes in ${path} are seen within ${LOOK_MS / 1000} seconds: ${plainMessageOf(error)}`)
  }

  #plan(): void {
    if (this.#ending.signal.aborted) return
    if (this.#again) {
      this.#again = false
      this.look()
      return
    }
    const nowMs = this.#parts.clock.nowMs()
    const atMs = Math.max(Math.min(...this.#acts().map(({ act }) => act.atMs)), this.#awayUntilMs)
    const waitMs = atMs <= nowMs ? BUSY_MS : Math.min(atMs - nowMs, LOOK_MS)
    this.#timer = this.#parts.timers.after(waitMs, () => this.look())
  }

  async #work(): Promise<void> {
    this.load()
    if (this.#due() === undefined || !this.#lease.take()) return
    try {
      this.#parts.folder.tidy()
      // Another may have done it just before.
      this.load()
      for (let due = this.#due(); due !== undefined; due = this.#due()) {
        await this.#carryOut(due.name, due.act)
        if (this.#ending.signal.aborted) return
        this.load()
      }
    } finally {
      this.#lease.release()
    }
  }

  /** Takes over what lies in the folder, and tells when that is something else than before. */
  load(): void {
    const { config, folder, clock } = this.#parts
    const found = folder.names()
    // Out of reach for a while: what was read before is served on.
    if (found === undefined && this.#isRunning) throw new Error(`${folder.path} is not there`)
    const onDemand = (found ?? []).filter(
      (name) => !config.names.includes(name) && config.onDemand.some((each) => allows(each, name)),
    )
    const wanted = new Set([...config.names, ...onDemand.slice(0, config.onDemandMax)])
    let changed = false
    for (const name of wanted) {
      const standing = folder.standing(name) ?? this.#standings.get(name)
      const nowMs = clock.nowMs()
      this.#standings.set(name, standing === undefined ? wantedSince(nowMs) : believable(standing, nowMs))
      changed = this.#loadCertificate(name) || changed
    }
    for (const name of this.#standings.keys()) {
      if (wanted.has(name)) continue
      this.#standings.delete(name)
      changed = this.#held.delete(name) || changed
    }
    if (changed) this.#parts.changed(this.current())
  }

  /** A file that cannot be used changes nothing: what was read before is served on. */
  #loadCertificate(name: string): boolean {
    const known = this.#held.get(name)
    try {
      const found = this.#parts.folder.certificate(name, known)
      this.#told.delete(name)
      if (found === undefined || found === known) return false
      this.#held.set(name, found)
      return true
    } catch (error) {
      this.#tell(name, `the certificate of ${name} on the disk cannot be used: ${plainMessageOf(error)}`)
      return false
    }
  }

  #acts(): readonly { readonly name: string; readonly act: Act }[] {
    return [...this.#standings].map(([name, standing]) => ({
      name,
      act: nextAct(this.#held.get(name)?.certificate, standing, this.#policy),
    }))
  }

  /** What to do now: first for the certificate that ends first, or is not there yet. */
  #due(): { readonly name: string; readonly act: Act } | undefined {
    const nowMs = this.#parts.clock.nowMs()
    if (nowMs < this.#awayUntilMs) return undefined
    const endMs = ({ name }: { name: string }): number => this.#held.get(name)?.certificate.notAfterMs ?? 0
    return this.#acts()
      .filter(({ act }) => act.atMs <= nowMs)
      .toSorted((a, b) => endMs(a) - endMs(b))[0]
  }

  async #carryOut(name: string, { kind }: Act): Promise<void> {
    const { folder, clock, chance } = this.#parts
    const held = this.#held.get(name)?.certificate
    const standing = this.#standings.get(name)!
    this.#authority ??= await this.#parts.authority(folder.accountKey(), this.#solver())
    if (kind === 'order') {
      await this.#order(name, standing, this.#authority)
      return
    }
    const renewalId = held!.renewalId!
    const window = await this.#advice(this.#authority, renewalId)
    this.#remember(name, afterAdvice(standing, renewalId, window, clock.nowMs(), chance()))
  }

  async #advice(authority: Authority, renewalId: string): Promise<RenewalWindow | undefined> {
    try {
      return await authority.advice(renewalId)
    } catch (error) {
      // What it said before holds, and the schedule's own rule: nothing is amiss until an order fails.
      if (error instanceof AcmeTrouble) return undefined
      throw error
    }
  }

  async #order(name: string, standing: Standing, authority: Authority): Promise<void> {
    const { folder, clock, chance, log } = this.#parts
    const held = this.#held.get(name)?.certificate
    // RFC 9773 §5: told to those who have given advice.
    const replaces = standing.advice?.renewAtMs === undefined ? undefined : held?.renewalId
    try {
      folder.writeCertificate(name, await authority.order(name, replaces, this.#ending.signal))
      this.#remember(name, afterOrder(standing, clock.nowMs()))
      // Told when it is served.
      this.load()
      log(`a certificate for ${name} was got`)
    } catch (error) {
      if (this.#ending.signal.aborted) return
      const nowMs = clock.nowMs()
      const trouble = error instanceof AcmeTrouble ? error : new AcmeTrouble('away', plainMessageOf(error))
      if (trouble.kind === 'away') this.#awayUntilMs = nowMs + AWAY_MS
      const after = afterTrouble(standing, trouble, held, nowMs, chance())
      const inMinutes = Math.ceil((after.retryAtMs - nowMs) / 60_000)
      log(`no certificate for ${name}: ${trouble.text}; next attempt in ${inMinutes} min`)
      const isPending = held === undefined && !this.#parts.config.names.includes(name)
      if (isPending && nowMs - standing.wantedMs > PENDING_MS_MAX) folder.forgetStanding(name)
      else this.#remember(name, after)
    }
  }

  #remember(name: string, standing: Standing): void {
    this.#standings.set(name, standing)
    this.#parts.folder.writeStanding(name, standing)
  }

  #solver(): Solver {
    const { config, folder, timers } = this.#parts
    return config.challenge === 'http-01' ? httpSolver(folder) : dnsSolver(config.dnsHook, timers)
  }

  #tell(about: string, text: string): void {
    if (this.#told.get(about) === text) return
    this.#told.set(about, text)
    this.#parts.log(text)
  }
}

const plainMessageOf = (error: unknown): string => plain(messageOf(error))
