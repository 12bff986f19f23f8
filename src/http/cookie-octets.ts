// The cookies of a Cookie field (RFC 6265 §4.2) as octets: whether all of them are known by name, without making a string
// of the field, which on most sites holds the cookies of analytics alone. What is odd is not decided here.
import { hashOctet, sameOctets, slotOf } from './octet-names.ts'

const EQUALS = 61
const SEMICOLON = 59
const SPACE = 32

/** Names that are remembered at once; another one takes the place of the one whose slot it falls into. */
const SLOTS = 512
/** Longer names are looked up each time. */
const NAME_BYTES_MAX = 64

interface KnownName {
  readonly octets: Uint8Array
  readonly told: boolean
}

/**
 * Whether `matches` tells every cookie that stands in `octets` from `from` to `to`. False where that is not easily seen:
 * pairs without a name, white space where browsers send none.
 */
export type EveryCookie = (octets: Buffer, from: number, to: number) => boolean

/** Makes one for a matcher of names. */
export function everyCookie(matches: (name: string) => boolean): EveryCookie {
  const slots: (KnownName | undefined)[] = Array.from({ length: SLOTS })
  const tells = (octets: Buffer, from: number, to: number, hash: number): boolean => {
    const slot = slotOf(hash, SLOTS)
    const known = slots[slot]
    if (known !== undefined && sameOctets(known.octets, octets, from, to)) return known.told
    const told = matches(octets.latin1Slice(from, to))
    if (to - from <= NAME_BYTES_MAX)
      slots[slot] = { octets: Uint8Array.prototype.slice.call(octets, from, to), told }
    return told
  }
  return (octets, from, to) => {
    let at = from
    while (at < to) {
      const nameFrom = at
      let hash = 0
      let octet = 0
      while (at < to && (octet = octets[at]!) !== EQUALS && octet !== SEMICOLON && octet !== SPACE) {
        hash = hashOctet(hash, octet)
        at++
      }
      if (at === nameFrom || octet !== EQUALS || !tells(octets, nameFrom, at, hash)) return false
      while (at < to && octets[at] !== SEMICOLON) at++
      if (at === to) return true
      at++
      if (at < to && octets[at] === SPACE) at++
    }
    return from < to
  }
}
