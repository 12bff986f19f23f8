// Classes of octets (RFC 9110 §5.5 and §5.6, RFC 3986 §2), as tables: one load per octet.

declare global {
  interface Buffer {
    /** The octets as a string, one character each; what `toString('latin1')` calls, without its detour. */
    latin1Slice(from?: number, to?: number): string
    /** Writes a string of one-octet characters; returns how many were written. */
    latin1Write(text: string, at?: number): number
  }
}

export const CR = 13
export const LF = 10
export const SP = 32
export const HTAB = 9
export const COLON = 58
export const SEMICOLON = 59
const PERCENT = 37
const QUESTION = 63
export const SLASH = 47
const DOT = 46

function table(allowed: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (allowed(octet) ? 1 : 0))
}

const inText = (text: string) => (octet: number) => text.includes(String.fromCharCode(octet))
const isAlphaNumeric = (octet: number) =>
  (octet >= 48 && octet <= 57) || (octet >= 65 && octet <= 90) || (octet >= 97 && octet <= 122)

/** tchar (RFC 9110 §5.6.2). */
export const isTokenOctet = table((octet) => isAlphaNumeric(octet) || inText("!#$%&'*+-.^_`|~")(octet))

/** field-vchar, SP and HTAB (RFC 9110 §5.5): what a field value may hold. */
export const isValueOctet = table((octet) => octet === HTAB || (octet >= SP && octet !== 127))

/** 0 for what is no hexadecimal digit, else the digit's value plus one. */
export const hexDigit = Uint8Array.from({ length: 256 }, (_, octet) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(octet).toLowerCase())
  return digit + 1
})

/** What an octet means within a request target. */
export const TargetOctet = { refused: 0, plain: 1, special: 2, query: 4 } as const

/**
 * Octets of a target's path. `special` asks for the normal form to be worked out (`../http/target.ts`). Refused are
 * those that RFC 3986 §3.3 does not allow and that no browser sends unescaped; `|` is sent, and harmless.
 */
export const pathOctet = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (octet === QUESTION) return TargetOctet.query
  if (octet === PERCENT || octet === DOT) return TargetOctet.special
  const plain = isAlphaNumeric(octet) || inText("-_~!$&'()*+,;=:@/|")(octet)
  return plain ? TargetOctet.plain : TargetOctet.refused
})

/** Octets of a target's query: visible ASCII without those that every browser escapes (WHATWG URL, query set). */
export const queryOctet = table((octet) => octet > SP && octet < 127 && !inText('"#<>')(octet))
