// The system's calls on sockets, through the C library: what the runtime's own sockets do not offer is reading into memory
// that is used again and again, and sendfile(2). Linux alone; elsewhere, and where the library is not found, the runtime's
// sockets are used.
import { dlopen, FFIType, ptr, read, type Pointer } from 'bun:ffi'
import { getSystemErrorName } from 'node:util'
import { SystemError } from './socket.ts'

const { i32, u64_fast: size, ptr: address } = FFIType

/** glibc, and musl under the names that distributions give it. */
const libraries = ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]

// Calls that return a number of bytes are declared to return 32 bits: none of ours asks for more than that.
const declarations = {
  accept4: { args: [i32, address, address, i32], returns: i32 },
  bind: { args: [i32, address, i32], returns: i32 },
  clock_gettime: { args: [i32, address], returns: i32 },
  close: { args: [i32], returns: i32 },
  connect: { args: [i32, address, i32], returns: i32 },
  epoll_create1: { args: [i32], returns: i32 },
  epoll_ctl: { args: [i32, i32, i32, address], returns: i32 },
  epoll_wait: { args: [i32, address, i32, i32], returns: i32 },
  execve: { args: [address, address, address], returns: i32 },
  fcntl: { args: [i32, i32, i32], returns: i32 },
  flock: { args: [i32, i32], returns: i32 },
  getsockname: { args: [i32, address, address], returns: i32 },
  getsockopt: { args: [i32, i32, i32, address, address], returns: i32 },
  inet_ntop: { args: [i32, address, address, i32], returns: address },
  inet_pton: { args: [i32, address, address], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  recv: { args: [i32, address, size, i32], returns: i32 },
  recvmsg: { args: [i32, address, i32], returns: i32 },
  send: { args: [i32, address, size, i32], returns: i32 },
  sendfile: { args: [i32, i32, address, size], returns: i32 },
  sendmsg: { args: [i32, address, i32], returns: i32 },
  setsockopt: { args: [i32, i32, i32, address, i32], returns: i32 },
  shutdown: { args: [i32, i32], returns: i32 },
  socket: { args: [i32, i32, i32], returns: i32 },
  socketpair: { args: [i32, i32, i32, address], returns: i32 },
  __errno_location: { args: [], returns: address },
} as const

/** The calls, as the manual has them; -1 is a failure, and `errno` then says which. */
export type Libc = Omit<ReturnType<typeof dlopen<typeof declarations>>['symbols'], '__errno_location'> & {
  errnoLocation(): Pointer
}

let loaded: Libc | 'missing' | undefined

/** The calls; undefined where there are none. */
export function libc(): Libc | undefined {
  loaded ??= load()
  return loaded === 'missing' ? undefined : loaded
}

function load(): Libc | 'missing' {
  if (process.platform !== 'linux') return 'missing'
  for (const library of libraries) {
    try {
      // oxlint-disable-next-line no-underscore-dangle -- the name that the C library has for it
      const { __errno_location: errnoLocation, ...calls } = dlopen(library, declarations).symbols
      return { ...calls, errnoLocation: () => errnoLocation() as Pointer }
    } catch {
      // The next name, or none.
    }
  }
  return 'missing'
}

let errnoAt: Pointer | undefined

/** The number of the failure of the call before; to be asked at once. */
export function errno(): number {
  errnoAt ??= libc()!.errnoLocation()
  return read.i32(errnoAt, 0)
}

/** Memory whose place is known beforehand: `at` for the kernel, `words` for us. */
export class KernelWords {
  readonly words: Int32Array
  readonly at: Pointer

  constructor(count: number) {
    // With a buffer of its own: the engine moves the memory of short arrays that have none.
    this.words = new Int32Array(new ArrayBuffer(4 * count))
    this.at = ptr(this.words)
  }

  /** Writes all of it. */
  set(...values: readonly number[]): this {
    this.words.set(values)
    return this
  }
}

/** The failure of a system call, by its number. */
export function systemError(syscall: string, number: number): SystemError {
  return new SystemError(syscall, getSystemErrorName(-number))
}

/** Where in memory the octets of an array lie now; not to be kept, see KernelWords. */
export { ptr as pointerTo }

/** Numbers from the system's headers, which are the same on x86-64 and arm64. */
export const Errno = {
  intr: 4,
  again: 11,
  mfile: 24,
  nfile: 23,
  nobufs: 105,
  nomem: 12,
  inProgress: 115,
} as const
