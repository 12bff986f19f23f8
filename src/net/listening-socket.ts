// Opens listening sockets through the C library.
import type { KernelAddress } from './address.ts'
import { errno, KernelWords, pointerTo, systemError, type Libc } from './libc.ts'
import { KEEP_ALIVE_MS } from './socket.ts'

const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0x800
const SOCK_CLOEXEC = 0x80000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_KEEPALIVE = 9
const SO_REUSEPORT = 15
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const TCP_KEEPIDLE = 4

/** Connections that wait to be accepted; the kernel has a limit of its own (net.core.somaxconn). */
const BACKLOG = 4096

/**
 * Who else may listen on the same address, so that the kernel deals connections out to all of them (SO_REUSEPORT):
 * nobody; those who come later; or others are there already.
 */
export type Sharing = 'alone' | 'first' | 'further'

/** Opens a socket that listens and does not block; throws the system's error. Whoever opens it closes it. */
export function openListening(address: KernelAddress, sharing: Sharing, calls: Libc): number {
  const fd = calls.socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw systemError('socket', errno())
  try {
    bindAndListen(fd, address, sharing, calls)
    return fd
  } catch (error) {
    calls.close(fd)
    throw error
  }
}

/** Sets what the connections that are accepted on it inherit; throws the system's error. */
export function prepareListening(fd: number, calls: Libc): void {
  set(calls, fd, SOL_SOCKET, SO_KEEPALIVE, 1)
  set(calls, fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_ALIVE_MS / 1000)
  set(calls, fd, IPPROTO_TCP, TCP_NODELAY, 1)
}

function set(calls: Libc, fd: number, level: number, option: number, to: number): void {
  const value = new KernelWords(1).set(to)
  if (calls.setsockopt(fd, level, option, value.at, 4) < 0) throw systemError('setsockopt', errno())
}

function bindAndListen(fd: number, { octets }: KernelAddress, sharing: Sharing, calls: Libc): void {
  set(calls, fd, SOL_SOCKET, SO_REUSEADDR, 1)
  prepareListening(fd, calls)
  // Before it is bound this lets it in beside others; after that, it only lets others in.
  if (sharing === 'further') set(calls, fd, SOL_SOCKET, SO_REUSEPORT, 1)
  if (calls.bind(fd, pointerTo(octets), octets.length) < 0) throw systemError('bind', errno())
  if (sharing === 'first') set(calls, fd, SOL_SOCKET, SO_REUSEPORT, 1)
  if (calls.listen(fd, BACKLOG) < 0) throw systemError('listen', errno())
}
