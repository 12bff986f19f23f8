// IP addresses and ranges as numbers: IPv4 in dotted decimal (RFC 6943 §3.1.1, its strict form), IPv6 as RFC 4291 §2.2
// has it, ranges in CIDR notation (RFC 4632 §3.1). An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`, which is how a
// listener on `::` sees it) is the IPv4 address. Zones (RFC 4007 §11) are left out: `fe80::1%eth0` is `fe80::1`.

/** An address, high word first, 32 bits each: one word is IPv4, four are IPv6. */
export type IpWords = readonly number[]

/** All addresses from `first` to `last`, which are of one family. */
export interface IpRange {
  readonly first: IpWords
  readonly last: IpWords
}

/** Reads an address; undefined when the text is none. */
export function parseIp(text: string): IpWords | undefined {
  if (text.indexOf(':') < 0) {
    const word = ipv4Word(text, 0, text.length)
    return word < 0 ? undefined : [word]
  }
  const words = ipv6Words(text)
  return words !== undefined && isMapped(words) ? [words[3]!] : words
}

/** Reads an address or a range in CIDR notation; the bits behind the prefix count for nothing. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const words = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (words === undefined) return undefined
  if (slash < 0) return { first: words, last: words }
  const digits = text.slice(slash + 1)
  if (!/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined
  const isIpv4 = text.indexOf(':') < 0
  let bits = Number(digits)
  if (bits > (isIpv4 ? 32 : 128)) return undefined
  // The prefix of a mapped address is counted from the start of the IPv6 address.
  if (!isIpv4 && words.length === 1) {
    if (bits < 96) return prefixRange(ipv6Words(text.slice(0, slash))!, bits)
    bits -= 96
  }
  return prefixRange(words, bits)
}

/** Less than 0, 0, or more: how an address stands to the one at `at` in a list of words. */
export function compareIp(words: IpWords, list: ArrayLike<number>, at = 0): number {
  for (let i = 0; i < words.length; i++) {
    const difference = words[i]! - list[at + i]!
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * Whose address this is, as a limit counts it: an IPv4 address itself; of IPv6 its first 64 bits, since a single customer
 * has at least that many addresses (RFC 6177 §2). What is no address counts as it is spelled.
 */
export function addressGroup(address: string): string {
  if (address.indexOf(':') < 0) return address
  const words = parseIp(address)
  if (words === undefined) return address
  if (words.length === 1) return ipv4Text(words[0]!)
  const [high, low] = words as [number, number]
  const parts = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff]
  return `${hexParts(parts)}::/64`
}

/** An address as text; IPv6 in its one recommended form (RFC 5952 §4), an IPv4 address in IPv6's clothes as IPv4. */
export function formatIp(words: IpWords): string {
  if (words.length === 1) return ipv4Text(words[0]!)
  if (isMapped(words)) return ipv4Text(words[3]!)
  const parts = words.flatMap((word) => [word >>> 16, word & 0xffff])
  const [from, to] = longestZeros(parts)
  // §4.2.2: one part alone is not shortened.
  return to - from < 2 ? hexParts(parts) : `${hexParts(parts.slice(0, from))}::${hexParts(parts.slice(to))}`
}

const hexParts = (parts: readonly number[]): string => parts.map((part) => part.toString(16)).join(':')

/** The first of the longest runs of zeros (§4.2.3). */
function longestZeros(parts: readonly number[]): readonly [from: number, to: number] {
  let longest: readonly [number, number] = [0, 0]
  for (let from = 0; from < parts.length; from++) {
    let to = from
    while (to < parts.length && parts[to] === 0) to++
    if (to - from > longest[1] - longest[0]) longest = [from, to]
  }
  return longest
}

function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function prefixRange(words: IpWords, bits: number): IpRange {
  const hostMask = (i: number): number => {
    const fixed = Math.min(32, Math.max(0, bits - 32 * i))
    return fixed === 0 ? 0xffff_ffff : 2 ** (32 - fixed) - 1
  }
  return {
    first: words.map((word, i) => (word & ~hostMask(i)) >>> 0),
    last: words.map((word, i) => (word | hostMask(i)) >>> 0),
  }
}

const DOT = 46
const COLON = 58
const ZERO = 48

/** The address that stands between two positions; -1 when it is none. A leading zero might be meant as octal: refused. */
function ipv4Word(text: string, from: number, to: number): number {
  let word = 0
  let at = from
  for (let part = 0; part < 4; part++) {
    if (part > 0 && text.charCodeAt(at++) !== DOT) return -1
    const begin = at
    let value = 0
    while (at < to && at - begin < 3) {
      const digit = text.charCodeAt(at) - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      at++
    }
    if (at === begin || value > 255 || (at - begin > 1 && text.charCodeAt(begin) === ZERO)) return -1
    word = word * 256 + value
  }
  return at === to ? word : -1
}

function ipv6Words(text: string): IpWords | undefined {
  const zone = text.indexOf('%')
  const end = zone < 0 ? text.length : zone
  const parts: number[] = []
  /** Where '::' stands, in parts. */
  let gap = -1
  let at = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined
    gap = 0
    at = 2
  }
  while (at < end) {
    if (parts.length === 8) return undefined
    const begin = at
    let value = 0
    while (at < end && at - begin < 4) {
      const digit = hexDigit(text.charCodeAt(at))
      if (digit < 0) break
      value = value * 16 + digit
      at++
    }
    if (at < end && text.charCodeAt(at) === DOT) {
      const word = parts.length > 6 ? -1 : ipv4Word(text, begin, end)
      if (word < 0) return undefined
      parts.push(word >>> 16, word & 0xffff)
      at = end
      break
    }
    if (at === begin) return undefined
    parts.push(value)
    if (at === end) break
    if (text.charCodeAt(at++) !== COLON) return undefined
    if (at < end && text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined
      gap = parts.length
      at++
    } else if (at === end) return undefined
  }
  const missing = 8 - parts.length
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined
  if (gap >= 0) parts.splice(gap, 0, ...Array<number>(missing).fill(0))
  return [0, 2, 4, 6].map((i) => parts[i]! * 0x10000 + parts[i + 1]!)
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= 57) return code - ZERO
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** `::ffff:0:0/96` (RFC 4291 §2.5.5.2). */
function isMapped(words: IpWords): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff
}
