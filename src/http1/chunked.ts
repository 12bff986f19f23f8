// The chunked transfer coding (RFC 9112 §7.1), both ways. Decoding is strict in both directions: a chunk size of
// hexadecimal digits alone, CR LF where it belongs. Chunk extensions are read over and dropped, as §7.1.1 bids a
// recipient that knows none; their size is limited, since they could otherwise go on for ever.
import type { Fields } from '../http/fields.ts'
import { FieldLines, LinesEnd } from './field-lines.ts'
import { CR, LF, SEMICOLON, hexDigit, isValueOctet } from './octets.ts'

/** Chunk extensions of one message together. */
const EXTENSION_BYTES_MAX = 16_384
/** 2^52 and more could not be counted exactly. */
const SIZE_DIGITS_MAX = 13

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

/** What the decoder hands on. */
export interface ChunkedEvents {
  /** Content, which lies in the octets that were given. */
  part(octets: Uint8Array, from: number, to: number): void
}

const trailerLines = new FieldLines()

/** Decodes one body. Feed it octets; it says how many belonged to the body. */
export class ChunkedDecoder {
  #state: State = 'size'
  #size = 0
  #digits = 0
  #extensionBytes = 0
  #trailerRest: Buffer | undefined
  /** Trailer fields, once done; undefined when there were none. */
  trailers: Fields | undefined
  /** What is wrong, after `decode` returned -1. */
  problem = ''

  constructor(
    readonly trailerBytesMax: number,
    readonly trailerLinesMax: number,
  ) {}

  get done(): boolean {
    return this.#state === 'done'
  }

  /**
   * Decodes octets from `from` to `to`. Returns the position up to which they were used: the end, or, when done, where the
   * next message starts; -1 when they are not valid.
   */
  decode(octets: Buffer, from: number, to: number, events: ChunkedEvents): number {
    let at = from
    while (at < to) {
      const octet = octets[at]!
      switch (this.#state) {
        case 'size': {
          const digit = hexDigit[octet]!
          if (digit > 0) {
            if (++this.#digits > SIZE_DIGITS_MAX) return this.#invalid('a chunk size is too large')
            this.#size = this.#size * 16 + digit - 1
            at++
          } else if (this.#digits === 0) return this.#invalid('a chunk size was expected')
          else if (octet === CR) {
            this.#state = 'size-lf'
            at++
          } else if (octet === SEMICOLON) {
            // §7.1.1 tolerates bad white space before it; peers read that differently, so it is refused.
            this.#state = 'extension'
            at++
          } else return this.#invalid('a chunk size is not hexadecimal')
          break
        }
        case 'extension':
          if (octet === CR) this.#state = 'size-lf'
          else if (isValueOctet[octet] === 0)
            return this.#invalid('a chunk extension holds a control character')
          else if (++this.#extensionBytes > EXTENSION_BYTES_MAX)
            return this.#invalid('chunk extensions are too long')
          at++
          break
        case 'size-lf':
          if (octet !== LF) return this.#invalid('a chunk size does not end in CR LF')
          this.#state = this.#size === 0 ? 'trailers' : 'data'
          at++
          break
        case 'data': {
          const end = Math.min(to, at + this.#size)
          events.part(octets, at, end)
          this.#size -= end - at
          if (this.#size === 0) this.#state = 'data-cr'
          at = end
          break
        }
        case 'data-cr':
          if (octet !== CR) return this.#invalid('a chunk is longer than its size')
          this.#state = 'data-lf'
          at++
          break
        case 'data-lf':
          if (octet !== LF) return this.#invalid('a chunk does not end in CR LF')
          this.#state = 'size'
          this.#digits = 0
          at++
          break
        case 'trailers':
          return this.#readTrailers(octets, at, to)
        case 'done':
          return at
      }
    }
    return at
  }

  #readTrailers(octets: Buffer, from: number, to: number): number {
    const rest = this.#trailerRest
    const all = rest === undefined ? octets : Buffer.concat([rest, octets.subarray(from, to)])
    const start = rest === undefined ? from : 0
    const end = rest === undefined ? to : all.length
    const next = trailerLines.read(all, start, end, this.trailerLinesMax, this.trailerBytesMax, false)
    if (next === LinesEnd.incomplete) {
      this.#trailerRest = Buffer.from(all.subarray(start, end))
      return to
    }
    if (next < 0) {
      return this.#invalid(
        next === LinesEnd.invalid ? 'a trailer field is not valid' : 'the trailers are too large',
      )
    }
    if (trailerLines.count > 0) this.trailers = trailerLines.fields()
    this.#state = 'done'
    return rest === undefined ? next : from + (next - rest.length)
  }

  #invalid(problem: string): -1 {
    this.problem = problem
    return -1
  }
}

/** What follows the content of a chunk. */
export const chunkEnd: Uint8Array = Buffer.from('\r\n')
const lastChunk = Buffer.from('0\r\n\r\n')

/** What stands before the content of a chunk. */
export function chunkStart(contentBytes: number): Uint8Array {
  return Buffer.from(`${contentBytes.toString(16)}\r\n`, 'latin1')
}

/** One chunk in coded form. `content` must not be empty: an empty chunk would end the body. */
export function encodeChunk(content: Uint8Array): Uint8Array {
  return Buffer.concat([chunkStart(content.length), content, chunkEnd])
}

/** The end of a body: the last chunk, with trailers where there are some. */
export function encodeLastChunk(trailers?: Fields): Uint8Array {
  if (trailers === undefined || trailers.length === 0) return lastChunk
  let text = '0\r\n'
  for (const [name, value] of trailers) text += `${name}: ${value}\r\n`
  return Buffer.from(`${text}\r\n`, 'latin1')
}
