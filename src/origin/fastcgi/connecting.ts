// Opening a connection to a FastCGI application, over a unix socket or TCP.
import { Failure } from '../../base/failure.ts'
import type { Resolver } from '../http/resolver.ts'
import type { FastCgiConnection, FastCgiSocket } from './connection.ts'
import type { FastCgiAddress } from './settings.ts'

/** What becomes of an attempt: one of the first two is called, once. */
interface Outcome {
  opened(socket: FastCgiSocket): FastCgiConnection
  failed(failure: Failure): void
  /** An exception while the socket was served: a fault of Myriad's own. */
  fault(error: unknown): void
}

/** A connection on its way, until it is there, has failed, or has taken too long: whichever is first. */
export class Connecting {
  #settled = false
  connection: FastCgiConnection | undefined

  constructor(
    readonly sinceMs: number,
    private readonly outcome: Outcome,
  ) {}

  get isSettled(): boolean {
    return this.#settled
  }

  open(socket: FastCgiSocket): void {
    if (this.#settled) return socket.terminate()
    this.#settled = true
    this.connection = this.outcome.opened(socket)
  }

  fail(failure: Failure): void {
    if (this.#settled) return
    this.#settled = true
    this.outcome.failed(failure)
  }

  /** The runtime brings both here: what the network did, and what was thrown while it was handled. */
  onError(error: Error): void {
    if ('syscall' in error) return this.connection?.onClose(error)
    this.fault(error)
    try {
      this.connection?.onFault()
    } catch (another) {
      this.fault(another)
    }
  }

  fault(error: unknown): void {
    this.outcome.fault(error)
  }
}

type Socket = Bun.Socket<Connecting>

/** The same for all connections: what belongs to one is its data. */
const handlers: Bun.SocketHandler<Connecting> = {
  open: (socket: Socket) => socket.data.open(socket),
  data: (socket: Socket, chunk: Buffer) => socket.data.connection?.onData(chunk),
  drain: (socket: Socket) => socket.data.connection?.onDrain(),
  end: (socket: Socket) => socket.data.connection?.onClose(undefined),
  close: (socket: Socket, error?: Error) => socket.data.connection?.onClose(error),
  error: (socket: Socket, error: Error) => {
    socket.data.onError(error)
    socket.terminate()
  },
}

/** Opens a socket, at the first address that answers; never rejects. `name`: what the application is called in failures. */
export async function openSocket(
  address: FastCgiAddress,
  resolver: Resolver | undefined,
  name: string,
  connecting: Connecting,
): Promise<void> {
  try {
    if (address.kind === 'unix') await connectTo({ unix: address.path }, connecting)
    else await connectToFirst(await resolver!.addresses(), address.port, connecting)
  } catch (error) {
    try {
      connecting.fail(connectFailure(name, error))
    } catch (fault) {
      connecting.fault(fault)
    }
  }
}

async function connectToFirst(hosts: readonly string[], port: number, connecting: Connecting): Promise<void> {
  for (const [i, hostname] of hosts.entries()) {
    if (connecting.isSettled) return
    try {
      await connectTo({ hostname, port }, connecting)
      return
    } catch (error) {
      if (i === hosts.length - 1) throw error
    }
  }
}

function connectTo(
  address: { unix: string } | { hostname: string; port: number },
  data: Connecting,
): Promise<unknown> {
  const options = { ...address, data, allowHalfOpen: true, socket: handlers }
  return Bun.connect(options as unknown as Bun.TCPSocketConnectOptions<Connecting>)
}

function connectFailure(name: string, error: unknown): Failure {
  const code = (error as { code?: unknown } | null)?.code
  const why = typeof code === 'string' ? code : String(error)
  return new Failure('connect-refused', `no connection to ${name}: ${why}`, { cause: error })
}
