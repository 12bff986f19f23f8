// A FastCGI application: a pool of connections with limits, a queue in front of it, and time limits for every phase.
//
// A connection that is kept occupies a worker of php-fpm also while nothing goes over it: a worker reads from the one
// connection that it has accepted until that ends. So connections are kept only for moments, which under load is all
// it takes to spare nearly every request its own connection, and are given up as soon as somebody waits
// (docs/DECISIONS.md, "FastCGI").
import type { Clock, Timer, Timers } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import type { Http1Limits } from '../../http1/limits.ts'
import { Resolver } from '../http/resolver.ts'
import type { OriginCall, OriginEvents, OriginRequest } from '../origin.ts'
import { Call, type Pool } from './call.ts'
import { CgiHeadReader } from './cgi-head.ts'
import { CollectedBody, CollectedBytes, isCollected } from './collected-body.ts'
import { FastCgiConnection, type ConnectionParts } from './connection.ts'
import { Connecting, openSocket } from './connecting.ts'
import { ErrorLines, type TellError } from './error-lines.ts'
import { AheadRoom } from './read-ahead.ts'
import { RequestId } from './request-id.ts'
import { addressText, type FastCgiConfig } from './settings.ts'
import type { Script } from './variables.ts'

/** How often time limits are looked at. */
const SWEEP_MS = 100
/** A request that has waited so long for its first byte may be waiting for a worker that an unused connection occupies. */
const YIELD_MS = 20

/** What an application's client needs from the process around it. */
export interface FastCgiDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly limits: Http1Limits
  /** In front of the number of each request, to tell the processes apart. */
  readonly instance: string
  /** Takes what the application writes to its error stream. */
  readonly tellError: TellError
  /** A fault of Myriad's own: an exception while a request was served. Its connection is ended. */
  fault(error: unknown): void
}

/** A pool of connections to one application. */
export class FastCgiOrigin implements Pool, ConnectionParts {
  readonly heads: CgiHeadReader
  readonly errors: ErrorLines
  readonly ahead = new AheadRoom()
  readonly #resolver: Resolver | undefined
  readonly #collected: CollectedBytes
  readonly #all = new Set<FastCgiConnection>()
  readonly #connecting = new Set<Connecting>()
  /** The one that was used last is last. */
  readonly #idle: FastCgiConnection[] = []
  /** New connections, oldest first, that may be waiting to be accepted by a worker; looked through when it matters. */
  readonly #unproven = new Set<FastCgiConnection>()
  readonly #queue: Call[] = []
  readonly #sweep: Timer
  readonly #name: string
  #yield: Timer | undefined
  #requests = 0
  #closing = false

  constructor(
    private readonly config: FastCgiConfig,
    private readonly deps: FastCgiDeps,
  ) {
    const { address, settings } = config
    this.#name = addressText(address)
    this.heads = new CgiHeadReader(deps.limits)
    this.errors = new ErrorLines('php', deps.tellError)
    this.#collected = new CollectedBytes(settings.collectedBytes)
    if (address.kind === 'tcp')
      this.#resolver = new Resolver(address.hostname, settings.dnsTime, () => this.nowMs())
    this.#sweep = deps.timers.every(SWEEP_MS, () => this.#onSweep())
  }

