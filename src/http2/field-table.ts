// The table of the fields that a peer has sent before (RFC 7541 §2.3.2 and §4): its newest entry has the lowest index.
import { FIELD_TABLE_BYTES } from './settings.ts'
import type { TableEntry } from './table-entry.ts'

/** What one side of a connection remembers of field blocks. */
export class FieldTable {
  /** The oldest first. */
  readonly #entries: TableEntry[] = []
  #bytes = 0
  #bytesMax: number = FIELD_TABLE_BYTES

  /** The entry with this index, counted from 1; undefined when there is none. */
  at(index: number): TableEntry | undefined {
    return this.#entries[this.#entries.length - index]
  }

  get length(): number {
    return this.#entries.length
  }

  /** As RFC 7541 §4.1 counts them. */
  get bytes(): number {
    return this.#bytes
  }

  /** RFC 7541 §4.4: the oldest give way; an entry that is larger than the table empties it. */
  add(entry: TableEntry): void {
    this.#makeRoom(this.#bytesMax - entry.bytes)
    if (entry.bytes > this.#bytesMax) return
    this.#entries.push(entry)
    this.#bytes += entry.bytes
  }

  /** The peer keeps less, or more again (RFC 7541 §4.3). False: more than it may. */
  resize(bytesMax: number): boolean {
    if (bytesMax > FIELD_TABLE_BYTES) return false
    this.#bytesMax = bytesMax
    this.#makeRoom(bytesMax)
    return true
  }

  #makeRoom(bytesMax: number): void {
    if (this.#bytes <= bytesMax) return
    let gone = 0
    while (gone < this.#entries.length && this.#bytes > bytesMax) this.#bytes -= this.#entries[gone++]!.bytes
    this.#entries.splice(0, gone)
  }
}
