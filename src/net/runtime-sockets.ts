// The runtime's own sockets in the form that the protocols use: for TLS, for names instead of addresses, and for systems
// without epoll. What comes is in memory of its own, which is given back as soon as it has been read.
import { free } from '../base/free.ts'
import { nextTurn } from '../base/clock.ts'
import { asError } from '../base/thrown.ts'
import {
  KEEP_ALIVE_MS,
  type Acceptor,
  type Connecting,
  type Connector,
  type Socket,
  type SocketAddress,
  type SocketListener,
  type SocketUser,
} from './socket.ts'

/** Shorter pieces are left to the collector. */
const FREED_BYTES_MIN = 4096

/** What the runtime is asked of a TLS connection, and the judgement of its handshake. */
export interface TlsClient {
  readonly options: Bun.TLSOptions
  /** Why the peer is not accepted; undefined: it is. */
  refusal(success: boolean, error: Error | null): Error | undefined
}

interface State {
  user: SocketUser | undefined
  readonly wrapped: RuntimeSocket
}

type BunSocket = Bun.Socket<State | undefined>

/** A socket of the runtime's. */
class RuntimeSocket implements Socket {
  constructor(
    readonly inner: BunSocket,
    private readonly drained: () => void,
  ) {}

  get remoteAddress(): string {
    return this.inner.remoteAddress ?? ''
  }

  write(data: Uint8Array, byteOffset?: number, byteLength?: number): number {
    return this.inner.write(data, byteOffset, byteLength)
  }

  askDrain(): void {
    nextTurn(this.drained)
  }

  end(): void {
    left(this.inner)
    this.inner.end()
  }

  terminate(): void {
    left(this.inner)
    this.inner.terminate()
  }

  shutdown(): void {
    this.inner.shutdown()
  }

  pause(): void {
    this.inner.pause()
  }

  resume(): void {
    this.inner.resume()
  }
}

/** Listens at once; throws the system's error when it cannot. */
export function runtimeListen({ hostname, port }: SocketAddress, acceptor: Acceptor): SocketListener {
  const listener = Bun.listen<State | undefined>({
    hostname,
    port,
    allowHalfOpen: true,
    data: undefined,
    socket: {
      open: (socket) => {
        socket.setKeepAlive(true, KEEP_ALIVE_MS)
        const state = stateOf(socket)
        socket.data = state
        state.user = acceptor.accept(state.wrapped)
        if (state.user === undefined) socket.terminate()
      },
      ...served((error) => acceptor.fault(error)),
    },
  })
  return {
    hostname: listener.hostname,
    port: listener.port,
    stop: () => listener.stop(false),
    wake() {
      // The runtime tries again by itself.
    },
  }
}

/** Connects; with TLS it is opened after the handshake. */
export function runtimeConnect(
  address: SocketAddress | { readonly unix: string },
  tls: TlsClient | undefined,
  connector: Connector,
): Connecting {
  let settled = false
  let handshaking: BunSocket | undefined
  const fail = (error: Error): void => {
    if (settled) return
    settled = true
    connector.failed(error)
  }
  const open = (socket: BunSocket, state: State): void => {
    settled = true
    state.user = connector.opened(state.wrapped)
    if (state.user === undefined) socket.terminate()
  }
  const handlers = served((error) => connector.fault(error))
  const opening = Bun.connect<State | undefined>({
    ...address,
    ...(tls === undefined ? {} : { tls: tls.options }),
    allowHalfOpen: true,
    data: undefined,
    socket: {
      ...handlers,
      open: (socket: BunSocket) => {
        socket.setKeepAlive(true, KEEP_ALIVE_MS)
        if (settled) return socket.terminate()
        const state = stateOf(socket)
        socket.data = state
        if (tls === undefined) open(socket, state)
        else handshaking = socket
      },
      handshake: (socket: BunSocket, success: boolean, error: Error | null) => {
        const state = socket.data
        if (tls === undefined || settled || state === undefined) return
        const refusal = tls.refusal(success, error)
        if (refusal === undefined) return open(socket, state)
        socket.terminate()
        fail(refusal)
      },
      end: (socket: BunSocket) => {
        if (socket.data?.user !== undefined) return handlers.end(socket)
        socket.terminate()
        fail(new Error('closed while connecting'))
      },
      close: (socket: BunSocket, error?: Error) => {
        handlers.close(socket, error)
        fail(error ?? new Error('closed while connecting'))
      },
      error: (socket: BunSocket, error: Error) => {
        if (socket.data?.user !== undefined) return handlers.error(socket, error)
        socket.terminate()
        fail(error)
      },
      connectError: (_: BunSocket, error: Error) => fail(error),
    },
  } as unknown as Bun.TCPSocketConnectOptions<State | undefined>)
  // The same failure as `connectError`.
  opening.catch((error: unknown) => fail(asError(error)))
  return {
    cancel() {
      if (settled) return
      settled = true
      handshaking?.terminate()
    },
  }
}

function stateOf(socket: BunSocket): State {
  return { user: undefined, wrapped: new RuntimeSocket(socket, () => socket.data?.user?.onDrain()) }
}

/** What is told of a connected socket. */
function served(fault: (error: Error) => void) {
  return {
    data(socket: BunSocket, chunk: Buffer): void {
      socket.data?.user?.onData(chunk, chunk.length)
      if (chunk.length >= FREED_BYTES_MIN) free(chunk)
    },
    drain(socket: BunSocket): void {
      socket.data?.user?.onDrain()
    },
    end(socket: BunSocket): void {
      socket.data?.user?.onEnd()
    },
    close(socket: BunSocket, error?: Error): void {
      const user = left(socket)
      user?.onClose(error)
    },
    /** The runtime brings both here: what the network did, and what was thrown while it was handled. */
    error(socket: BunSocket, error: Error): void {
      const user = left(socket)
      const isFault = !('syscall' in error || 'code' in error)
      if (isFault) fault(error)
      try {
        if (isFault) user?.onFault(error)
        else user?.onClose(error)
      } catch (another) {
        fault(asError(another))
      }
      socket.terminate()
    },
  }
}

/** Nothing more is told to the user of a socket. */
function left(socket: BunSocket): SocketUser | undefined {
  const user = socket.data?.user
  if (socket.data !== undefined) socket.data.user = undefined
  return user
}
