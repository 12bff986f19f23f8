// Listening and connecting: over the event loop of our own where that can be, else by the runtime.
import { assert } from '../base/assert.ts'
import { asError } from '../base/thrown.ts'
import { internetAddress, unixAddress, type KernelAddress } from './address.ts'
import { epollConnect } from './epoll-connect.ts'
import { EpollListener } from './epoll-listener.ts'
import { EventLoop } from './event-loop.ts'
import { libc, type Libc } from './libc.ts'
import { runtimeConnect, runtimeListen, type TlsClient } from './runtime-sockets.ts'
import {
  type Acceptor,
  type Connecting,
  type Connector,
  type SocketAddress,
  type SocketListener,
} from './socket.ts'

/** Where to connect to. */
export type RemoteAddress = SocketAddress | { readonly unix: string }

/** Listens at once; throws the system's error when it cannot. */
export function listen(address: SocketAddress, acceptor: Acceptor): SocketListener {
  const calls = libc()
  const loop = EventLoop.get()
  const own =
    calls === undefined || loop === undefined
      ? undefined
      : EpollListener.listen(address, acceptor, calls, loop)
  return own ?? runtimeListen(address, acceptor)
}

/** Accepts on a socket that listens already and does not block, and closes it in the end. Needs epoll. */
export function adopt(descriptor: number, acceptor: Acceptor): SocketListener {
  const calls = libc()
  const loop = EventLoop.get()
  assert(calls !== undefined && loop !== undefined, 'a socket is handed on only where there is epoll')
  return EpollListener.adopt(descriptor, acceptor, calls, loop)
}

/** Connects, with TLS where that is asked for. */
export function connect(address: RemoteAddress, connector: Connector, tls?: TlsClient): Connecting {
  const calls = libc()
  const loop = EventLoop.get()
  if (calls === undefined || loop === undefined || tls !== undefined)
    return runtimeConnect(address, tls, connector)
  try {
    const own = kernelAddress(calls, address)
    if (own === undefined) return runtimeConnect(address, tls, connector)
    return epollConnect(own, 'unix' in address ? '' : address.hostname, connector, calls, loop)
  } catch (error) {
    // Whoever connects is not told before he has what is returned here.
    let isOver = false
    queueMicrotask(() => {
      if (!isOver) connector.failed(asError(error))
    })
    return {
      cancel() {
        isOver = true
      },
    }
  }
}

function kernelAddress(calls: Libc, address: RemoteAddress): KernelAddress | undefined {
  return 'unix' in address
    ? unixAddress(address.unix)
    : internetAddress(calls, address.hostname, address.port)
}
