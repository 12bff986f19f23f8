// Name-value pairs of the FastCGI 1.0 specification (§3.4): each a length of one or four octets for the name and for
// the value, then both. Pure. Written into one growing buffer that all requests share, since a request's pairs go out
// before the next request's are made.

/** Up to so many octets a loop is faster than a call of the runtime's. */
const LOOPED_BYTES_MAX = 40
/** Room for nearly every request; grows for those with more, and is then kept. */
const INITIAL_BYTES = 16_384

/** The octets of a name and a value with their lengths, one character for each. */
export function pairText(name: string, value: string): string {
  return lengthText(name.length) + lengthText(value.length) + name + value
}

function lengthText(length: number): string {
  if (length < 128) return String.fromCharCode(length)
  return String.fromCharCode(128 | (length >>> 24), (length >> 16) & 255, (length >> 8) & 255, length & 255)
}

/** Where the pair ends that begins at `at`. */
export function pairEnd(octets: Buffer, at: number): number {
  const short = octets[at]! < 128
  const name = short ? octets[at]! : octets.readUInt32BE(at) & 0x7fff_ffff
  const next = at + (short ? 1 : 4)
  const isShort = octets[next]! < 128
  const value = isShort ? octets[next]! : octets.readUInt32BE(next) & 0x7fff_ffff
  return next + (isShort ? 1 : 4) + name + value
}

/** A buffer that pairs, and what stands around them, are written into. Texts are octets, one character for each. */
export class PairWriter {
  octets = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  /** Position after what has been written. */
  at = 0

  /** A pair whose name is there as octets. */
  pair(name: Uint8Array, value: string): void {
    this.begin(name, value.length)
    this.characters(value)
  }

  /** As `pair`, with a value that lies in `source` from `from` to `to`. */
  copiedPair(name: Uint8Array, source: Buffer, from: number, to: number): void {
    const bytes = to - from
    this.begin(name, bytes)
    const { octets, at } = this
    if (bytes > LOOPED_BYTES_MAX) source.copy(octets, at, from, to)
    else for (let i = 0; i < bytes; i++) octets[at + i] = source[from + i]!
    this.at = at + bytes
  }

  /** All of a pair but its value, which is to follow; there is room for it then. */
  begin(name: Uint8Array, valueBytes: number): void {
    const { length } = name
    this.reserve(length + valueBytes + 8)
    const { octets } = this
    const at = this.#length(this.#length(this.at, length), valueBytes)
    for (let i = 0; i < length; i++) octets[at + i] = name[i]!
    this.at = at + length
  }

  /** A part of a value that was begun. */
  characters(text: string): void {
    const { octets, at } = this
    const bytes = text.length
    if (bytes > LOOPED_BYTES_MAX) octets.latin1Write(text, at)
    else for (let i = 0; i < bytes; i++) octets[at + i] = text.charCodeAt(i)
    this.at = at + bytes
  }

  /** As `characters`, of one. */
  octet(octet: number): void {
    this.octets[this.at++] = octet
  }

  /** Octets that were made before. */
  text(text: string): void {
    this.reserve(text.length)
    this.at += this.octets.latin1Write(text, this.at)
  }

  /** Makes room for so many octets more. */
  reserve(bytes: number): void {
    const least = this.at + bytes
    if (least <= this.octets.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(least, this.octets.length * 2))
    this.octets.copy(grown, 0, 0, this.at)
    this.octets = grown
  }

  #length(at: number, length: number): number {
    const { octets } = this
    if (length < 128) {
      octets[at] = length
      return at + 1
    }
    octets[at] = 128 | (length >>> 24)
    octets[at + 1] = (length >> 16) & 255
    octets[at + 2] = (length >> 8) & 255
    octets[at + 3] = length & 255
    return at + 4
  }
}
