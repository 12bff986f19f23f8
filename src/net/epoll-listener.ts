// A listening socket over the event loop of our own.
import { internetAddress, GivenAddress } from './address.ts'
import { EPOLLIN, type EventLoop, type Polled } from './event-loop.ts'
import { EpollSocket } from './epoll-socket.ts'
import { Errno, errno, systemError, type Libc } from './libc.ts'
import { openListening } from './listening-socket.ts'
import { type Acceptor, type SocketAddress, type SocketListener } from './socket.ts'

const SOCK_NONBLOCK = 0x800
const SOCK_CLOEXEC = 0x80000

/** Accepted in one turn: those that are connected get theirs in between. */
const ACCEPTED_MAX = 64

/** Listening, from its beginning. */
export class EpollListener implements SocketListener, Polled {
  pollId = 0
  readonly hostname: string
  readonly port: number
  #fd: number
  readonly #given: GivenAddress
  /** One for all of its connections. */
  readonly #fault = (error: Error): void => this.acceptor.fault(error)
  #rests = false
  /** Whether it has been told that none can be accepted. */
  #hasTold = false

  private constructor(
    fd: number,
    private readonly acceptor: Acceptor,
    private readonly calls: Libc,
    private readonly loop: EventLoop,
  ) {
    this.#fd = fd
    this.#given = new GivenAddress(calls)
    this.#given.readOwn(fd)
    this.hostname = this.#given.host
    this.port = this.#given.port
    loop.watch(fd, this, EPOLLIN)
  }

  /** Listens at once; throws the system's error when it cannot. Undefined: the host is not an IP address. */
  static listen(
    { hostname, port }: SocketAddress,
    acceptor: Acceptor,
    calls: Libc,
    loop: EventLoop,
  ): EpollListener | undefined {
    const address = internetAddress(calls, hostname === 'localhost' ? '127.0.0.1' : hostname, port)
    if (address === undefined) return undefined
    return EpollListener.adopt(openListening(address, 'alone', calls), acceptor, calls, loop)
  }

  /** Accepts on a socket that listens already and does not block; from here on it is the listener's to close. */
  static adopt(fd: number, acceptor: Acceptor, calls: Libc, loop: EventLoop): EpollListener {
    try {
      return new EpollListener(fd, acceptor, calls, loop)
    } catch (error) {
      calls.close(fd)
      throw error
    }
  }

  stop(): void {
    if (this.#fd < 0) return
    // Other processes may have the same socket: closing it here alone does not take it out of epoll's sight.
    this.loop.mute(this.#fd)
    this.loop.forget(this.#fd)
    this.calls.close(this.#fd)
    this.#fd = -1
  }

  onPoll(): void {
    const { calls, loop, acceptor } = this
    for (let accepted = 0; accepted < ACCEPTED_MAX && this.#fd >= 0; accepted++) {
      this.#given.prepare()
      const fd = calls.accept4(this.#fd, this.#given.at, this.#given.lengthAt, SOCK_NONBLOCK | SOCK_CLOEXEC)
      if (fd < 0) return this.#notAccepted(errno())
      this.#hasTold = false
      const socket = new EpollSocket(fd, this.#given.host, calls, loop, this.#fault)
      loop.watch(fd, socket, EPOLLIN)
      const user = acceptor.accept(socket)
      if (user === undefined) socket.terminate()
      else socket.serve(user)
    }
  }

  onFault(error: Error): void {
    this.acceptor.fault(error)
  }

  wake(): void {
    if (!this.#rests || this.#fd < 0) return
    this.#rests = false
    this.loop.change(this.#fd, this, EPOLLIN)
  }

  /** Without descriptors or memory nothing can be accepted for now, and epoll would tell of that for ever. */
  #notAccepted(number: number): void {
    if (number === Errno.again || this.#fd < 0) return
    const isScarce =
      number === Errno.mfile || number === Errno.nfile || number === Errno.nobufs || number === Errno.nomem
    if (!isScarce) return
    this.#rests = true
    this.loop.change(this.#fd, this, 0)
    if (!this.#hasTold) this.acceptor.fault(systemError('accept4', number))
    this.#hasTold = true
  }
}
