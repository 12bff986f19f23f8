// What a connection is to the parts that speak a protocol over it: an order of octets each way, with back-pressure.
// Two kinds: our own over epoll (epoll-socket.ts), and the runtime's (runtime-sockets.ts), which has TLS and every
// system. One contract suite runs over both (socket-contract.ts).
import type { ByteSink } from '../base/outbox.ts'

/** A connected socket. After `end` or `terminate` nothing more is told of it. */
export interface Socket extends ByteSink {
  /** The peer's address; empty for a unix socket. */
  readonly remoteAddress: string
  /** Ends the connection; what the kernel has taken is still delivered. */
  end(): void
  /** Breaks the connection off (RST), so that the peer sees it was no end. */
  terminate(): void
  /** Ends this side alone: the peer may go on sending. */
  shutdown(): void
  /** Stops and restarts `onData`. */
  pause(): void
  resume(): void
}

/** Who uses a socket. */
export interface SocketUser {
  /**
   * Octets have come, up to `end`. They are lent: after the return they are overwritten, and whoever keeps some copies
   * them.
   */
  onData(octets: Buffer, end: number): void
  /** It takes more, after `write` has taken less than it was given. */
  onDrain(): void
  /** The peer sends no more; it may still read. Once our own side has ended it may be `onClose` that says so. */
  onEnd(): void
  /** The socket is gone. */
  onClose(error: Error | undefined): void
  /** It has thrown `error`: the socket is gone, and what has been sent and read is not known any more. */
  onFault(error: Error): void
}

/** Where to listen or to connect to. */
export interface SocketAddress {
  /** An address or a name, IPv6 without its brackets. */
  readonly hostname: string
  readonly port: number
}

/** How a listener is told of its connections. */
export interface Acceptor {
  /** A connection has come; undefined: it is not wanted, and broken off. */
  accept(socket: Socket): SocketUser | undefined
  /** A fault of Myriad's own while a connection was served, which is ended; or why none can be accepted. */
  fault(error: Error): void
}

/** What listens on an address. */
export interface SocketListener {
  readonly hostname: string
  readonly port: number
  /** Accepts no more. */
  stop(): void
  /** Tries again to accept, after there were no descriptors left for it; to be called now and then. */
  wake(): void
}

/** Being connected. */
export interface Connecting {
  /** Gives it up, if it is not connected yet: nothing is told of it any more. */
  cancel(): void
}

/** How whoever connects is told of it: one of the first two is called, once, and not before `connect` has returned. */
export interface Connector {
  /** Undefined: it is not wanted any more, and broken off. */
  opened(socket: Socket): SocketUser | undefined
  failed(error: Error): void
  /** An exception while the connection was served: a fault of Myriad's own. The connection is ended. */
  fault(error: Error): void
}

/** After so long without an octet the system asks whether the peer is still there (RFC 9293 §3.8.4). */
export const KEEP_ALIVE_MS = 60_000

/** An error of the system, as the runtime itself would put it. */
export class SystemError extends Error {
  override name = 'SystemError'

  constructor(
    readonly syscall: string,
    /** Its name, such as ECONNREFUSED. */
    readonly code: string,
  ) {
    super(`${syscall}: ${code}`)
  }
}
