// Field names, interned: the same few names arrive in every message, so a head is read without creating a string for
// any of them. Bounded: a slot is overwritten when another name falls into it, so a flood of invented names only makes
// reading slower.
import { isHopByHop } from '../http/hopbyhop.ts'
import { fieldNumber, type KnownField } from '../http/known-fields.ts'
import { sameOctets, slotOf } from '../http/octet-names.ts'
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

/** The name that stands at `from` (inclusive) to `to` (exclusive), whose hash is `hash`. */
export function internName(octets: Buffer, from: number, to: number, hash: number): FieldName {
  const slot = slotOf(hash, SLOTS)
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
