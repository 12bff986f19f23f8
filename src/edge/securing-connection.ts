// A connection whose TLS handshake is under way: which protocol will be spoken on it is not known yet.
import type { Clock } from '../base/clock.ts'
import type { Socket, SocketUser } from '../net/socket.ts'
import type { SecuredProtocol, TlsContext } from '../net/tls-context.ts'
import { TlsSocket, type Handshaking } from '../net/tls-socket.ts'
import type { Client } from '../request/reply.ts'
import type { AddressCount } from './admission.ts'
import type { EdgeConnection } from './edge-connection.ts'

/** What it needs of its listener. */
export interface Securing {
  readonly clock: Clock
  /** It is secured: who serves it from now on. */
  secured(connection: SecuringConnection, protocol: SecuredProtocol): SocketUser
  closed(connection: EdgeConnection): void
  fault(error: Error): void
}

/** From accepted to secured, or closed. */
export class SecuringConnection implements EdgeConnection, Handshaking {
  counted: AddressCount | undefined
  /** With TLS. It is the user of the one below it. */
  readonly socket: TlsSocket
  readonly waitsSinceMs: number
  readonly isIdle = false
  #isSecured = false

  constructor(
    socket: Socket,
    context: TlsContext,
    private readonly listener: Securing,
  ) {
    this.waitsSinceMs = listener.clock.monotonicMs()
    this.socket = new TlsSocket(socket, context, this)
  }

  get client(): Client {
    return { address: this.socket.remoteAddress, trusted: false }
  }

  secured(protocol: SecuredProtocol): SocketUser {
    this.#isSecured = true
    return this.listener.secured(this, protocol)
  }

  failed(): void {
    this.listener.closed(this)
  }

  fault(error: Error): void {
    this.listener.fault(error)
  }

  /** A handshake is given as much time as a head. */
  sweep(nowMs: number, headTimeMs: number): void {
    if (nowMs - this.waitsSinceMs > headTimeMs) this.cut()
  }

  drain(): void {
    this.cut()
  }

  cut(): void {
    if (this.#isSecured) return
    this.socket.terminate()
    this.listener.closed(this)
  }
}
