// Unix sockets for datagrams (unix(7)), through the C library: the runtime has none.
import { closeSync } from 'node:fs'
import { unixAddress, type KernelAddress } from './address.ts'
import { errno, libc, pointerTo, systemError, type Libc } from './libc.ts'
import { SystemError } from './socket.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const MSG_NOSIGNAL = 0x4000

/** A socket that receives at a path, which nobody else has; whoever opens it closes it. Throws a SystemError. */
export function receiveDatagrams(path: string): number {
  return opened(path, 'bind')
}

/** A socket that sends to a path, or to a name of Linux's abstract namespace (`@name`). Throws a SystemError. */
export function sendDatagrams(path: string): number {
  return opened(path, 'connect')
}

/** Sends one datagram. Throws a SystemError: nobody receives there, or not fast enough. */
export function sendDatagram(path: string, octets: Uint8Array): void {
  const fd = sendDatagrams(path)
  try {
    if (calls().send(fd, pointerTo(octets), octets.length, MSG_NOSIGNAL) < 0)
      throw systemError('send', errno())
  } finally {
    closeSync(fd)
  }
}

function calls(): Libc {
  const found = libc()
  if (found === undefined) throw new SystemError('datagrams over unix sockets', 'ENOSYS')
  return found
}

function opened(path: string, call: 'bind' | 'connect'): number {
  const c = calls()
  const { octets } = path.startsWith('@') ? abstractAddress(path.slice(1)) : unixAddress(path)
  const fd = c.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw systemError('socket', errno())
  if (c[call](fd, pointerTo(octets), octets.length) === 0) return fd
  const error = systemError(call, errno())
  closeSync(fd)
  throw error
}

/** Such a name begins with a zero octet, and ends where its length says. */
function abstractAddress(name: string): KernelAddress {
  const { family, octets } = unixAddress(`.${name}`)
  octets[2] = 0
  return { family, octets: octets.subarray(0, -1) }
}
