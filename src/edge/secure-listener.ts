// Listens on one address with TLS over TCP: a connection is secured first, and what is spoken on it agreed on with that.
import type { Http1Limits } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import { Http2RequestReader } from '../http2/request-reader.ts'
import type { Socket, SocketUser } from '../net/socket.ts'
import type { SecuredProtocol, TlsContext } from '../net/tls-context.ts'
import type { AddressCount } from './admission.ts'
import { EdgeListener, type EdgeListenerParts, type ListenerConfig } from './edge-listener.ts'
import { Http1Connection } from './http1-connection.ts'
import { Http2Connection, type Http2Context } from './http2-connection.ts'
import { SecuringConnection, type Securing } from './securing-connection.ts'
import type { ListenAddress } from './settings.ts'

/** A listener whose connections are secured. */
export class SecureListener extends EdgeListener implements Http2Context, Securing {
  override readonly scheme = 'https'
  http2Reader: Http2RequestReader
  #context: TlsContext

  /** As EdgeListener; `context` is the listener's to free. */
  constructor(address: ListenAddress, parts: EdgeListenerParts, context: TlsContext) {
    super(address, parts)
    this.#context = context
    this.http2Reader = this.#read(parts.limits)
  }

  /** Shown from the next connection on. */
  secure(context: TlsContext): void {
    this.#context.free()
    this.#context = context
  }

  override configure(config: ListenerConfig): void {
    super.configure(config)
    this.http2Reader = this.#read(config.limits)
  }

  override drain(graceMs?: number): Promise<void> {
    const drained = super.drain(graceMs)
    this.#context.free()
    return drained
  }

  protected override begin(socket: Socket, counted: AddressCount): SocketUser {
    return this.open(new SecuringConnection(socket, this.#context, this), counted).socket
  }

  secured(securing: SecuringConnection, protocol: SecuredProtocol): SocketUser {
    const { socket, counted } = securing
    this.replaced(securing)
    return protocol === 'h2'
      ? this.open(new Http2Connection(socket, this), counted)
      : this.open(new Http1Connection(socket, this), counted)
  }

  #read(limits: Http1Limits): Http2RequestReader {
    this.reader = new RequestReader(limits, this.scheme)
    return new Http2RequestReader(limits, this.scheme)
  }
}
