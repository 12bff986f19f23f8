// The clear-text listener: accepts connections on one address, and ends them in order.
import type { Clock, Timer, Timers } from '../base/clock.ts'
import type { Recorder } from '../base/record.ts'
import type { Http1Limits } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import type { Engine } from '../request/engine.ts'
import { Http1Connection, type ListenerContext } from './http1-connection.ts'
import type { EdgeSettings, ListenAddress } from './settings.ts'
import { TrustedPeers } from './trust.ts'

/** How often time limits are looked at. */
const SWEEP_MS = 250
/** After so much silence the system asks whether the client's machine is still there (RFC 9293 §3.8.4). */
const KEEP_ALIVE_MS = 60_000

/** What a listener is made of. */
export interface Http1ListenerParts {
  readonly engine: Engine
  readonly recorder: Recorder
  readonly clock: Clock
  readonly timers: Timers
  readonly limits: Http1Limits
  readonly settings: EdgeSettings
  /** A socket that listens on the address already, opened for several processes; undefined: one is opened here. */
  readonly descriptor?: number | undefined
  /** A fault of Myriad's own: an exception while a connection was served. That connection is ended. */
  fault(error: Error): void
}

/** Listens on one address. */
export class Http1Listener implements ListenerContext {
  readonly engine: Engine
  readonly recorder: Recorder
  readonly clock: Clock
  reader: RequestReader
  settings: EdgeSettings
  trusted: TrustedPeers
  draining = false
  readonly #address: ListenAddress
  readonly #timers: Timers
  readonly #connections = new Set<Http1Connection>()
  readonly #listener: Bun.TCPSocketListener<Http1Connection | undefined>
  readonly #sweep: Timer
  #onEmpty: (() => void) | undefined

  /** Listens at once; throws the system's error when it cannot. */
  constructor(address: ListenAddress, parts: Http1ListenerParts) {
    this.#address = address
    this.#timers = parts.timers
    this.engine = parts.engine
    this.recorder = parts.recorder
    this.clock = parts.clock
    this.reader = new RequestReader(parts.limits)
    this.settings = parts.settings
    this.trusted = new TrustedPeers(parts.settings.trust)
    const { descriptor } = parts
    const { hostname, port } = address
    this.#listener = Bun.listen<Http1Connection | undefined>({
      ...(descriptor === undefined ? { hostname, port } : listeningSocket(descriptor)),
      allowHalfOpen: true,
      data: undefined,
      socket: {
        open: (socket) => {
          if (this.#connections.size >= this.settings.connectionsMax || this.draining) {
            socket.terminate()
            return
          }
          socket.setKeepAlive(true, KEEP_ALIVE_MS)
          const connection = new Http1Connection(socket, this, () => descriptorOf(socket))
          socket.data = connection
          this.#connections.add(connection)
        },
        data: (socket, chunk) => socket.data?.onData(chunk),
        drain: (socket) => socket.data?.onDrain(),
        end: (socket) => socket.data?.onEnd(),
        close: (socket) => socket.data?.onClose(),
        error: (socket, error) => {
          // The runtime brings both here: what the network did, and what was thrown while it was handled.
          if (!('syscall' in error)) parts.fault(error)
          socket.data?.cut()
        },
      },
    })
    this.#sweep = parts.timers.every(SWEEP_MS, () => {
      const nowMs = this.clock.monotonicMs()
      const headTimeMs = this.reader.limits.headTime
      for (const connection of this.#connections) connection.sweep(nowMs, headTimeMs)
    })
  }

  /** Of a socket that was opened elsewhere the runtime knows no address. */
  get port(): number {
    return this.#listener.port ?? this.#address.port
  }

  get hostname(): string {
    return this.#listener.hostname ?? this.#address.hostname
  }

  /** Other settings and limits, from each connection's next request or wait on. */
  configure(settings: EdgeSettings, limits: Http1Limits): void {
    this.settings = settings
    this.trusted = new TrustedPeers(settings.trust)
    this.reader = new RequestReader(limits)
  }

  get connections(): number {
    return this.#connections.size
  }

  closed(connection: Http1Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  /**
   * Accepts no more; resolves when every connection has ended: those with a request after their answer, those without
   * after `graceMs`, in which another one may come that is on its way already.
   */
  drain(graceMs = 0): Promise<void> {
    this.draining = true
    this.#listener.stop(false)
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

  /** Ends every connection that is left. */
  cut(): void {
    for (const connection of this.#connections) connection.cut()
  }
}

/** How the runtime is given a socket that listens already; its types know that only of sockets that are connected. */
function listeningSocket(descriptor: number): { readonly hostname: string; readonly port: number } {
  return { fd: descriptor } as unknown as { readonly hostname: string; readonly port: number }
}

/** The socket's file descriptor, which the types of Bun do not know; -1: closed. */
function descriptorOf(socket: object): number {
  return (socket as { fd?: number }).fd ?? -1
}
