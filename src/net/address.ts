// Socket addresses as the kernel has them (sockaddr_in, sockaddr_in6, sockaddr_un), and as text.
import { isIP } from 'node:net'
import { errno, KernelWords, systemError, type Libc } from './libc.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10

const IPV4_BYTES = 16
const IPV6_BYTES = 28
/** The longest path of a unix socket, its end included (sun_path). */
const UNIX_PATH_BYTES = 108

/** An address for the kernel. */
export interface KernelAddress {
  readonly family: number
  readonly octets: Uint8Array
}

/** An IP address and a port; undefined when the host is a name. */
export function internetAddress(calls: Libc, hostname: string, port: number): KernelAddress | undefined {
  const version = isIP(hostname)
  if (version === 0) return undefined
  const family = version === 4 ? AF_INET : AF_INET6
  const octets = Buffer.alloc(version === 4 ? IPV4_BYTES : IPV6_BYTES)
  octets.writeUInt16LE(family, 0)
  octets.writeUInt16BE(port, 2)
  const text = Buffer.from(`${hostname}\0`, 'latin1')
  const host = octets.subarray(version === 4 ? 4 : 8)
  // A zone (fe80::1%eth0) is not an address to the call: the runtime's sockets take it.
  return calls.inet_pton(family, text, host) === 1 ? { family, octets } : undefined
}

/** The address of a unix socket; throws when its path is too long. */
export function unixAddress(path: string): KernelAddress {
  const name = Buffer.from(path, 'utf8')
  if (name.length >= UNIX_PATH_BYTES) throw systemError('connect', 36)
  const octets = Buffer.alloc(2 + name.length + 1)
  octets.writeUInt16LE(AF_UNIX, 0)
  name.copy(octets, 2)
  return { family: AF_UNIX, octets }
}

/** Addresses that the kernel gives, one after the other in the same memory. */
export class GivenAddress {
  readonly #memory = new KernelWords(32)
  readonly #octets = Buffer.from(this.#memory.words.buffer as ArrayBuffer)
  readonly #length = new KernelWords(1)
  readonly #text = Buffer.alloc(64)
  #lastIpv4 = 0
  #lastText = '0.0.0.0'
  /** For calls that give one. */
  readonly at = this.#memory.at
  readonly lengthAt = this.#length.at

  constructor(private readonly calls: Libc) {}

  /** Before each such call. */
  prepare(): void {
    this.#length.words[0] = this.#octets.length
  }

  get port(): number {
    return this.#octets.readUInt16BE(2)
  }

  /** The host as text, IPv6 without brackets; empty for other kinds of sockets. */
  get host(): string {
    const octets = this.#octets
    const family = octets.readUInt16LE(0)
    if (family === AF_INET) {
      // A proxy in front, or a crowd behind one address, comes again and again.
      const word = octets.readInt32LE(4)
      if (word !== this.#lastIpv4) {
        this.#lastIpv4 = word
        this.#lastText = `${octets[4]}.${octets[5]}.${octets[6]}.${octets[7]}`
      }
      return this.#lastText
    }
    if (family !== AF_INET6) return ''
    this.calls.inet_ntop(family, octets.subarray(8), this.#text, this.#text.length)
    return this.#text.toString('latin1', 0, this.#text.indexOf(0))
  }

  /** Where a socket of this process is bound. */
  readOwn(fd: number): void {
    this.prepare()
    if (this.calls.getsockname(fd, this.at, this.lengthAt) < 0) throw systemError('getsockname', errno())
  }
}
