// Listening sockets that several processes share: opened by one process and handed to the others. A connection that
// waits in such a socket's queue outlives the process that was to accept it: whoever holds the socket next takes it up.
// With a socket of each process's own the kernel resets what waits there when the process ends.
//
// The runtime opens sockets only to accept on them itself, and hands none over; so these calls go through the C library
// (src/net/libc.ts): socket(7), unix(7) (SCM_RIGHTS), on Linux alone. Structures are those of 64-bit machines.
import { GivenAddress, internetAddress } from '../net/address.ts'
import { errno, KernelWords, libc, pointerTo, systemError, type Libc } from '../net/libc.ts'
import { openListening, prepareListening, type Sharing } from '../net/listening-socket.ts'
import { SystemError } from '../net/socket.ts'

const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_SEQPACKET = 5
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_TYPE = 3
const SO_ACCEPTCONN = 30
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x40000000
const F_GETFL = 3
const F_SETFL = 4
const F_DUPFD_CLOEXEC = 1030
const O_NONBLOCK = 0o4000
/** The first descriptor after those of standard input and output. */
const DESCRIPTOR_MIN = 3

/** An IP address and a port; 0 lets the system choose. */
export interface InternetAddress {
  readonly address: string
  readonly port: number
}

/** Whether sockets can be shared on this system. */
export function canShareSockets(): boolean {
  return libc() !== undefined
}

function calls(): Libc {
  const found = libc()
  if (found === undefined) throw new SystemError('sharing sockets', 'ENOSYS')
  return found
}

/** The result of a call; throws a SystemError when it is negative. */
function checked(call: string, result: number): number {
  if (result < 0) throw systemError(call, errno())
  return result
}

/**
 * Listens on an address and returns the descriptor and the port. `further`: beside others of this user on the same port,
 * between which the kernel spreads new connections; `first`: it is refused when anybody listens there.
 */
export function listenOn(
  { address, port }: InternetAddress,
  sharing: Exclude<Sharing, 'alone'>,
): { readonly descriptor: number; readonly port: number } {
  const c = calls()
  const name = internetAddress(c, address, port)
  if (name === undefined) throw new SystemError(`address ${address}`, 'EINVAL')
  const descriptor = openListening(name, sharing, c)
  const given = new GivenAddress(c)
  given.readOwn(descriptor)
  return { descriptor, port: given.port }
}

/** Where a socket listens for TCP; undefined: it does not, or is none. */
export function listensAt(descriptor: number): InternetAddress | undefined {
  const c = calls()
  if (
    socketOption(c, descriptor, SO_TYPE) !== SOCK_STREAM ||
    socketOption(c, descriptor, SO_ACCEPTCONN) !== 1
  )
    return undefined
  const given = new GivenAddress(c)
  given.readOwn(descriptor)
  return given.host === '' ? undefined : { address: given.host, port: given.port }
}

function socketOption(c: Libc, descriptor: number, option: number): number | undefined {
  const [value, length] = [new KernelWords(1), new KernelWords(1).set(4)]
  return c.getsockopt(descriptor, SOL_SOCKET, option, value.at, length.at) < 0 ? undefined : value.words[0]
}

/** Makes a socket that another program has opened as those are that we open: calls do not wait. Throws a SystemError. */
export function makeOwn(descriptor: number): void {
  const c = calls()
  prepareListening(descriptor, c)
  const flags = checked('fcntl', c.fcntl(descriptor, F_GETFL, 0))
  checked('fcntl', c.fcntl(descriptor, F_SETFL, flags | O_NONBLOCK))
}

/** Another descriptor of the same socket, which programs that are started do not get. */
export function duplicate(descriptor: number): number {
  return checked('fcntl', calls().fcntl(descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN))
}

/** Two ends of a channel through which descriptors are handed on: one to keep, one for the other process. */
export function descriptorChannel(): readonly [ours: number, theirs: number] {
  const ends = new KernelWords(2)
  checked(
    'socketpair',
    calls().socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.at),
  )
  return [ends.words[0]!, ends.words[1]!]
}

// struct msghdr with one byte of data and room for one descriptor. Kept for good, each with a buffer of its own: the
// kernel reads them by address.
const data = new Uint8Array(new ArrayBuffer(8))
const vector = new BigUint64Array(new ArrayBuffer(16))
const control = new DataView(new ArrayBuffer(24))
const header = new BigUint64Array(new ArrayBuffer(56))

function messageWith(descriptor: number): ReturnType<typeof pointerTo> {
  vector.set([BigInt(pointerTo(data)), 1n])
  control.setUint32(0, 20, true)
  control.setUint32(4, 0, true)
  control.setUint32(8, SOL_SOCKET, true)
  control.setUint32(12, SCM_RIGHTS, true)
  control.setInt32(16, descriptor, true)
  header.set([0n, 0n, BigInt(pointerTo(vector)), 1n, BigInt(pointerTo(control)), 24n, 0n])
  return pointerTo(header)
}

/** Hands a descriptor on; the other process finds it in its end of the channel, in order. */
export function sendDescriptor(channel: number, descriptor: number): void {
  checked('sendmsg', calls().sendmsg(channel, messageWith(descriptor), MSG_DONTWAIT | MSG_NOSIGNAL))
}

/** Takes the next descriptor that was handed on before. */
export function receiveDescriptor(channel: number): number {
  const message = messageWith(-1)
  const bytes = checked('recvmsg', calls().recvmsg(channel, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC))
  const descriptor = control.getInt32(16, true)
  if (bytes === 0 || descriptor < 0) throw new SystemError('recvmsg', 'EMPTY')
  return descriptor
}
