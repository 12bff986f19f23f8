// A connected socket over the event loop of our own (event-loop.ts): what comes is read into memory that all sockets
// share, and what is written goes to the kernel at once.
import { asError } from '../base/thrown.ts'
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, type EventLoop, type Polled } from './event-loop.ts'
import { Errno, errno, KernelWords, pointerTo, systemError, type Libc } from './libc.ts'
import { type Socket, type SocketUser } from './socket.ts'

const MSG_DONTWAIT = 0x40
/** A peer that has gone is an error and not a signal. */
const MSG_NOSIGNAL = 0x4000
const SEND = MSG_DONTWAIT | MSG_NOSIGNAL

const SHUT_WR = 1
const SOL_SOCKET = 1
const SO_ERROR = 4
const SO_LINGER = 13

/** What is read at once: more would not stay in the processor's cache until it is written. */
const RECEIVE_BYTES = 128 << 10
const received = Buffer.allocUnsafeSlow(RECEIVE_BYTES)
const receivedAt = pointerTo(received)

/** struct linger: at once, so that closing is a reset. */
const lingerNot = new KernelWords(2).set(1, 0)
/** Where in a file to begin, as the kernel reads it: 64 bits, little-endian on every machine that the runtime runs on. */
const filePosition = new KernelWords(2)
/** Where getsockopt puts a failure, and its length. */
const socketError = new KernelWords(1)
const errorLength = new KernelWords(1)

/** A socket, from connected to closed. */
export class EpollSocket implements Socket, Polled {
  pollId = 0
  #fd: number
  #events = EPOLLIN
  #user: SocketUser | undefined
  #paused = false
  /** The peer sends no more. */
  #ended = false
  /** Both sides have ended and the user does not read on: epoll would tell of that for ever. */
  #muted = false
  /** What a call has said of the connection: a later one no longer says it. */
  #broken: Error | undefined

  constructor(
    fd: number,
    readonly remoteAddress: string,
    private readonly calls: Libc,
    private readonly loop: EventLoop,
    private readonly fault: (error: Error) => void,
  ) {
    this.#fd = fd
  }

  /** Begins to tell `user`; the loop must know the socket by then. */
  serve(user: SocketUser): void {
    this.#user = user
  }

  write(data: Uint8Array, byteOffset = 0, byteLength = data.byteLength - byteOffset): number {
    const fd = this.#fd
    if (fd < 0) return -1
    const sent = this.calls.send(fd, pointerTo(data, byteOffset), byteLength, SEND)
    return sent === byteLength ? sent : this.#partly('send', sent)
  }

  /** By sendfile(2). */
  sendFile(fileFd: number, position: number, bytes: number): number {
    const fd = this.#fd
    if (fd < 0) return -1
    filePosition.words[0] = position
    filePosition.words[1] = Math.floor(position / 2 ** 32)
    const sent = this.calls.sendfile(fd, fileFd, filePosition.at, bytes)
    if (sent === bytes || sent === 0) return sent
    // A file that is shorter than it was looks like a socket that is full; the next call says 0.
    return this.#partly('sendfile', sent) || -1
  }

  askDrain(): void {
    if (this.#fd >= 0) this.#want(this.#events | EPOLLOUT)
  }

  end(): void {
    this.#close()
  }

  terminate(): void {
    if (this.#fd < 0) return
    this.calls.setsockopt(this.#fd, SOL_SOCKET, SO_LINGER, lingerNot.at, 8)
    this.#close()
  }

  shutdown(): void {
    if (this.#fd >= 0) this.calls.shutdown(this.#fd, SHUT_WR)
  }

  pause(): void {
    if (this.#paused || this.#fd < 0) return
    this.#paused = true
    if (!this.#ended) this.#want(this.#events & ~EPOLLIN)
  }

  resume(): void {
    if (!this.#paused || this.#fd < 0) return
    this.#paused = false
    if (!this.#ended) this.#want(this.#events | EPOLLIN)
  }

  onPoll(events: number): void {
    if ((events & EPOLLOUT) !== 0) {
      this.#want(this.#events & ~EPOLLOUT)
      this.#user!.onDrain()
      if (this.#fd < 0) return
    }
    if ((events & ~EPOLLOUT) === 0) return
    if (!this.#paused && !this.#ended) return this.#receive()
    // Nobody reads: nothing can be told but that the connection is gone.
    if ((events & EPOLLERR) !== 0) return this.#lose(this.#broken ?? this.#socketError())
    if ((events & EPOLLHUP) === 0) return
    if (this.#ended) return this.#lose(this.#broken)
    this.#muted = true
    this.loop.mute(this.#fd)
  }

  onFault(error: Error): void {
    const user = this.#user
    this.fault(error)
    this.terminate()
    try {
      user?.onFault(error)
    } catch (another) {
      this.fault(asError(another))
    }
  }

  #receive(): void {
    const count = this.calls.recv(this.#fd, receivedAt, RECEIVE_BYTES, MSG_DONTWAIT)
    if (count > 0) return this.#user!.onData(received, count)
    if (count < 0) {
      const number = errno()
      if (number === Errno.again || number === Errno.intr) return
      return this.#lose(this.#broken ?? systemError('recv', number))
    }
    // The end that follows a reset which a call before has told of is none.
    if (this.#broken !== undefined) return this.#lose(this.#broken)
    this.#ended = true
    this.#want(this.#events & ~EPOLLIN)
    this.#user!.onEnd()
  }

  /** A call took less than it was given; returns what it took. */
  #partly(syscall: string, sent: number): number {
    let taken = sent
    if (sent < 0) {
      const number = errno()
      taken = 0
      if (number !== Errno.again && number !== Errno.intr) {
        // epoll tells of it next; what has come before it is read first.
        this.#broken ??= systemError(syscall, number)
        return 0
      }
    }
    this.#want(this.#events | EPOLLOUT)
    return taken
  }

  #want(events: number): void {
    if (this.#muted) {
      if ((events & EPOLLIN) === 0) return
      this.#muted = false
      this.loop.unmute(this.#fd, this, events)
    } else if (events !== this.#events) this.loop.change(this.#fd, this, events)
    this.#events = events
  }

  #socketError(): Error {
    socketError.words[0] = 0
    errorLength.words[0] = 4
    this.calls.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, socketError.at, errorLength.at)
    return systemError('recv', socketError.words[0]!)
  }

  #lose(error: Error | undefined): void {
    const user = this.#user!
    this.#close()
    user.onClose(error)
  }

  #close(): void {
    const fd = this.#fd
    if (fd < 0) return
    this.#fd = -1
    this.#user = undefined
    this.loop.forget(fd)
    this.calls.close(fd)
  }
}
