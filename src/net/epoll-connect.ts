// Connecting over the event loop of our own.
import { EPOLLIN, EPOLLOUT, type EventLoop, type Polled } from './event-loop.ts'
import { EpollSocket } from './epoll-socket.ts'
import type { KernelAddress } from './address.ts'
import { Errno, errno, KernelWords, pointerTo, systemError, type Libc } from './libc.ts'
import { KEEP_ALIVE_MS, type Connecting, type Connector } from './socket.ts'

const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0x800
const SOCK_CLOEXEC = 0x80000
const SOL_SOCKET = 1
const SO_ERROR = 4
const SO_KEEPALIVE = 9
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const TCP_KEEPIDLE = 4

const one = new KernelWords(1).set(1)
const keepIdleSeconds = new KernelWords(1).set(KEEP_ALIVE_MS / 1000)
const failure = new KernelWords(1)
const failureLength = new KernelWords(1)

/** Connects; `remote`: what the peer's address is called. Throws the system's error when it fails at once. */
export function epollConnect(
  address: KernelAddress,
  remote: string,
  connector: Connector,
  calls: Libc,
  loop: EventLoop,
): Connecting {
  const fd = calls.socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw systemError('socket', errno())
  try {
    if (address.family !== AF_UNIX) {
      calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one.at, 4)
      calls.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, one.at, 4)
      calls.setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepIdleSeconds.at, 4)
    }
    if (calls.connect(fd, pointerTo(address.octets), address.octets.length) < 0) {
      const number = errno()
      if (number !== Errno.inProgress) throw systemError('connect', number)
    }
    const connecting = new EpollConnecting(fd, remote, connector, calls, loop)
    loop.watch(fd, connecting, EPOLLOUT)
    return connecting
  } catch (error) {
    calls.close(fd)
    throw error
  }
}

/** A socket that is connecting, or is connected and has not been told so. */
class EpollConnecting implements Polled, Connecting {
  pollId = 0
  #isOver = false

  constructor(
    private readonly fd: number,
    private readonly remote: string,
    private readonly connector: Connector,
    private readonly calls: Libc,
    private readonly loop: EventLoop,
  ) {}

  onPoll(): void {
    const { fd, calls, loop, connector } = this
    this.#isOver = true
    failure.words[0] = 0
    failureLength.words[0] = 4
    calls.getsockopt(fd, SOL_SOCKET, SO_ERROR, failure.at, failureLength.at)
    if (failure.words[0] !== 0) {
      loop.forget(fd)
      calls.close(fd)
      connector.failed(systemError('connect', failure.words[0]!))
      return
    }
    const socket = new EpollSocket(fd, this.remote, calls, loop, (error) => connector.fault(error))
    loop.hand(fd, socket, EPOLLIN)
    const user = connector.opened(socket)
    if (user === undefined) socket.terminate()
    else socket.serve(user)
  }

  onFault(error: Error): void {
    this.connector.fault(error)
  }

  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.loop.forget(this.fd)
    this.calls.close(this.fd)
  }
}
