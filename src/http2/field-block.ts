// Reads field blocks (RFC 7541 §3 and §6) in one pass over their octets. Pure: nothing is kept between blocks but what the
// peer's table keeps.
//
// The result lies in a scratch area: the texts of table entries, which have been made once, and the positions of all other
// values. Most requests are answered from memory and need two or three of their fields.
import { Fields } from '../http/fields.ts'
import { fieldBit, fieldNumber, knownFields } from '../http/known-fields.ts'
import type { Standing } from '../http/unvouched.ts'
import type { FieldName } from '../http1/name-table.ts'
import { COLON, CR, LF, SP } from '../http1/octets.ts'
import { FieldTable } from './field-table.ts'
import { decodeHuffman } from './huffman.ts'
import { STATIC_ENTRIES } from './static-table.ts'
import {
  isFieldValue,
  Kind,
  readName,
  readNameFrom,
  staticEntries,
  tableEntry,
  type TableEntry,
} from './table-entry.ts'

/** Longer numbers are none that mean anything. */
const NUMBER_MAX = 0xfff_ffff
/** What a line has in HTTP/1.1 beside its name and its value: it counts for as much here. */
const LINE_OVERHEAD_BYTES = 4
/** A coded text is at most so much longer when it has been read, its shortest codes having five bits. */
const SCRATCH_FACTOR = 8 / 5
/** Beside what a block says itself there is at most one value of the peer's table. */
const SCRATCH_ROOM_BYTES = 8192

/** What a line adds to `bytes` that is added to the block (`addLine`). */
const ROOM_BYTES = 512

const COOKIE = fieldNumber.cookie

/** Field lines and pseudo-fields that were read: overwritten by the next reading. */
export class FieldBlock {
  /** The values of literals stand here. */
  octets: Buffer = Buffer.allocUnsafeSlow(65_536)
  count = 0
  /** Bit set of the known fields that are present (`fieldBit`). */
  present = 0
  /** Bit set of the known fields that stand on more than one line. */
  repeated = 0
  readonly names: FieldName[] = []
  /** The values, where they are there as texts. */
  readonly #texts: (string | undefined)[] = []
  readonly #starts = new Int32Array(1024)
  readonly #ends = new Int32Array(1024)
  /** By number of known field: the position of its first line. */
  readonly #first = new Int32Array(knownFields.length)
  /** What is malformed (RFC 9113 §8.1.1); undefined: nothing. */
  problem: string | undefined
  /** Which limit the lines go beyond; those that do are left out. */
  beyond: 'lines' | 'bytes' | undefined
  /** Bit set of the pseudo-fields, by kind. */
  pseudo = 0
  readonly #pseudoTexts: (string | undefined)[] = [undefined, undefined, undefined, undefined]
  readonly #pseudoStarts = new Int32Array(4)
  readonly #pseudoEnds = new Int32Array(4)
  /** How far `octets` are in use. */
  #to = 0
  #bytes = 0
  #linesMax = 0
  #bytesMax = 0
  /** The number that was read last. */
  #number = 0

  /**
   * Reads a block that stands in `octets` from `from` to `to`, and keeps the peer's table up. False: it cannot be read, and no
   * later one can (RFC 7541 §3, RFC 9113 §4.3).
   */
  read(
    table: FieldTable,
    octets: Buffer,
    from: number,
    to: number,
    linesMax: number,
    bytesMax: number,
  ): boolean {
    this.count = this.present = this.repeated = this.pseudo = 0
    this.problem = this.beyond = undefined
    this.#to = this.#bytes = 0
    this.#linesMax = linesMax
    this.#bytesMax = bytesMax
    const scratchBytes = (to - from) * SCRATCH_FACTOR + SCRATCH_ROOM_BYTES
    if (scratchBytes > this.octets.length) this.octets = Buffer.allocUnsafeSlow(Math.ceil(scratchBytes))
    let at = from
    let isBegun = false
    while (at < to) {
      const octet = octets[at++]!
      if (octet >= 0x80) {
        // §6.1: name and value of a table.
        let index = octet & 0x7f
        if (index === 0x7f) {
          at = this.#readNumber(octets, at, to, 0x7f)
          if (at < 0) return false
          index = this.#number
        }
        const entry = index <= STATIC_ENTRIES ? staticEntries[index] : table.at(index - STATIC_ENTRIES)
        if (entry === undefined) return false
        isBegun = true
        this.#addEntry(entry)
        continue
      }
      if ((octet & 0xe0) === 0x20) {
        // §6.3: only before everything else (§4.2).
        let bytes = octet & 0x1f
        if (bytes === 0x1f) {
          at = this.#readNumber(octets, at, to, 0x1f)
          if (at < 0) return false
          bytes = this.#number
        }
        if (isBegun || !table.resize(bytes)) return false
        continue
      }
      isBegun = true
      at = this.#readLiteral(table, octets, at, to, octet)
      if (at < 0) return false
    }
    return true
  }

