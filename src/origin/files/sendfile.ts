// The system call sendfile(2): the kernel puts pages of a file into a socket by itself, without a copy through this
// process; and send(2) for the head before them. Bun's sockets have no such methods, so they are called through the C library, on Linux; elsewhere, and where the
// library is not found, files go through memory (pour.ts).
//
// Only for sockets whose bytes go out as they are: the kernel would put clear text into a TLS connection.
import { dlopen, FFIType } from 'bun:ffi'

/** glibc, and musl under the names that distributions give it. */
const libraries = ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]

interface Calls {
  sendfile(socketFd: number, fileFd: number, position: Uint32Array, bytes: number): number | bigint
  send(socketFd: number, bytes: Uint8Array, length: number, flags: number): number | bigint
}

let loaded: Calls | 'missing' | undefined

/** Where in the file to begin, as the kernel reads it: 64 bits, little-endian on every machine that Bun runs on. */
const offset = new Uint32Array(2)

/** MSG_DONTWAIT, MSG_NOSIGNAL and MSG_MORE (send(2)): more follows at once, so no packet is made of these bytes alone. */
const MORE = 0x40 | 0x4000 | 0x8000

/**
 * Puts up to `bytes` of a file, from `position`, into a socket. Returns how many it took: 0 at the end of the file, and
 * a negative number when it takes none now, is closed, or the call is not to be had.
 */
export function sendFile(socketFd: number, fileFd: number, position: number, bytes: number): number {
  loaded ??= load()
  if (loaded === 'missing' || socketFd < 0) return -1
  offset[0] = position >>> 0
  offset[1] = Math.floor(position / 2 ** 32)
  return Number(loaded.sendfile(socketFd, fileFd, offset, bytes))
}

/** Puts the first `count` of these bytes into a socket, to go out together with what follows. Returns how many it took. */
export function sendMore(socketFd: number, bytes: Uint8Array, count: number): number {
  loaded ??= load()
  if (loaded === 'missing' || socketFd < 0) return 0
  return Math.max(0, Number(loaded.send(socketFd, bytes, count, MORE)))
}

function load(): Calls | 'missing' {
  if (process.platform !== 'linux') return 'missing'
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, {
        sendfile: {
          args: [FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u64_fast],
          returns: FFIType.i64_fast,
        },
        send: { args: [FFIType.i32, FFIType.ptr, FFIType.u64_fast, FFIType.i32], returns: FFIType.i64_fast },
      })
      return symbols
    } catch {
      // The next name, or none: then files go through memory.
    }
  }
  return 'missing'
}
