// What a field block is made of: names, with what they mean in a request (RFC 9113 §8.2 and §8.3), and names with values, as
// they stand in the tables of RFC 7541.
import { hashOctet, slotOf } from '../http/octet-names.ts'
import { HTAB, SP, isTokenOctet, isValueOctet } from '../http1/octets.ts'
import { internName, type FieldName } from '../http1/name-table.ts'
import { staticTable } from './static-table.ts'

/** What a name is. Up to `path` those that stand before all fields; a request has each of them once. */
export const Kind = { method: 0, scheme: 1, authority: 2, path: 3, field: 4, wrong: 5 } as const

/** A name with its value. */
export interface TableEntry {
  /** That of its name. */
  readonly nameKind: number
  /** `wrong` where the value is none. */
  readonly kind: number
  /** Of a field. */
  readonly name: FieldName
  readonly text: string
  /** How long its name is, as it was sent. */
  readonly nameBytes: number
  /** What it counts for in a table (RFC 7541 §4.1). */
  readonly bytes: number
}

/** RFC 7541 §4.1. */
const ENTRY_OVERHEAD_BYTES = 32

const COLON = 58

/** In place of a name that is none. */
const noName = named('')

const pseudoKinds: Readonly<Record<string, number>> = {
  ':method': Kind.method,
  ':scheme': Kind.scheme,
  ':authority': Kind.authority,
  ':path': Kind.path,
}

/** What `readName` has read last. */
export const readName: { kind: number; name: FieldName } = { kind: Kind.wrong, name: noName }

/**
 * Reads a name that stands in `octets` from `from` to `to` into `readName`. RFC 9113 §8.2.1: in lower case; other pseudo-fields
 * than those of requests are wrong in them (§8.3).
 */
export function readNameFrom(octets: Buffer, from: number, to: number): void {
  readName.kind = Kind.wrong
  readName.name = noName
  if (from === to) return
  if (octets[from] === COLON) {
    const text = octets.latin1Slice(from, to)
    if (Object.hasOwn(pseudoKinds, text)) readName.kind = pseudoKinds[text]!
    return
  }
  let hash = 0
  for (let at = from; at < to; at++) {
    const octet = octets[at]!
    if (isTokenOctet[octet] === 0 || (octet >= 65 && octet <= 90)) return
    hash = hashOctet(hash, octet)
  }
  readName.kind = Kind.field
  readName.name = internName(octets, from, to, hash)
}

/** Whether a field may have the value that stands in `octets` from `from` to `to` (RFC 9113 §8.2.1). */
export function isFieldValue(octets: Buffer, from: number, to: number): boolean {
  if (from === to) return true
  const first = octets[from]
  const last = octets[to - 1]
  if (first === SP || first === HTAB || last === SP || last === HTAB) return false
  for (let at = from; at < to; at++) if (isValueOctet[octets[at]!] === 0) return false
  return true
}

const SLOTS = 2048
/** Clients say the same: what their tables hold is there once. A slot is overwritten when another entry falls into it. */
const slots: (TableEntry | undefined)[] = Array.from({ length: SLOTS })

/**
 * The entry of a name, with a value that stands in `octets` from `from` to `to`. `nameBytes`: how long the name is as it was sent,
 * which one that is none is not kept as.
 */
export function tableEntry(
  nameKind: number,
  name: FieldName,
  nameBytes: number,
  octets: Buffer,
  from: number,
  to: number,
): TableEntry {
  let hash = nameBytes
  for (let at = from; at < to; at++) hash = hashOctet(hash, octets[at]!)
  const slot = slotOf(hash, SLOTS)
  const known = slots[slot]
  const text = octets.latin1Slice(from, to)
  if (
    known !== undefined &&
    known.text === text &&
    known.name === name &&
    known.nameKind === nameKind &&
    known.nameBytes === nameBytes
  )
    return known
  const kind = isFieldValue(octets, from, to) ? nameKind : Kind.wrong
  const entry = { nameKind, kind, name, text, nameBytes, bytes: nameBytes + to - from + ENTRY_OVERHEAD_BYTES }
  slots[slot] = entry
  return entry
}

function named(text: string): FieldName {
  const octets = Buffer.from(text, 'latin1')
  let hash = 0
  for (const octet of octets) hash = hashOctet(hash, octet)
  return internName(octets, 0, octets.length, hash)
}

/** The static table by index; there is none at 0. */
export const staticEntries: readonly (TableEntry | undefined)[] = [
  undefined,
  ...staticTable.map(([name, value]) => {
    const octets = Buffer.from(name + value, 'latin1')
    readNameFrom(octets, 0, name.length)
    return tableEntry(readName.kind, readName.name, name.length, octets, name.length, octets.length)
  }),
]