  get connections(): { open: number; idle: number; queued: number } {
    return { open: this.#all.size, idle: this.#idle.length, queued: this.#queue.length }
  }

  /** Has a script answer a request. Events come after this has returned. */
  run(request: OriginRequest, script: Script, events: OriginEvents): OriginCall {
    if (!isCollected(request)) return this.#send(request, script, events, undefined)
    return new CollectedBody(request, events, this.#collected, (whole, ended) =>
      this.#send(whole, script, events, ended),
    )
  }

  /** Closes idle connections; exchanges under way go on. */
  close(): void {
    this.#closing = true
    this.#yield?.cancel()
    for (const connection of this.#idle.splice(0)) connection.abort()
    this.#stopSweeping()
  }

  nowMs(): number {
    return this.deps.clock.monotonicMs()
  }

  wallMs(): number {
    return this.deps.clock.nowMs()
  }

  dispatch(call: Call, fresh: boolean): void {
    const { connectionsMax, queueMax } = this.config.settings
    const kept = fresh ? undefined : this.#takeIdle()
    if (kept !== undefined) {
      if (call.isReplayable) return this.#begin(call, kept)
      // The worker is free for the new connection.
      kept.abort()
    }
    if (this.#all.size + this.#connecting.size < connectionsMax) return this.#connect(call)
    if (this.#queue.length >= queueMax)
      return this.#refuse(call, `all connections to ${this.#name} are in use, and the queue is full`)
    call.queuedMs = this.nowMs()
    this.#queue.push(call)
  }

  release(connection: FastCgiConnection): void {
    connection.kept = true
    const waiting = this.#firstWaiting()
    const isUsable =
      !this.#closing &&
      !this.#isExpired(connection) &&
      (waiting === undefined ? !this.#someoneWaits() : waiting.isReplayable)
    if (!isUsable) return connection.abort()
    if (waiting !== undefined) {
      this.#queue.shift()
      return this.#begin(waiting, connection)
    }
    this.#idle.push(connection)
    if (this.#unproven.size > 0)
      this.#yield ??= this.deps.timers.after(YIELD_MS, () => {
        this.#yield = undefined
        while (this.#idle.length > 0 && this.#someoneWaits()) this.#idle[0]!.abort()
      })
  }

  forget(call: Call): void {
    const at = this.#queue.indexOf(call)
    if (at >= 0) this.#queue.splice(at, 1)
  }

  closed(connection: FastCgiConnection): void {
    this.#all.delete(connection)
    this.#unproven.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#connectNext()
    this.#stopSweeping()
  }

  #send(
    request: OriginRequest,
    script: Script,
    events: OriginEvents,
    ended: (() => void) | undefined,
  ): OriginCall {
    const id = new RequestId(this.deps.instance, ++this.#requests)
    const call = new Call(request, script, id, events, this, ended)
    this.dispatch(call, false)
    return call
  }

  /** What goes wrong in it is this call's end, and takes no place from others. */
  #begin(call: Call, connection: FastCgiConnection): void {
    try {
      call.begin(connection)
    } catch (error) {
      this.deps.fault(error)
      connection.onFault()
    }
  }

  #takeIdle(): FastCgiConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined || !this.#isExpired(connection)) return connection
      connection.abort()
    }
  }

  #isExpired(connection: FastCgiConnection): boolean {
    return this.nowMs() - connection.openedMs >= this.config.settings.keepTime
  }

  /**
   * Whether a request of this process has been waiting on a new connection, perhaps for a worker. Each is answered for
   * once: giving one connection up frees one worker.
   */
  #someoneWaits(): boolean {
    const nowMs = this.nowMs()
    for (const connection of this.#unproven) {
      if (!connection.proven && nowMs - connection.startedMs < YIELD_MS) return false
      this.#unproven.delete(connection)
      if (!connection.proven) return true
    }
    return false
  }

  #refuse(call: Call, message: string): void {
    call.fail(new Failure('origin-busy', message), false)
  }

  #firstWaiting(): Call | undefined {
    while (this.#queue[0]?.ended === true) this.#queue.shift()
    return this.#queue[0]
  }

  /** A place has become free: whoever waits longest gets a new connection. */
  #connectNext(): void {
    if (this.#all.size + this.#connecting.size >= this.config.settings.connectionsMax) return
    const waiting = this.#firstWaiting()
    if (waiting === undefined) return
    this.#queue.shift()
    this.#connect(waiting)
  }

  #connect(call: Call): void {
    const connecting: Connecting = new Connecting(this.nowMs(), {
      opened: (socket) => {
        this.#connecting.delete(connecting)
        const connection = new FastCgiConnection(socket, this)
        this.#all.add(connection)
        if (call.ended) this.release(connection)
        else {
          this.#unproven.add(connection)
          this.#begin(call, connection)
        }
        return connection
      },
      failed: (failure) => {
        this.#connecting.delete(connecting)
        this.#resolver?.failed()
        if (failure.code === 'connect-refused' && this.config.address.kind === 'unix' && this.#all.size > 0)
          return this.#waitForWorker(call)
        call.fail(failure, false)
        this.#connectNext()
      },
      fault: (error) => this.deps.fault(error),
    })
    this.#connecting.add(connecting)
    openSocket(this.config.address, this.#resolver, this.#name, connecting)
  }

  /**
   * A unix socket refuses also when there is no room in the queue in front of it (listen.backlog), which php-fpm, to which
   * connections are open, must be the reason for: then the turn of this request comes when one of those is free.
   */
  #waitForWorker(call: Call): void {
    if (call.ended) return
    if (this.#queue.length >= this.config.settings.queueMax)
      return this.#refuse(call, `${this.#name} takes no more connections, and the queue is full`)
    if (call.queuedMs === 0) call.queuedMs = this.nowMs()
    this.#queue.unshift(call)
  }

  #onSweep(): void {
    const nowMs = this.nowMs()
    const { settings } = this.config
    for (const connection of this.#all) {
      const code = connection.overdue(nowMs, settings)
      if (code !== undefined) connection.failWith(code, `${this.#name} did not answer in time`)
    }
    for (const connecting of this.#connecting)
      if (nowMs - connecting.sinceMs > settings.connectTime)
        connecting.fail(
          new Failure('connect-timeout', `no connection to ${this.#name} in ${settings.connectTime} ms`),
        )
    for (const connection of this.#idle.slice()) if (this.#isExpired(connection)) connection.abort()
    while (this.#queue.length > 0 && nowMs - this.#queue[0]!.queuedMs > settings.queueTime)
      this.#refuse(this.#queue.shift()!, `no connection to ${this.#name} became free in time`)
    this.#stopSweeping()
  }

  #stopSweeping(): void {
    if (this.#closing && this.#all.size === 0 && this.#connecting.size === 0) this.#sweep.cancel()
  }
}
