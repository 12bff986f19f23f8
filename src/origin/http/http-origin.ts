// An HTTP/1.1 origin: a pool of kept connections with limits, a queue in front of it, time limits for every phase, and
// one retry where a kept connection turns out to have been closed (RFC 9110 §9.2.2).
import type { Clock, Timer, Timers } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import type { Http1Limits } from '../../http1/limits.ts'
import { ResponseReader } from '../../http1/response-reader.ts'
import { connect, type RemoteAddress } from '../../net/network.ts'
import type { TlsClient } from '../../net/runtime-sockets.ts'
import type { Connecting, Connector } from '../../net/socket.ts'
import type { Origin, OriginCall, OriginEvents, OriginRequest } from '../origin.ts'
import { Call, type Pool } from './call.ts'
import { OriginConnection } from './connection.ts'
import { Resolver } from './resolver.ts'
import type { HttpOriginConfig } from './settings.ts'
import { tlsClient } from './tls.ts'

/** How often time limits are looked at. */
const SWEEP_MS = 100

/** What an origin needs from the process around it. */
export interface HttpOriginDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly limits: Http1Limits
  /** A fault of Myriad's own: an exception while an answer was read. Its connection is ended. */
  fault(error: unknown): void
}

/** A pool of connections to one origin. */
export class HttpOrigin implements Origin, Pool {
  readonly #reader: ResponseReader
  readonly #resolver: Resolver
  readonly #tls: TlsClient | undefined
  readonly #all = new Set<OriginConnection>()
  /** Connections that carry no exchanges any more. */
  readonly #tunnels = new Set<OriginConnection>()
  readonly #idle: OriginConnection[] = []
  readonly #queue: Call[] = []
  readonly #sweep: Timer
  #connecting = 0
  #closing = false

  constructor(
    private readonly config: HttpOriginConfig,
    private readonly deps: HttpOriginDeps,
  ) {
    this.#reader = new ResponseReader(deps.limits, config.settings.lenientCodings)
    this.#resolver = new Resolver(config.hostname, config.settings.dnsTime, () => deps.clock.monotonicMs())
    this.#tls = tlsClient(config)
    this.#sweep = deps.timers.every(SWEEP_MS, () => this.#onSweep())
  }

  get connections(): { open: number; idle: number; queued: number } {
    return { open: this.#all.size + this.#tunnels.size, idle: this.#idle.length, queued: this.#queue.length }
  }

  send(request: OriginRequest, events: OriginEvents): OriginCall {
    const call = new Call(request, events, this)
    this.dispatch(call, false)
    return call
  }

  close(): void {
    this.#closing = true
    for (const connection of this.#idle.splice(0)) connection.abort()
    if (this.#all.size === 0 && this.#connecting === 0) this.#sweep.cancel()
  }

  /** Gives the call a connection: a kept one unless `fresh`, a new one, or a place in the queue. */
  dispatch(call: Call, fresh: boolean): void {
    const { connectionsMax, queueMax, tunnelsMax } = this.config.settings
    if (call.request.upgrade !== undefined && this.#tunnels.size >= tunnelsMax)
      return this.#refuse(call, `${tunnelsMax} tunnels to ${this.config.authority} are open`)
    if (!fresh) {
      const kept = this.#takeIdle()
      if (kept !== undefined) return call.begin(kept)
    }
    if (this.#all.size + this.#connecting < connectionsMax) {
      this.#connect(call)
      return
    }
    if (this.#queue.length >= queueMax)
      return this.#refuse(
        call,
        `all connections to ${this.config.authority} are in use, and the queue is full`,
      )
    call.queuedMs = this.deps.clock.monotonicMs()
    this.#queue.push(call)
  }

  /** The connection that was used last, of those that the origin does not mean to close by now. */
  #takeIdle(): OriginConnection | undefined {
    const nowMs = this.deps.clock.monotonicMs()
    for (;;) {
      const kept = this.#idle.pop()
      if (kept === undefined || nowMs - kept.idleSinceMs <= kept.idleTimeMs) return kept
      kept.abort()
    }
  }

  /** The origin has switched protocols on a connection: others may take its place in the pool. */
  tunnelled(connection: OriginConnection): void {
    this.#all.delete(connection)
    this.#tunnels.add(connection)
    this.#connectNext()
  }

  #refuse(call: Call, message: string): void {
    call.fail(new Failure('origin-busy', message), false)
  }

  /** A connection has become free for another exchange. */
  release(connection: OriginConnection): void {
    if (this.#closing) return connection.abort()
    connection.kept = true
    const waiting = this.#nextWaiting()
    if (waiting !== undefined) return waiting.begin(connection)
    if (this.config.settings.idleTime === 0) return connection.abort()
    connection.idleSinceMs = this.deps.clock.monotonicMs()
    this.#idle.push(connection)
  }

  /** A call that was given up leaves the queue. */
  forget(call: Call): void {
    const at = this.#queue.indexOf(call)
    if (at >= 0) this.#queue.splice(at, 1)
  }

  #nextWaiting(): Call | undefined {
    for (;;) {
      const call = this.#queue.shift()
      if (call === undefined || !call.ended) return call
    }
  }

  #onClosed(connection: OriginConnection): void {
    if (this.#tunnels.delete(connection)) return
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#connectNext()
  }

  /** A place has become free: whoever waits longest gets a new connection. */
  #connectNext(): void {
    if (this.#all.size + this.#connecting >= this.config.settings.connectionsMax) return
    const waiting = this.#nextWaiting()
    if (waiting !== undefined) this.#connect(waiting)
  }

  #connect(call: Call): void {
    this.#connecting++
    const timer = this.deps.timers.after(this.config.settings.connectTime, () => {
      if (!attempt.settle()) return
      attempt.connecting?.cancel()
      this.#resolver.failed()
      call.fail(
        new Failure(
          'connect-timeout',
          `no connection to ${this.config.authority} in ${this.config.settings.connectTime} ms`,
        ),
        false,
      )
      this.#connectNext()
    })
    const attempt = new Attempt(() => {
      timer.cancel()
      this.#connecting--
    })
    this.#open(attempt).then(
      (connection) => {
        if (connection === undefined) return
        this.#all.add(connection)
        if (call.ended) this.release(connection)
        else call.begin(connection)
      },
      (error: unknown) => {
        if (!attempt.settle()) return
        this.#resolver.failed()
        call.fail(
          new Failure('connect-refused', `no connection to ${this.config.authority}: ${describe(error)}`, {
            cause: error,
          }),
          false,
        )
        this.#connectNext()
      },
    )
  }

