// Listens on one address: accepts connections, and ends them in order. With TLS: secure-listener.ts.
import { type Clock, nextTurn, type Timer, type Timers } from '../base/clock.ts'
import { IpSet } from '../base/ip-ranges.ts'
import type { Recorder } from '../base/record.ts'
import type { Http1Limits } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import { adopt, listen } from '../net/network.ts'
import type { Acceptor, Socket, SocketListener, SocketUser } from '../net/socket.ts'
import type { RequestHandler } from '../request/reply.ts'
import type { RequestLog } from '../request/request-log.ts'
import type { AddressCount, Admission } from './admission.ts'
import type { EdgeConnection } from './edge-connection.ts'
import { Http1Connection, type ListenerContext } from './http1-connection.ts'
import { OpenConnections } from './open-connections.ts'
import { ProxyHeader } from './proxy-protocol.ts'
import type { EdgeSettings, ListenAddress } from './settings.ts'
import { nothingTold } from './told-fields.ts'
import { TrustedPeers } from './trust.ts'

/** How often time limits are looked at. */
const SWEEP_MS = 250
/** Connections that come to a limit in one turn: where thousands do at once, others are served in between. */
const OVERDUE_MAX = 8
/** Connections that are looked at in one turn, which costs little where nothing comes of it. */
const LOOKED_AT_MAX = 1024

/** What a configuration says of a listener. */
export interface ListenerConfig {
  readonly engine: RequestHandler
  readonly limits: Http1Limits
  readonly settings: EdgeSettings
}

/** What a listener is made of. */
export interface EdgeListenerParts extends ListenerConfig {
  readonly recorder: Recorder
  /** The access log; undefined: there is none. */
  readonly log: RequestLog | undefined
  readonly clock: Clock
  readonly timers: Timers
  /** Shared by all listeners. */
  readonly admission: Admission
  /** A socket that listens on the address already, opened for several processes; undefined: one is opened here. */
  readonly descriptor?: number | undefined
  /** A fault of Myriad's own: an exception while a connection was served. That connection is ended. */
  fault(error: Error): void
}

/** Listens on one address. */
export class EdgeListener implements ListenerContext {
  engine: RequestHandler
  readonly recorder: Recorder
  readonly log: RequestLog | undefined
  readonly clock: Clock
  reader: RequestReader
  settings: EdgeSettings
  trusted: TrustedPeers
  draining = false
  readonly scheme: 'http' | 'https' = 'http'
  told = nothingTold
  readonly fault: (error: Error) => void
  readonly #timers: Timers
  readonly #admission: Admission
  /** Whose connections begin with the PROXY protocol. */
  #announcing: IpSet
  readonly #connections: OpenConnections<EdgeConnection>
  readonly #listener: SocketListener
  readonly #sweep: Timer
  /** Those that the sweep under way has still to look at. */
  #unswept: Iterator<EdgeConnection> | undefined
  #onEmpty: (() => void) | undefined

