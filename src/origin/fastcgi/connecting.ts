// Opening a connection to a FastCGI application, over a unix socket or TCP.
import { Failure } from '../../base/failure.ts'
import { connect, type RemoteAddress } from '../../net/network.ts'
import type { Connecting as ConnectingSocket, Connector, Socket, SocketUser } from '../../net/socket.ts'
import type { Resolver } from '../http/resolver.ts'
import type { FastCgiAddress } from './settings.ts'

/** What becomes of an attempt: one of the first two is called, once. */
interface Outcome {
  opened(socket: Socket): SocketUser
  failed(failure: Failure): void
  /** An exception while the socket was served: a fault of Myriad's own. */
  fault(error: unknown): void
}

/** A connection on its way, until it is there, has failed, or has taken too long: whichever is first. */
export class Connecting {
  #settled = false
  #socket: ConnectingSocket | undefined

  constructor(
    readonly sinceMs: number,
    private readonly outcome: Outcome,
  ) {}

  get isSettled(): boolean {
    return this.#settled
  }

  fail(failure: Failure): void {
    if (this.#settled) return
    this.#settled = true
    this.#socket?.cancel()
    this.outcome.failed(failure)
  }

  fault(error: unknown): void {
    this.outcome.fault(error)
  }

  /** Tries one address; rejects when there is no connection to it. */
  to(address: RemoteAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      const connector: Connector = {
        opened: (socket) => {
          resolve()
          if (this.#settled) return undefined
          this.#settled = true
          return this.outcome.opened(socket)
        },
        failed: reject,
        fault: (error) => this.fault(error),
      }
      this.#socket = connect(address, connector)
    })
  }
}

/** Opens a socket, at the first address that answers; never rejects. `name`: what the application is called in failures. */
export async function openSocket(
  address: FastCgiAddress,
  resolver: Resolver | undefined,
  name: string,
  connecting: Connecting,
): Promise<void> {
  try {
    if (address.kind === 'unix') await connecting.to({ unix: address.path })
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
      await connecting.to({ hostname, port })
      return
    } catch (error) {
      if (i === hosts.length - 1) throw error
    }
  }
}

function connectFailure(name: string, error: unknown): Failure {
  const code = (error as { code?: unknown } | null)?.code
  const why = typeof code === 'string' ? code : String(error)
  return new Failure('connect-refused', `no connection to ${name}: ${why}`, { cause: error })
}
