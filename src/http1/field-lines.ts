// Reads the field lines of a head or of trailers (RFC 9112 §5, RFC 9110 §5.5) in one pass over the octets. Pure: the
// same octets give the same result, whole or after having been read in part; a head that is not complete yet is read
// again from its start when a line has been added.
//
// The result is positions in a scratch area, not strings: most requests are answered from memory and need two or
// three of their fields.
import { Fields } from '../http/fields.ts'
import { endToEnd, namesFields } from '../http/hopbyhop.ts'
import { fieldBit, fieldNumber, knownFields } from '../http/known-fields.ts'
import { hashOctet } from '../http/octet-names.ts'
import type { Standing } from '../http/unvouched.ts'
import { internName, type FieldName } from './name-table.ts'
import { COLON, CR, HTAB, LF, SP, isTokenOctet, isValueOctet } from './octets.ts'

/** What ended the reading, where it is not the position after the empty line. */
export const LinesEnd = {
  incomplete: -1,
  /** A line is not a field line. */
  invalid: -2,
  tooManyLines: -3,
  tooLarge: -4,
} as const

/** Field lines that were read: the scratch area of one reader, overwritten by its next reading. */
export class FieldLines {
  octets: Buffer = Buffer.alloc(0)
  count = 0
  /** Bit set of the known fields that are present (`fieldBit`). */
  present = 0
  /** Bit set of the known fields that stand on more than one line. */
  repeated = 0
  readonly names: FieldName[] = []
  readonly starts = new Int32Array(1024)
  /** Where each line begins; after the last, where they end. */
  readonly #lineStarts = new Int32Array(1025)
  readonly ends = new Int32Array(1024)
  /** By number of known field: the position of its first line. */
  readonly #first = new Int32Array(knownFields.length)
  /** Whether a line does not stand in the octets as it is to be passed on. */
  #reworked = false

  /**
   * Reads lines from `from` up to `to`. Returns the position after the empty line that ends them, or a `LinesEnd`.
   * `lenient` reads what an origin sent: white space before the colon is dropped and obs-fold becomes spaces
   * (RFC 9112 §5.1, §5.2); both are refused in requests.
   */
  read(
    octets: Buffer,
    from: number,
    to: number,
    maxLines: number,
    maxBytes: number,
    lenient: boolean,
  ): number {
    this.octets = octets
    this.count = 0
    this.present = 0
    this.repeated = 0
    this.#reworked = false
    const limit = Math.min(to, from + maxBytes + 2)
    let at = from
    for (;;) {
      if (at >= limit) return this.#stopped(to, limit)
      const first = octets[at]!
      if (first === CR) {
        if (at + 1 >= limit) return this.#stopped(to, limit)
        return octets[at + 1] === LF ? at + 2 : LinesEnd.invalid
      }
      if (lenient && (first === SP || first === HTAB)) {
        // obs-fold (RFC 9112 §5.2): each is replaced with spaces, before the value is interpreted. The octets belong
        // to this connection alone, so they are changed in place.
        if (this.count === 0) return LinesEnd.invalid
        const folded = this.#fold(octets, at, limit)
        if (folded === LinesEnd.incomplete) return this.#stopped(to, limit)
        if (folded < 0) return folded
        at = folded
        continue
      }
      let hash = 0
      let end = at
      let octet = first
      while (isTokenOctet[octet] === 1) {
        hash = hashOctet(hash, octet)
        if (++end >= limit) return this.#stopped(to, limit)
        octet = octets[end]!
      }
      const nameEnd = end
      if (lenient) {
        while ((octet === SP || octet === HTAB) && ++end < limit) {
          octet = octets[end]!
          this.#reworked = true
        }
      }
      if (end >= limit) return this.#stopped(to, limit)
      if (octet !== COLON || nameEnd === at) return LinesEnd.invalid
      const colon = end
      let start = end + 1
      while (start < limit && ((octet = octets[start]!) === SP || octet === HTAB)) start++
      end = start
      while (end < limit && isValueOctet[octets[end]!] === 1) end++
      if (end + 1 >= limit) {
        if (end < limit && octets[end] !== CR) return LinesEnd.invalid
        return this.#stopped(to, limit)
      }
      if (octets[end] !== CR || octets[end + 1] !== LF) return LinesEnd.invalid
      const next = end + 2
      while (end > start && ((octet = octets[end - 1]!) === SP || octet === HTAB)) end--
      if (this.count >= maxLines) return LinesEnd.tooManyLines
      // What is passed on says `Name: value`.
      if (octets[colon + 1] !== SP || start !== colon + 2 || end + 2 !== next) this.#reworked = true
      this.#lineStarts[this.count] = at
      this.#add(internName(octets, at, nameEnd, hash), start, end)
      at = next
      this.#lineStarts[this.count] = at
    }
  }

  /** The value of line `i`. */
  value(i: number): string {
    return this.octets.latin1Slice(this.starts[i]!, this.ends[i]!)
  }

  /** The value of a known field by its number, lines joined; undefined when absent. */
  get(number: number): string | undefined {
    const bit = 1 << number
    if ((this.present & bit) === 0) return undefined
    const first = this.#first[number]!
    let value = this.value(first)
    // RFC 6265 §5.4: cookies are joined as HTTP/2 does it (RFC 9113 §8.2.3).
    const separator = number === fieldNumber.cookie ? '; ' : ', '
    if ((this.repeated & bit) !== 0)
      for (let i = first + 1; i < this.count; i++)
        if (this.names[i]!.number === number) value += separator + this.value(i)
    return value
  }