  /** §6.2: a name, of a table or not, with a value, which may become an entry. Returns the position after it; -1: not valid. */
  #readLiteral(table: FieldTable, octets: Buffer, from: number, to: number, octet: number): number {
    const isKept = octet >= 0x40
    const mask = isKept ? 0x3f : 0x0f
    let at = from
    let index = octet & mask
    if (index === mask) {
      at = this.#readNumber(octets, at, to, mask)
      if (at < 0) return -1
      index = this.#number
    }
    let nameBytes = 0
    if (index === 0) {
      const nameFrom = this.#to
      at = this.#readText(octets, at, to)
      if (at < 0) return -1
      nameBytes = this.#to - nameFrom
      readNameFrom(this.octets, nameFrom, this.#to)
      this.#to = nameFrom
    } else {
      const entry = index <= STATIC_ENTRIES ? staticEntries[index] : table.at(index - STATIC_ENTRIES)
      if (entry === undefined) return -1
      readName.kind = entry.nameKind
      readName.name = entry.name
      nameBytes = entry.nameBytes
    }
    const start = this.#to
    at = this.#readText(octets, at, to)
    if (at < 0) return -1
    const end = this.#to
    const { kind, name } = readName
    if (isKept) {
      const entry = tableEntry(kind, name, nameBytes, this.octets, start, end)
      table.add(entry)
      this.#to = start
      this.#addEntry(entry)
    } else if (kind === Kind.wrong || !isFieldValue(this.octets, start, end)) {
      this.#wrong()
      this.#to = start
    } else if (kind === Kind.field) this.#addPlace(name, start, end)
    else this.#addPseudo(kind, undefined, start, end)
    return at
  }

  /** §5.2. Puts a text into the scratch area; returns the position after it in `octets`, -1: not valid. */
  #readText(octets: Buffer, from: number, to: number): number {
    if (from >= to) return -1
    const octet = octets[from]!
    let at = from + 1
    let bytes = octet & 0x7f
    if (bytes === 0x7f) {
      at = this.#readNumber(octets, at, to, 0x7f)
      if (at < 0) return -1
      bytes = this.#number
    }
    const next = at + bytes
    if (next > to) return -1
    if (octet >= 0x80) {
      const end = decodeHuffman(octets, at, next, this.octets, this.#to)
      if (end < 0) return -1
      this.#to = end
    } else {
      octets.copy(this.octets, this.#to, at, next)
      this.#to += bytes
    }
    return next
  }

  /** §5.1: the rest of a number that does not fit into its first octet. Returns the position after it; -1: not valid. */
  #readNumber(octets: Buffer, from: number, to: number, prefix: number): number {
    let value = prefix
    let factor = 1
    for (let at = from; at < to; at++) {
      const octet = octets[at]!
      value += (octet & 0x7f) * factor
      if (value > NUMBER_MAX || factor > NUMBER_MAX) return -1
      if (octet < 0x80) {
        this.#number = value
        return at + 1
      }
      factor *= 0x80
    }
    return -1
  }

  #addEntry({ kind, name, text }: TableEntry): void {
    if (kind === Kind.wrong) this.#wrong()
    else if (kind !== Kind.field) this.#addPseudo(kind, text, 0, 0)
    else if (this.#fits(name.key.length + text.length)) this.#texts[this.#add(name)] = text
  }

