// Field names, interned: the same few names arrive in every message, so a head is read without creating a string for
// any of them. Bounded: a slot is overwritten when another name falls into it, so a flood of invented names only makes
// reading slower.
import { isHopByHop } from '../http/hopbyhop.ts'
import { fieldNumber, type KnownField } from '../http/known-fields.ts'
import { standingOf, type Standing } from '../http/unvouched.ts'

/** A field name as it was spelled on the wire. */
export interface FieldName {
  readonly spelled: string
  /** Lower-cased. */
  readonly key: string
  /** Its number in `knownFields`, or -1. */
  readonly number: number
  readonly octets: Uint8Array
  readonly isHopByHop: boolean
  readonly standing: Standing
}

const SLOTS = 2048
const slots: (FieldName | undefined)[] = Array.from({ length: SLOTS })

/** The hash that readers compute octet by octet while they look for the colon; starts at 0. */
export function hashOctet(hash: number, octet: number): number {
  return (Math.imul(hash, 31) + octet) | 0
}

/** The name that stands at `from` (inclusive) to `to` (exclusive), whose hash is `hash`. */
export function internName(octets: Buffer, from: number, to: number, hash: number): FieldName {
  const slot = (hash ^ (hash >>> 11)) & (SLOTS - 1)
  const known = slots[slot]
  if (known !== undefined && sameOctets(known.octets, octets, from, to)) return known
  const spelled = octets.latin1Slice(from, to)
  const key = spelled.toLowerCase()
  // Own ones alone: a field may be named 'constructor'.
  const number = Object.hasOwn(fieldNumber, key) ? fieldNumber[key as KnownField] : -1
  const name = {
    spelled,
    key,
    number,
    octets: Uint8Array.prototype.slice.call(octets, from, to),
    isHopByHop: isHopByHop(key),
    standing: standingOf(key),
  }
  slots[slot] = name
  return name
}

function sameOctets(name: Uint8Array, octets: Uint8Array, from: number, to: number): boolean {
  if (name.length !== to - from) return false
  for (let i = 0; i < name.length; i++) if (name[i] !== octets[from + i]) return false
  return true
}