  /** The value of a known field that is present, as a number of at most 15 digits; -1 when it is not one. */
  digits(number: number): number {
    const line = this.#first[number]!
    const to = this.ends[line]!
    let at = this.starts[line]!
    if (at === to || to - at > 15) return -1
    let value = 0
    for (; at < to; at++) {
      const digit = this.octets[at]! - 48
      if (digit < 0 || digit > 9) return -1
      value = value * 10 + digit
    }
    return value
  }

  /** The values of all lines of a known field. */
  all(number: number): string[] {
    const values: string[] = []
    for (let i = 0; i < this.count; i++) if (this.names[i]!.number === number) values.push(this.value(i))
    return values
  }

  /** The position of the first line of a known field that is present. */
  firstLine(number: number): number {
    return this.#first[number]!
  }

  /** The lines as strings, which stay good after the next reading. */
  fields(): Fields {
    const fields = new Fields()
    for (let i = 0; i < this.count; i++) {
      const name = this.names[i]!
      fields.keys.push(name.key)
      fields.names.push(name.spelled)
      fields.values.push(this.value(i))
    }
    return fields
  }

  /** Whether Connection names fields that would be passed on otherwise (RFC 9110 §7.6.1). */
  get namesFields(): boolean {
    return (this.present & fieldBit.connection) !== 0 && namesFields(this.get(fieldNumber.connection)!)
  }

  /**
   * Copies the lines as they came, without those that end at this hop, those in the bit set `omitted`, and those that
   * `refused` tells by their standing. Returns the position after them in `into`; -1 when they cannot be passed on so, or
   * there is no room.
   */
  copyEndToEnd(into: Buffer, at: number, omitted: number, refused: readonly Standing[]): number {
    const { count, octets } = this
    const lineStarts = this.#lineStarts
    if (count === 0) return at
    if (this.#reworked || at + lineStarts[count]! - lineStarts[0]! > into.length || this.namesFields)
      return -1
    let to = at
    let runFrom = -1
    for (let i = 0; i < count; i++) {
      const { number, isHopByHop, standing } = this.names[i]!
      const isKept =
        !isHopByHop &&
        (number < 0 || (omitted & (1 << number)) === 0) &&
        (standing === 'plain' || !refused.includes(standing))
      if (isKept === runFrom >= 0) continue
      if (isKept) runFrom = lineStarts[i]!
      else {
        to += octets.copy(into, to, runFrom, lineStarts[i])
        runFrom = -1
      }
    }
    return runFrom < 0 ? to : to + octets.copy(into, to, runFrom, lineStarts[count])
  }

  /** The value of a field by its name in lower case, lines joined; undefined when absent. */
  text(key: string): string | undefined {
    let text: string | undefined
    for (let i = 0; i < this.count; i++) {
      if (this.names[i]!.key !== key) continue
      text = text === undefined ? this.value(i) : `${text}, ${this.value(i)}`
    }
    return text
  }

  /** The value of the first line of that name, in lower case. */
  firstText(key: string): string | undefined {
    for (let i = 0; i < this.count; i++) if (this.names[i]!.key === key) return this.value(i)
    return undefined
  }

  /** Whether there is a field of that name, in lower case. */
  has(key: string): boolean {
    for (let i = 0; i < this.count; i++) if (this.names[i]!.key === key) return true
    return false
  }

  /** As `fields`, without those that end at this hop (RFC 9110 §7.6.1), and without those in `replaced`. */
  endToEnd(replaced?: ReadonlySet<string>): Fields {
    if (this.namesFields) return endToEnd(this.fields(), replaced)
    const fields = new Fields()
    let text = ''
    let runFrom = -1
    for (let i = 0; i < this.count; i++) {
      const name = this.names[i]!
      if (name.isHopByHop || replaced?.has(name.key) === true) {
        if (runFrom >= 0) text += this.octets.latin1Slice(runFrom, this.#lineStarts[i])
        runFrom = -1
        continue
      }
      if (runFrom < 0) runFrom = this.#lineStarts[i]!
      fields.keys.push(name.key)
      fields.names.push(name.spelled)
      fields.values.push(this.value(i))
    }
    if (runFrom >= 0) text += this.octets.latin1Slice(runFrom, this.#lineStarts[this.count])
    // Odd white space and folded lines are not passed on as they came (RFC 9112 §5.1 and §5.2): peers trip over them.
    if (!this.#reworked) fields.text = text
    return fields
  }

  #add(name: FieldName, start: number, end: number): void {
    const line = this.count++
    this.names[line] = name
    this.starts[line] = start
    this.ends[line] = end
    if (name.number < 0) return
    const bit = 1 << name.number
    if ((this.present & bit) === 0) {
      this.present |= bit
      this.#first[name.number] = line
    } else this.repeated |= bit
  }

  /** Takes the line at `at`, which begins with white space, into the value of the line before it. */
  #fold(octets: Buffer, at: number, limit: number): number {
    const line = this.count - 1
    let end = at
    while (end < limit && isValueOctet[octets[end]!] === 1) end++
    if (end + 1 >= limit) return LinesEnd.incomplete
    if (octets[end] !== CR || octets[end + 1] !== LF) return LinesEnd.invalid
    const next = end + 2
    while (end > at && (octets[end - 1] === SP || octets[end - 1] === HTAB)) end--
    octets.fill(SP, this.ends[line]!, at)
    if (end > at) {
      if (this.starts[line] === this.ends[line])
        while (octets[at] === SP || octets[at] === HTAB) this.starts[line] = ++at
      this.ends[line] = end
    }
    this.#reworked = true
    return next
  }

  #stopped(to: number, limit: number): number {
    return limit < to ? LinesEnd.tooLarge : LinesEnd.incomplete
  }
}
