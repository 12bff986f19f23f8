// The Huffman code of field blocks (RFC 7541 §5.2 and Appendix B), written bit by bit and read eight bits at a time. The code is canonical: codes
// of one length are numbered in the order of their symbols, so the lengths tell all of it.

/** By symbol: the length of its code, in bits; the last one is that of the end of a text, which never stands in one. */
// prettier-ignore
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
]

const END_OF_TEXT = 256
const LENGTH_MAX = 30
/** Codes of up to so many bits are looked up at once: those of all that is common. */
const QUICK_BITS = 8

/** By the next eight bits: the symbol that they begin with, and 256 times the length of its code; 0: that is longer. */
const quick = new Uint16Array(1 << QUICK_BITS)
/** By length: the first code, how many there are, and where their symbols stand in `symbols`. */
const firstCode = new Int32Array(LENGTH_MAX + 1)
const counts = new Int32Array(LENGTH_MAX + 1)
const places = new Int32Array(LENGTH_MAX + 1)
const symbols = new Uint16Array(lengths.length)
/** By symbol: its code. */
const codes = new Int32Array(lengths.length)

let code = 0
let place = 0
for (let length = 1; length <= LENGTH_MAX; length++) {
  code <<= 1
  firstCode[length] = code
  places[length] = place
  for (const [symbol, each] of lengths.entries()) {
    if (each !== length) continue
    symbols[place++] = symbol
    codes[symbol] = code
    if (length <= QUICK_BITS) {
      const free = QUICK_BITS - length
      quick.fill((length << 8) | symbol, code << free, (code + 1) << free)
    }
    code++
  }
  counts[length] = code - firstCode[length]!
}

/**
 * Reads a coded text that stands in `octets` from `from` to `to` into `into`, which has room for 8/5 of its length. Returns
 * the position after it in `into`; -1 when it is not valid (RFC 7541 §5.2).
 */
export function decodeHuffman(
  octets: Uint8Array,
  from: number,
  to: number,
  into: Uint8Array,
  start: number,
): number {
  let at = start
  /** The last octets that were taken, of which the last `bits` bits have not been read. */
  let taken = 0
  let bits = 0
  for (let i = from; i < to; i++) {
    taken = ((taken & 0xff) << 8) | octets[i]!
    bits += 8
    while (bits >= QUICK_BITS) {
      const found = quick[(taken >>> (bits - QUICK_BITS)) & 0xff]!
      if (found !== 0) {
        into[at++] = found
        bits -= found >>> 8
        continue
      }
      // A longer code, bit by bit: rare in what is honest.
      let long = (taken >>> (bits - QUICK_BITS)) & 0xff
      bits -= QUICK_BITS
      let length = QUICK_BITS
      let symbol = -1
      while (symbol < 0) {
        if (bits === 0) {
          if (++i === to) return -1
          taken = octets[i]!
          bits = 8
        }
        bits--
        long = (long << 1) | ((taken >>> bits) & 1)
        if (++length > LENGTH_MAX) return -1
        const number = long - firstCode[length]!
        if (number < counts[length]!) symbol = symbols[places[length]! + number]!
      }
      if (symbol === END_OF_TEXT) return -1
      into[at++] = symbol
    }
  }
  // What is left is a short code or two, and then the beginning of the end's code, which is ones throughout.
  while (bits > 0) {
    const padded = ((taken << (QUICK_BITS - bits)) | (0xff >>> bits)) & 0xff
    const found = quick[padded]!
    if (found === 0 || found >>> 8 > bits) return padded === 0xff ? at : -1
    into[at++] = found
    bits -= found >>> 8
  }
  return at
}

/** Longer texts are not coded. */
const CODED_CHARS_MAX = 1024
/** A code of more bits is put down in two parts. */
const PART_BITS = 16
const coded = Buffer.allocUnsafeSlow(4 * CODED_CHARS_MAX)

/** A text of one-octet characters in the code, each octet a character; undefined when it would not be shorter. */
export function encodeHuffman(text: string): string | undefined {
  if (text.length > CODED_CHARS_MAX) return undefined
  let at = 0
  /** Octets that are written, and then `bits` bits that are not. */
  let kept = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i)
    let left = lengths[symbol]!
    while (left > 0) {
      const part = Math.min(left, PART_BITS)
      left -= part
      kept = ((kept & 0xff) << part) | ((codes[symbol]! >>> left) & ((1 << part) - 1))
      bits += part
      while (bits >= 8) {
        bits -= 8
        coded[at++] = kept >>> bits
      }
    }
  }
  // The rest of the last octet is the beginning of the end's code.
  if (bits > 0) coded[at++] = (kept << (8 - bits)) | (0xff >>> bits)
  return at < text.length ? coded.latin1Slice(0, at) : undefined
}
