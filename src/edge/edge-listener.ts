// Listens on one address, in clear text or with TLS: accepts connections, and ends them in order.
import { type Clock, nextTurn, type Timer, type Timers } from '../base/clock.ts'
import { IpSet } from '../base/ip-ranges.ts'
import type { Recorder } from '../base/record.ts'
import type { Http1Limits } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import { Http2RequestReader } from '../http2/request-reader.ts'
import { adopt, listen } from '../net/network.ts'
import type { Acceptor, Socket, SocketListener, SocketUser } from '../net/socket.ts'
import type { SecuredProtocol, TlsContext } from '../net/tls-context.ts'
import type { RequestHandler } from '../request/reply.ts'
import type { RequestLog } from '../request/request-log.ts'
import type { AddressCount, Admission } from './admission.ts'
import type { EdgeConnection } from './edge-connection.ts'
import { Http1Connection, type ListenerContext } from './http1-connection.ts'
import { Http2Connection, type Http2Context } from './http2-connection.ts'
import { OpenConnections } from './open-connections.ts'
import { ProxyHeader } from './proxy-protocol.ts'
import { SecuringConnection, type Securing } from './securing-connection.ts'
import type { EdgeSettings, ListenAddress } from './settings.ts'
import { nothingTold, type ToldFields } from './told-fields.ts'
import { TrustedPeers } from './trust.ts'

/** How often time limits are looked at. */
const SWEEP_MS = 250
/** Connections that are looked at in one turn: where thousands come to a limit at once, others are served in between. */
const SWEPT_MAX = 16

/** What a configuration says of a listener. */
export interface ListenerConfig {
  readonly engine: RequestHandler
  readonly limits: Http1Limits
  readonly settings: EdgeSettings
}

/** What a listener with TLS shows, and tells. */
export interface Secure {
  readonly context: TlsContext
  readonly told: ToldFields
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
  /** Undefined: clear text. */
  readonly secure?: Secure
  /** A fault of Myriad's own: an exception while a connection was served. That connection is ended. */
  fault(error: Error): void
}

/** Listens on one address. */
export class EdgeListener implements ListenerContext, Http2Context, Securing {
  engine: RequestHandler
  readonly recorder: Recorder
  readonly log: RequestLog | undefined
  readonly clock: Clock
  reader: RequestReader
  http2Reader: Http2RequestReader
  settings: EdgeSettings
  trusted: TrustedPeers
  draining = false
  readonly fault: (error: Error) => void
  #secure: Secure | undefined
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
    this.#secure = parts.secure
    this.reader = new RequestReader(parts.limits, this.scheme)
    this.http2Reader = new Http2RequestReader(parts.limits, this.scheme)
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
        if (this.#secure !== undefined) return this.#begin(socket, this.#secure.context, counted)
        const connection = new Http1Connection(socket, this)
        connection.counted = counted
        if (this.#announcing.has(peer)) connection.proxyHeader = new ProxyHeader()
        this.#connections.add(connection)
        return connection
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

  get scheme(): 'http' | 'https' {
    return this.#secure === undefined ? 'http' : 'https'
  }

  get told(): ToldFields {
    return this.#secure?.told ?? nothingTold
  }

  get port(): number {
    return this.#listener.port
  }

  get hostname(): string {
    return this.#listener.hostname
  }

  /** Shown from the next connection on, and told from the next answer on. */
  secure(secure: Secure): void {
    this.#secure?.context.free()
    this.#secure = secure
  }

  /** Told from the next answer on. */
  tell(told: ToldFields): void {
    this.#secure = { ...this.#secure!, told }
  }

  /** Another handler, other settings and limits, from each connection's next request or wait on. */
  configure({ engine, settings, limits }: ListenerConfig): void {
    this.engine = engine
    this.settings = settings
    this.trusted = new TrustedPeers(settings.trust)
    this.reader = new RequestReader(limits, this.scheme)
    this.http2Reader = new Http2RequestReader(limits, this.scheme)
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
    for (let i = 0; i < SWEPT_MAX; i++) {
      const next = this.#unswept!.next()
      if (next.done === true) {
        this.#unswept = undefined
        return
      }
      next.value.sweep(nowMs, headTimeMs)
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

  #begin(socket: Socket, context: TlsContext, counted: AddressCount): SocketUser {
    const connection = new SecuringConnection(socket, context, this)
    connection.counted = counted
    this.#connections.add(connection)
    return connection.socket
  }

  secured(securing: SecuringConnection, protocol: SecuredProtocol): SocketUser {
    const { socket } = securing
    const connection =
      protocol === 'h2' ? new Http2Connection(socket, this) : new Http1Connection(socket, this)
    connection.counted = securing.counted
    this.#connections.delete(securing)
    this.#connections.add(connection)
    return connection
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
