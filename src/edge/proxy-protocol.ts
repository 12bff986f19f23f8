// The header by which a load balancer tells whose connection it passes on: PROXY protocol, version 1 (a line of text) and
// version 2 (binary), as haproxy's doc/proxy-protocol.txt specifies them (§2.1, §2.2). It stands before everything else, once.
//
// Octets may come in any pieces: what is not complete is copied and kept here. Read from those alone whom the owner names,
// who must send it: guessing whether there is one would let anybody say who he is (§2). Left out: destination addresses,
// ports, and the extensions (TLV) of version 2, which are passed over.
import { formatIp, parseIp } from '../base/ip-address.ts'

export type ProxyOutcome = 'complete' | 'incomplete' | 'refused'

const lineStart = Buffer.from('PROXY ', 'latin1')
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** The longest line of version 1, with its end (§2.1). */
const LINE_BYTES_MAX = 107
/** Signature, version and command, family, length. */
const FIXED_BYTES = 16
/** What version 2 needs of its addresses: two of IPv6, and ports. */
const ADDRESS_BYTES_MAX = 36
/** The longest rest of version 2. Senders ought to stay below 536 in all (§2.2); certificates in extensions may be longer. */
const REST_BYTES_MAX = 4_096

const CR = 13
const LF = 10

/** The header at the beginning of one connection. */
export class ProxyHeader {
  /** Where it ends in the octets that completed it. */
  next = 0
  /** The client's address; undefined when the header tells none, and the connection is the proxy's own. */
  address: string | undefined
  /** What is wrong with it. */
  problem: string | undefined
  readonly #kept = Buffer.allocUnsafe(LINE_BYTES_MAX)
  #keptBytes = 0
  /** Octets of version 2 that are still to be passed over. */
  #skipBytes = 0

  /** Reads on, from `from` to `to`. After 'complete' or 'refused' it is not called again. */
  read(octets: Uint8Array, from: number, to: number): ProxyOutcome {
    let at = from
    while (at < to && this.#skipBytes === 0) {
      this.#kept[this.#keptBytes++] = octets[at++]!
      const outcome = this.#kept[0] === lineStart[0] ? this.#line() : this.#binary()
      if (outcome !== undefined) return this.#end(outcome, at)
    }
    if (this.#skipBytes === 0) return 'incomplete'
    const passed = Math.min(this.#skipBytes, to - at)
    this.#skipBytes -= passed
    return this.#skipBytes === 0 ? this.#end('complete', at + passed) : 'incomplete'
  }

  #end(outcome: ProxyOutcome, at: number): ProxyOutcome {
    this.next = at
    return outcome
  }

  #refuse(problem: string): 'refused' {
    this.problem = `the PROXY header is not valid: ${problem}`
    return 'refused'
  }

  /** Version 1, of which one more octet has come; undefined: more are needed. */
  #line(): ProxyOutcome | undefined {
    const last = this.#keptBytes - 1
    if (last < lineStart.length && this.#kept[last] !== lineStart[last]) return this.#refuse('no signature')
    if (last > 0 && this.#kept[last] === LF && this.#kept[last - 1] === CR)
      return this.#readLine(this.#kept.latin1Slice(lineStart.length, last - 1))
    return this.#keptBytes === LINE_BYTES_MAX ? this.#refuse('no end of line') : undefined
  }

  #readLine(text: string): ProxyOutcome {
    // What follows the word is to be ignored.
    if (/^UNKNOWN($| )/.test(text)) return 'complete'
    const match = /^TCP([46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (\d{1,5}) (\d{1,5})$/.exec(text)
    if (match === null) return this.#refuse('not a line of version 1')
    const [, family, source, destination, ...ports] = match
    for (const address of [source!, destination!])
      if (parseIp(address) === undefined || address.includes(':') !== (family === '6'))
        return this.#refuse(`no address of TCP${family}`)
    if (ports.some((port) => Number(port) > 65_535 || /^0\d/.test(port))) return this.#refuse('no port')
    this.address = formatIp(parseIp(source!)!)
    return 'complete'
  }

  /** Version 2, as above. */
  #binary(): ProxyOutcome | undefined {
    const last = this.#keptBytes - 1
    if (last < signature.length && this.#kept[last] !== signature[last]) return this.#refuse('no signature')
    if (this.#keptBytes < FIXED_BYTES) return undefined
    const rest = this.#kept.readUInt16BE(14)
    if (this.#keptBytes === FIXED_BYTES) {
      const problem = fixedProblem(this.#kept[12]!, this.#kept[13]!, rest)
      if (problem !== undefined) return this.#refuse(problem)
    }
    const needed = Math.min(rest, ADDRESS_BYTES_MAX)
    if (this.#keptBytes < FIXED_BYTES + needed) return undefined
    this.#readAddress()
    this.#skipBytes = rest - needed
    return this.#skipBytes === 0 ? 'complete' : undefined
  }

  /** LOCAL is the proxy's own connection, a look at whether Myriad is alive; so is what is neither IPv4 nor IPv6. */
  #readAddress(): void {
    const isLocal = (this.#kept[12]! & 15) === 0
    const family = this.#kept[13]
    if (isLocal) return
    const word = (i: number): number => this.#kept.readUInt32BE(FIXED_BYTES + 4 * i)
    if (family === STREAM_IPV4) this.address = formatIp([word(0)])
    else if (family === STREAM_IPV6) this.address = formatIp([word(0), word(1), word(2), word(3)])
  }
}

const STREAM_IPV4 = 0x11
const STREAM_IPV6 = 0x21

/** What is wrong with version and command, family, and length (§2.2). */
function fixedProblem(versionAndCommand: number, family: number, restBytes: number): string | undefined {
  if (versionAndCommand >> 4 !== 2) return 'not version 2'
  const command = versionAndCommand & 15
  if (command > 1) return 'no such command'
  if (family >> 4 > 3 || (family & 15) > 2) return 'no such family'
  if (restBytes > REST_BYTES_MAX) return `longer than ${REST_BYTES_MAX} bytes`
  if (command === 0) return undefined
  const least = family === STREAM_IPV4 ? 12 : family === STREAM_IPV6 ? ADDRESS_BYTES_MAX : 0
  return restBytes < least ? 'too short for its addresses' : undefined
}
