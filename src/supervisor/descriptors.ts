// Listening sockets that several processes share: opened by one process and handed to the others. A connection that
// waits in such a socket's queue outlives the process that was to accept it: whoever holds the socket next takes it up.
// With a socket of each process's own the kernel resets what waits there when the process ends.
//
// The runtime opens sockets only to accept on them itself, and hands none over; so these calls go through the C library:
// socket(7), unix(7) (SCM_RIGHTS), on Linux alone. Structures are those of 64-bit machines.
import { dlopen, FFIType, ptr, read, type Pointer } from 'bun:ffi'
import { closeSync } from 'node:fs'
import { isIP } from 'node:net'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_SEQPACKET = 5
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_REUSEPORT = 15
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x40000000

/** Connections that may wait to be accepted; the kernel's own limit (`net.core.somaxconn`) is usually the same. */
const BACKLOG = 4096

const errorNames: Readonly<Record<number, string>> = {
  13: 'EACCES',
  22: 'EINVAL',
  24: 'EMFILE',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
}

/** A call that the system refused; `code` as the system names it. */
export class SystemError extends Error {
  override name = 'SystemError'

  constructor(
    call: string,
    readonly code: string,
  ) {
    super(`${call}: ${code}`)
  }
}

/** An IP address and a port; 0 lets the system choose. */
export interface SocketAddress {
  readonly address: string
  readonly port: number
}

/** Where glibc and musl keep the number of the last error. */
const ERRNO = '__errno_location'

const signatures = {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  bind: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  listen: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  getsockname: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
  socketpair: { args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  sendmsg: { args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i64_fast },
  recvmsg: { args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i64_fast },
  [ERRNO]: { args: [], returns: FFIType.ptr },
} as const

const load = (library: string) => dlopen(library, signatures).symbols

let loaded: ReturnType<typeof load> | 'missing' | undefined

function calls(): ReturnType<typeof load> | 'missing' {
  if (loaded !== undefined) return loaded
  if (process.platform !== 'linux') return (loaded = 'missing')
  for (const library of ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]) {
    try {
      return (loaded = load(library))
    } catch {
      // The next name, or none: then there is one process.
    }
  }
  return (loaded = 'missing')
}

/** Whether sockets can be shared on this system. */
export function canShareSockets(): boolean {
  return calls() !== 'missing'
}

function libc(): ReturnType<typeof load> {
  const found = calls()
  if (found === 'missing') throw new SystemError('sharing sockets', 'ENOSYS')
  return found
}

/** The result of a call; throws a SystemError when it is negative. */
function checked(call: string, result: number | bigint): number {
  const value = Number(result)
  if (value >= 0) return value
  const at = libc()[ERRNO]() as Pointer
  const number = read.i32(at)
  throw new SystemError(call, errorNames[number] ?? `error ${number}`)
}

/**
 * Listens on an address and returns the descriptor and the port. `shared`: beside others of this user on the same port,
 * between which the kernel spreads new connections; else it is refused when anybody listens there.
 */
export function listenOn(
  { address, port }: SocketAddress,
  shared: boolean,
): { readonly descriptor: number; readonly port: number } {
  const c = libc()
  const name = socketName(address, port)
  const family = name[0]!
  const descriptor = checked('socket', c.socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
  try {
    const set = (level: number, option: number, value: number): void =>
      void checked('setsockopt', c.setsockopt(descriptor, level, option, ptr(new Int32Array([value])), 4))
    set(SOL_SOCKET, SO_REUSEADDR, 1)
    if (family === AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, 0)
    // Before it is bound this lets it in beside others; after that, it only lets others in.
    if (shared) set(SOL_SOCKET, SO_REUSEPORT, 1)
    checked('bind', c.bind(descriptor, ptr(name), name.length))
    set(SOL_SOCKET, SO_REUSEPORT, 1)
    checked('listen', c.listen(descriptor, BACKLOG))
    const length = new Uint32Array([name.length])
    checked('getsockname', c.getsockname(descriptor, ptr(name), ptr(length)))
    return { descriptor, port: (name[2]! << 8) | name[3]! }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** struct sockaddr_in, or sockaddr_in6. */
function socketName(address: string, port: number): Uint8Array {
  const version = isIP(address)
  if (version === 0 || address.includes('%')) throw new SystemError(`address ${address}`, 'EINVAL')
  const name = new Uint8Array(version === 4 ? 16 : 28)
  name[0] = version === 4 ? AF_INET : AF_INET6
  name[2] = port >> 8
  name[3] = port & 0xff
  if (version === 4) name.set(address.split('.').map(Number), 4)
  else name.set(bytesOf6(address), 8)
  return name
}

const groups = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))

function bytesOf6(address: string): number[] {
  // The one way of writing it, and an IPv4 address at its end as two groups.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const before = groups(head)
  const after = groups(tail ?? '')
  const between = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return [...before, ...between, ...after].flatMap((group) => [group >> 8, group & 0xff])
}

/** Two ends of a channel through which descriptors are handed on: one to keep, one for the other process. */
export function descriptorChannel(): readonly [ours: number, theirs: number] {
  const ends = new Int32Array(2)
  checked(
    'socketpair',
    libc().socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ptr(ends)),
  )
  return [ends[0]!, ends[1]!]
}

// struct msghdr with one byte of data and room for one descriptor. Kept for good: the kernel reads them by address.
const data = new Uint8Array(1)
const vector = new BigUint64Array(2)
const control = new DataView(new ArrayBuffer(24))
const header = new BigUint64Array(7)

function messageWith(descriptor: number): Pointer {
  vector.set([BigInt(ptr(data)), 1n])
  control.setUint32(0, 20, true)
  control.setUint32(4, 0, true)
  control.setUint32(8, SOL_SOCKET, true)
  control.setUint32(12, SCM_RIGHTS, true)
  control.setInt32(16, descriptor, true)
  header.set([0n, 0n, BigInt(ptr(vector)), 1n, BigInt(ptr(control)), 24n, 0n])
  return ptr(header)
}

/** Hands a descriptor on; the other process finds it in its end of the channel, in order. */
export function sendDescriptor(channel: number, descriptor: number): void {
  checked('sendmsg', libc().sendmsg(channel, messageWith(descriptor), MSG_DONTWAIT | MSG_NOSIGNAL))
}

/** Takes the next descriptor that was handed on before. */
export function receiveDescriptor(channel: number): number {
  const message = messageWith(-1)
  const bytes = checked('recvmsg', libc().recvmsg(channel, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC))
  const descriptor = control.getInt32(16, true)
  if (bytes === 0 || descriptor < 0) throw new SystemError('recvmsg', 'EMPTY')
  return descriptor
}