  #wrong(): void {
    this.problem ??= 'a name or a value that is none'
  }

  #addPseudo(kind: number, text: string | undefined, start: number, end: number): void {
    const bit = 1 << kind
    if (this.count > 0 || this.beyond !== undefined) this.problem ??= 'a pseudo-field behind a field'
    else if ((this.pseudo & bit) !== 0) this.problem ??= 'a pseudo-field that stands twice'
    this.pseudo |= bit
    this.#pseudoTexts[kind] = text
    this.#pseudoStarts[kind] = start
    this.#pseudoEnds[kind] = end
  }

  #addPlace(name: FieldName, start: number, end: number): void {
    if (!this.#fits(name.key.length + end - start)) {
      this.#to = start
      return
    }
    const line = this.#add(name)
    this.#texts[line] = undefined
    this.#starts[line] = start
    this.#ends[line] = end
  }

  #fits(bytes: number): boolean {
    this.#bytes += bytes + LINE_OVERHEAD_BYTES
    if (this.#bytes > this.#bytesMax) this.beyond ??= 'bytes'
    else if (this.count >= this.#linesMax) this.beyond ??= 'lines'
    return this.beyond === undefined
  }

  #add(name: FieldName): number {
    const line = this.count++
    this.names[line] = name
    if (name.number < 0) return line
    const bit = 1 << name.number
    if ((this.present & bit) === 0) {
      this.present |= bit
      this.#first[name.number] = line
    } else this.repeated |= bit
    return line
  }

  /** Adds a line that the block does not have itself. */
  addLine(name: FieldName, text: string): void {
    this.#texts[this.#add(name)] = text
  }

  /** The value of a pseudo-field that is there. */
  pseudoText(kind: number): string {
    return (this.#pseudoTexts[kind] ??= this.octets.latin1Slice(
      this.#pseudoStarts[kind],
      this.#pseudoEnds[kind],
    ))
  }

  /** Puts the value of a pseudo-field that is there into `octets`, where it does not stand yet; `place` tells where. */
  placePseudo(kind: number, place: { from: number; to: number }): void {
    const text = this.#pseudoTexts[kind]
    if (text === undefined) {
      place.from = this.#pseudoStarts[kind]!
      place.to = this.#pseudoEnds[kind]!
      return
    }
    place.from = this.#to
    this.#to += this.octets.latin1Write(text, this.#to)
    place.to = this.#to
  }

  /** The value of line `i`. */
  value(i: number): string {
    return (this.#texts[i] ??= this.octets.latin1Slice(this.#starts[i], this.#ends[i]))
  }

  /** Calls `see` with the octets of each line of a known field, until it says false; says whether it never has. */
  everyLine(number: number, see: (octets: Buffer, from: number, to: number) => boolean): boolean {
    for (let i = this.#first[number]!; i < this.count; i++) {
      if (this.names[i]!.number !== number) continue
      const text = this.#texts[i]
      if (text === undefined) {
        if (!see(this.octets, this.#starts[i]!, this.#ends[i]!)) return false
        continue
      }
      if (this.#to + text.length > this.octets.length) return false
      if (!see(this.octets, this.#to, this.#to + this.octets.latin1Write(text, this.#to))) return false
    }
    return true
  }

  /** The value of a known field by its number, lines joined; undefined when absent. */
  get(number: number): string | undefined {
    const bit = 1 << number
    if ((this.present & bit) === 0) return undefined
    const first = this.#first[number]!
    let value = this.value(first)
    if ((this.repeated & bit) === 0) return value
    const separator = number === COOKIE ? '; ' : ', ' // RFC 9113 §8.2.3
    for (let i = first + 1; i < this.count; i++)
      if (this.names[i]!.number === number) value += separator + this.value(i)
    return value
  }

  /** The value of a field by its name in lower case, lines joined; undefined when absent. */
  text(key: string): string | undefined {
    let text: string | undefined
    for (let i = 0; i < this.count; i++) {
      if (this.names[i]!.key !== key) continue
      if (text === undefined) text = this.value(i)
      else text += (this.names[i]!.number === COOKIE ? '; ' : ', ') + this.value(i)
    }
    return text
  }

  /**
   * Copies the lines in HTTP/1.1 form, without those that end at this hop, those in the bit set `omitted`, and those that
   * `refused` tells by their standing. Returns the position after them in `into`; -1 when there is no room.
   */
  copyEndToEnd(into: Buffer, start: number, omitted: number, refused: readonly Standing[]): number {
    const cookies = (this.repeated & fieldBit.cookie) === 0 ? undefined : this.get(COOKIE)
    if (start + this.#bytes + ROOM_BYTES + (cookies?.length ?? 0) > into.length) return -1
    let at = start
    let left = omitted
    for (let i = 0; i < this.count; i++) {
      const { number, isHopByHop, standing, octets } = this.names[i]!
      if (isHopByHop || (number >= 0 && (left & (1 << number)) !== 0)) continue
      if (standing !== 'plain' && refused.includes(standing)) continue
      for (let n = 0; n < octets.length; n++) into[at++] = octets[n]!
      into[at++] = COLON
      into[at++] = SP
      let text = this.#texts[i]
      if (number === COOKIE && cookies !== undefined) {
        // RFC 9113 §8.2.3: one line of them.
        text = cookies
        left |= fieldBit.cookie
      }
      at +=
        text === undefined
          ? this.octets.copy(into, at, this.#starts[i], this.#ends[i])
          : into.latin1Write(text, at)
      into[at++] = CR
      into[at++] = LF
    }
    return at
  }

  /** The lines as strings, which stay good after the next reading; cookies on one line (RFC 9113 §8.2.3). */
  fields(): Fields {
    const fields = new Fields()
    const cookies = this.get(COOKIE)
    const first = this.#first[COOKIE]
    for (let i = 0; i < this.count; i++) {
      const name = this.names[i]!
      if (name.number === COOKIE && i !== first) continue
      fields.keys.push(name.key)
      fields.names.push(name.spelled)
      fields.values.push(name.number === COOKIE ? cookies! : this.value(i))
    }
    return fields
  }
}
