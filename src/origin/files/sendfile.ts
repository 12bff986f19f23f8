// The system call sendfile(2): the kernel puts pages of a file into a socket by itself, without a copy through this
// process. Bun's sockets have no such method, so it is called through the C library, on Linux; elsewhere, and where the
// library is not found, files go through memory (pour.ts).
//
// Only for sockets whose bytes go out as they are: the kernel would put clear text into a TLS connection.
import { dlopen, FFIType } from 'bun:ffi'

/** glibc, and musl under the names that distributions give it. */
const libraries = ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]

type SendFile = (socketFd: number, fileFd: number, position: Uint32Array, bytes: number) => number | bigint

let loaded: SendFile | 'missing' | undefined

/** Where in the file to begin, as the kernel reads it: 64 bits, little-endian on every machine that Bun runs on. */
const offset = new Uint32Array(2)

/**
 * Puts up to `bytes` of a file, from `position`, into a socket. Returns how many it took: 0 at the end of the file, and
 * a negative number when it takes none now, is closed, or the call is not to be had.
 */
export function sendFile(socketFd: number, fileFd: number, position: number, bytes: number): number {
  loaded ??= load()
  if (loaded === 'missing' || socketFd < 0) return -1
  offset[0] = position >>> 0
  offset[1] = Math.floor(position / 2 ** 32)
  return Number(loaded(socketFd, fileFd, offset, bytes))
}

function load(): SendFile | 'missing' {
  if (process.platform !== 'linux') return 'missing'
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, {
        sendfile: {
          args: [FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u64_fast],
          returns: FFIType.i64_fast,
        },
      })
      return symbols.sendfile
    } catch {
      // The next name, or none: then files go through memory.
    }
  }
  return 'missing'
}
