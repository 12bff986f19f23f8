// Records of the FastCGI 1.0 specification (§3.3, §5, §8): the frames in which a request goes to an application and its
// answer comes back. Pure: no I/O, and any split of the octets gives the same result.
//
// One request at a time on a connection, with the identifier 1: php-fpm does not multiplex (FCGI_MPXS_CONNS is 0), and
// says so if it is asked (§4.1); it also ends a connection on which it was asked, so it is not. Left out for that
// reason: FCGI_GET_VALUES, and the roles of an authorizer and a filter (§6.3, §6.4).

const VERSION = 1
/** The identifier of the one request of a connection. */
const REQUEST_ID = 1
export const HEADER_BYTES = 8
/** What one record can carry (§3.3: contentLength is two octets), in whole words of eight octets. */
export const CONTENT_BYTES_MAX = 65_528

/** §8. */
export const RecordType = {
  beginRequest: 1,
  abortRequest: 2,
  endRequest: 3,
  params: 4,
  stdin: 5,
  stdout: 6,
  stderr: 7,
} as const

/** The protocolStatus of FCGI_END_REQUEST (§5.5). */
export const ProtocolStatus = { complete: 0, cannotMultiplex: 1, overloaded: 2, unknownRole: 3 } as const

const END_REQUEST_BYTES = 8
/** Behind the four octets of the application's status. */
const PROTOCOL_STATUS_AT = 4
const ROLE_RESPONDER = 1
const KEEP_CONNECTION = 1

/** Writes the header of a record without padding; returns the position after it. */
export function writeHeader(to: Uint8Array, at: number, type: number, contentBytes: number): number {
  to[at] = VERSION
  to[at + 1] = type
  to[at + 2] = 0
  to[at + 3] = REQUEST_ID
  to[at + 4] = contentBytes >> 8
  to[at + 5] = contentBytes & 255
  to[at + 6] = 0
  to[at + 7] = 0
  return at + HEADER_BYTES
}

/** The record that begins a request for a responder (§5.1); the application is to keep the connection. */
export const beginRequest: Uint8Array = (() => {
  const record = new Uint8Array(HEADER_BYTES + 8)
  writeHeader(record, 0, RecordType.beginRequest, 8)
  record[HEADER_BYTES + 1] = ROLE_RESPONDER
  record[HEADER_BYTES + 2] = KEEP_CONNECTION
  return record
})()

/** What a step of reading came to: a piece of a stream lies in the octets from `from` to `to`. */
export type Step = 'more' | 'stdout' | 'stderr' | 'end' | 'invalid'

/** Reads the records of one connection, step by step. */
export class RecordReader {
  /** Position after what has been read. */
  next = 0
  from = 0
  to = 0
  /** What FCGI_END_REQUEST said, after 'end'. */
  protocolStatus = 0
  /** What is wrong, when invalid. */
  problem = ''
  readonly #header = new Uint8Array(HEADER_BYTES)
  /** Octets of the header that have been read; all of them: within the record. */
  #headerBytes = 0
  /** Octets of an FCGI_END_REQUEST that have been read. */
  #endBytes = 0
  #type = 0
  #contentLeft = 0
  #paddingLeft = 0

  /** Whether it stands between two records. */
  get isBetween(): boolean {
    return this.#headerBytes === 0
  }

  /** Reads on from `at` to `length`; 'more': up to the end of the octets, and nothing came of it. */
  step(octets: Uint8Array, at: number, length: number): Step {
    this.next = at
    while (this.next < length) {
      if (this.#headerBytes < HEADER_BYTES && !this.#readHeader(octets, length)) return this.#stopped()
      if (this.#contentLeft > 0) {
        const from = this.next
        const to = Math.min(length, from + this.#contentLeft)
        this.#contentLeft -= to - from
        this.next = to
        if (this.#type === RecordType.endRequest) this.#readEnd(octets, from, to)
        else if (to > from) {
          this.from = from
          this.to = to
          if (this.#contentLeft === 0 && this.#paddingLeft === 0) this.#headerBytes = 0
          return this.#type === RecordType.stdout ? 'stdout' : 'stderr'
        }
        if (this.#contentLeft > 0) break
      }
      const skipped = Math.min(length - this.next, this.#paddingLeft)
      this.#paddingLeft -= skipped
      this.next += skipped
      if (this.#paddingLeft > 0) break
      this.#headerBytes = 0
      if (this.#type === RecordType.endRequest) return 'end'
    }
    return 'more'
  }

  /**
   * After a step: how many octets of stdout are still to come, if all of them and the end of the request are there
   * already; else -1.
   */
  stdoutAhead(octets: Uint8Array, length: number): number {
    let bytes = this.#contentLeft
    let at = this.next + bytes + this.#paddingLeft
    while (at + HEADER_BYTES <= length) {
      const type = octets[at + 1]!
      const content = (octets[at + 4]! << 8) | octets[at + 5]!
      const next = at + HEADER_BYTES + content + octets[at + 6]!
      if (next > length) return -1
      if (type === RecordType.endRequest) return bytes
      if (type === RecordType.stdout) bytes += content
      at = next
    }
    return -1
  }

  /** A part of what an FCGI_END_REQUEST says (§5.5). */
  #readEnd(octets: Uint8Array, from: number, to: number): void {
    const statusAt = from + PROTOCOL_STATUS_AT - this.#endBytes
    if (statusAt >= from && statusAt < to) this.protocolStatus = octets[statusAt]!
    this.#endBytes += to - from
  }

  /** Returns whether the header is complete and right. */
  #readHeader(octets: Uint8Array, length: number): boolean {
    let header = octets
    let at = this.next
    if (this.#headerBytes === 0 && length - at >= HEADER_BYTES) this.next += HEADER_BYTES
    else {
      // It came in pieces.
      while (this.#headerBytes < HEADER_BYTES && this.next < length)
        this.#header[this.#headerBytes++] = octets[this.next++]!
      if (this.#headerBytes < HEADER_BYTES) return false
      header = this.#header
      at = 0
    }
    this.#headerBytes = HEADER_BYTES
    this.#type = header[at + 1]!
    this.#contentLeft = (header[at + 4]! << 8) | header[at + 5]!
    this.#paddingLeft = header[at + 6]!
    if (header[at] !== VERSION) return this.#invalid(`record version ${header[at]}`)
    if (((header[at + 2]! << 8) | header[at + 3]!) !== REQUEST_ID)
      return this.#invalid('a record of a request that was not made')
    switch (this.#type) {
      case RecordType.stdout:
      case RecordType.stderr:
        return true
      case RecordType.endRequest:
        this.#endBytes = 0
        return this.#contentLeft === END_REQUEST_BYTES || this.#invalid('an END_REQUEST of another size')
      default:
        return this.#invalid(`a record of type ${this.#type}`)
    }
  }

  #stopped(): Step {
    return this.problem === '' ? 'more' : 'invalid'
  }

  #invalid(problem: string): false {
    this.problem = problem
    return false
  }
}