  /** Listens at once; throws the system's error when it cannot. */
  constructor(address: ListenAddress, parts: EdgeListenerParts) {
    this.#timers = parts.timers
    this.engine = parts.engine
    this.recorder = parts.recorder
    this.log = parts.log
    this.clock = parts.clock
    this.fault = (error) => parts.fault(error)
    this.reader = new RequestReader(parts.limits)
    this.settings = parts.settings
    this.trusted = new TrustedPeers(parts.settings.trust)
    this.#admission = parts.admission
    this.#announcing = IpSet.of(parts.settings.proxyProtocol)
    this.#connections = new OpenConnections(parts.settings.connectionsMax)
    const acceptor: Acceptor = {
      accept: (socket) => {
        const peer = socket.remoteAddress
        const counted = this.#admit(peer)
        if (counted === undefined) return undefined
        return this.begin(socket, counted)
      },
      fault: this.fault,
    }
    const { descriptor } = parts
    this.#listener = descriptor === undefined ? listen(address, acceptor) : adopt(descriptor, acceptor)
    this.#sweep = parts.timers.every(SWEEP_MS, () => {
      this.#listener.wake()
      if (this.#unswept !== undefined) return
      this.#unswept = this.#connections.values()
      this.#sweepSome()
    })
  }

  get port(): number {
    return this.#listener.port
  }

  get hostname(): string {
    return this.#listener.hostname
  }

  /** Another handler, other settings and limits, from each connection's next request or wait on. */
  configure({ engine, settings, limits }: ListenerConfig): void {
    this.engine = engine
    this.settings = settings
    this.trusted = new TrustedPeers(settings.trust)
    this.reader = new RequestReader(limits, this.scheme)
    this.#announcing = IpSet.of(settings.proxyProtocol)
    this.#connections.max = settings.connectionsMax
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Looks at the time limits of some connections, and of the others in the turns that follow. */
  #sweepSome(): void {
    const nowMs = this.clock.monotonicMs()
    const headTimeMs = this.reader.limits.headTime
    for (let looked = 0, overdue = 0; looked < LOOKED_AT_MAX && overdue < OVERDUE_MAX; looked++) {
      const next = this.#unswept!.next()
      if (next.done === true) {
        this.#unswept = undefined
        return
      }
      const connection = next.value
      const { waitsSinceMs } = connection
      connection.sweep(nowMs, headTimeMs)
      // It has been answered, and waits anew, or it is gone.
      if (connection.waitsSinceMs !== waitsSinceMs || !this.#connections.has(connection)) overdue++
    }
    nextTurn(() => this.#sweepSome())
  }

  /** Counts a newcomer in; undefined when it is refused. */
  #admit(address: string): AddressCount | undefined {
    if (this.draining) return undefined
    const admitted = this.#admission.admit(address)
    if (typeof admitted === 'string') {
      this.recorder.refused(admitted)
      return undefined
    }
    if (this.#connections.makeRoom(this.clock.monotonicMs())) return admitted
    this.#admission.leave(admitted)
    this.recorder.refused('full')
    return undefined
  }

  /** A connection has been admitted: who serves it. */
  protected begin(socket: Socket, counted: AddressCount): SocketUser {
    const connection = new Http1Connection(socket, this)
    if (this.#announcing.has(socket.remoteAddress)) connection.proxyHeader = new ProxyHeader()
    return this.open(connection, counted)
  }

  /** Counts a connection among those that there are. */
  protected open<C extends EdgeConnection>(connection: C, counted: AddressCount | undefined): C {
    connection.counted = counted
    this.#connections.add(connection)
    return connection
  }

  /** Another connection has taken its place. */
  protected replaced(connection: EdgeConnection): void {
    this.#connections.delete(connection)
  }

  announced(connection: EdgeConnection, address: string): boolean {
    const admitted = this.#admission.admit(address)
    if (typeof admitted === 'string') {
      this.recorder.refused(admitted)
      return false
    }
    if (connection.counted !== undefined) this.#admission.leave(connection.counted)
    connection.counted = admitted
    return true
  }

  closed(connection: EdgeConnection): void {
    this.#connections.delete(connection)
    if (connection.counted !== undefined) this.#admission.leave(connection.counted)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  /**
   * Accepts no more; resolves when every connection has ended: those with a request after their answer, those without
   * after `graceMs`, in which another one may come that is on its way already.
   */
  drain(graceMs = 0): Promise<void> {
    this.draining = true
    this.#listener.stop()
    const endIdle = (): void => {
      for (const connection of this.#connections) connection.drain()
    }
    if (graceMs === 0) endIdle()
    else this.#timers.after(graceMs, endIdle)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onEmpty = () => {
      this.#sweep.cancel()
      resolve()
    }
    if (this.#connections.size === 0) this.#onEmpty()
    return promise
  }

  /** Ends the connections of those who have been banned since they came. */
  cutBanned(): void {
    for (const connection of this.#connections)
      if (this.#admission.bans.has(connection.client.address)) connection.cut()
  }

  /** Ends every connection that is left. */
  cut(): void {
    for (const connection of this.#connections) connection.cut()
  }
}
