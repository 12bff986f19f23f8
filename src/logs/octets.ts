// Texts and numbers as octets of a log line, written in place. What a stranger sent is escaped, so that a line stays one
// line and its quotes stay its own: the output is visible ASCII and spaces alone.
//
// Texts are those of a message's head: one character for each octet that came. A JSON line shows an octet above 127 as
// the character of that number, a line in Apache's way as `\xhh`: both can be turned back into what was sent.

const QUOTE = 34
const BACKSLASH = 92
const LOWER_U = 117
const LOWER_X = 120
const ZERO = 48
const hexDigits = Buffer.from('0123456789abcdef')

/** 1: stands for itself between quotes. */
const isPlain = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 32 && octet < 127 && octet !== QUOTE && octet !== BACKSLASH ? 1 : 0,
)

/** Longer texts are cut, so that no line is without a limit. */
export const TEXT_CHARS_MAX = 8192

/** What one character takes at most. */
export const ESCAPED_BYTES_MAX = 6

/** Writes a text as JSON writes it between quotes (RFC 8259 §7); returns the position after it. */
export function jsonText(text: string, into: Buffer, from: number): number {
  const length = Math.min(text.length, TEXT_CHARS_MAX)
  let at = from
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (isPlain[code] === 1) {
      into[at++] = code
      continue
    }
    into[at++] = BACKSLASH
    if (code === QUOTE || code === BACKSLASH) {
      into[at++] = code
      continue
    }
    into[at++] = LOWER_U
    for (let shift = 12; shift >= 0; shift -= 4) into[at++] = hexDigits[(code >> shift) & 15]!
  }
  return at
}

/** As Apache's ap_escape_logitem: a letter for the control characters that have one. */
const letters: Readonly<Record<number, number>> = { 8: 98, 9: 116, 10: 110, 11: 118, 13: 114 }

/** Writes a text as Apache's log does between quotes; returns the position after it. */
export function apacheText(text: string, into: Buffer, from: number): number {
  const length = Math.min(text.length, TEXT_CHARS_MAX)
  let at = from
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (isPlain[code] === 1) {
      into[at++] = code
      continue
    }
    into[at++] = BACKSLASH
    const letter = code === QUOTE || code === BACKSLASH ? code : letters[code]
    if (letter !== undefined) {
      into[at++] = letter
      continue
    }
    into[at++] = LOWER_X
    into[at++] = hexDigits[(code >> 4) & 15]!
    into[at++] = hexDigits[code & 15]!
  }
  return at
}

/** Up to here a number is one of the machine's integers. */
const INTEGER_MAX = 0x3fff_ffff
/** Below 10 ** 9; what is above it is written first. */
const BILLION = 1_000_000_000

/** Writes a whole number that is not negative, with at least `digitsMin` digits; returns the position after it. */
export function digits(value: number, into: Buffer, from: number, digitsMin = 1): number {
  if (value > INTEGER_MAX) {
    const high = Math.floor(value / BILLION)
    return high === 0
      ? integer(value, into, from, digitsMin)
      : integer(value - high * BILLION, into, digits(high, into, from), 9)
  }
  return integer(value, into, from, digitsMin)
}

function integer(value: number, into: Buffer, from: number, digitsMin: number): number {
  let count = digitsMin
  for (let power = 10 ** count; count < 9 && value >= power; power *= 10) count++
  let rest = value | 0
  for (let at = from + count - 1; at >= from; at--) {
    const next = (rest / 10) | 0
    into[at] = ZERO + (rest - next * 10)
    rest = next
  }
  return from + count
}