  /** Opens a connection to the first address that answers; undefined when the time for it had passed. */
  async #open(attempt: Attempt): Promise<OriginConnection | undefined> {
    const { socket: unix } = this.config.settings
    if (unix !== undefined) return this.#openAt({ unix }, attempt)
    const addresses = await this.#resolver.addresses()
    for (const [i, hostname] of addresses.entries()) {
      if (attempt.settled) break
      try {
        return await this.#openAt({ hostname, port: this.config.port }, attempt)
      } catch (error) {
        if (i === addresses.length - 1) throw error
      }
    }
    return undefined
  }

  #openAt(address: RemoteAddress, attempt: Attempt): Promise<OriginConnection | undefined> {
    return new Promise((resolve, reject) => {
      const connector: Connector = {
        opened: (socket) => {
          if (!attempt.settle()) {
            resolve(undefined)
            return undefined
          }
          const connection = new OriginConnection(
            socket,
            this.#reader,
            () => this.deps.clock.monotonicMs(),
            (closed) => this.#onClosed(closed),
          )
          resolve(connection)
          return connection
        },
        failed: reject,
        fault: (error) => this.deps.fault(error),
      }
      attempt.connecting = connect(address, connector, this.#tls)
    })
  }

  #onSweep(): void {
    const nowMs = this.deps.clock.monotonicMs()
    const { settings } = this.config
    for (const connection of this.#all) {
      const code = connection.overdue(nowMs, settings)
      if (code !== undefined) connection.failWith(code, `${this.config.authority} did not answer in time`)
    }
    // The longest unused stand first.
    while (this.#idle.length > 0 && nowMs - this.#idle[0]!.idleSinceMs > settings.idleTime) {
      this.#idle.shift()!.abort()
    }
    while (this.#queue.length > 0 && nowMs - this.#queue[0]!.queuedMs > settings.queueTime) {
      const call = this.#queue.shift()!
      this.#refuse(call, `no connection to ${this.config.authority} became free in time`)
    }
    if (this.#closing && this.#all.size === 0 && this.#connecting === 0) this.#sweep.cancel()
  }
}

/** A connection on its way, until it is there, has failed, or has taken too long: whichever is first. */
class Attempt {
  settled = false
  connecting: Connecting | undefined

  constructor(private readonly onSettled: () => void) {}

  /** False: it was settled already. */
  settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.onSettled()
    return true
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : error.message
}
