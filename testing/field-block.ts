// Field blocks of HTTP/2 (RFC 7541) as peers of every habit write them: with and without the Huffman code, with fields that
// are remembered, taken from tables, or neither. And read again, for what is written by the program itself.
import { decodeHuffman, encodeHuffman } from '../src/http2/huffman.ts'
import { staticTable } from '../src/http2/static-table.ts'

export type Line = readonly [name: string, value: string]

/** How a line is written. */
export interface Habit {
  readonly huffman: boolean
  /** What becomes of it: remembered, not remembered, never to be remembered. */
  readonly indexing: 'kept' | 'not' | 'never'
  /** Whether what stands in a table is taken from there. */
  readonly tables: boolean
}

/** A number behind a prefix (RFC 7541 §5.1). */
export function numberOctets(value: number, prefixBits: number, first = 0): Buffer {
  const most = 2 ** prefixBits - 1
  if (value < most) return Buffer.from([first | value])
  const octets = [first | most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128)
  return Buffer.from([...octets, rest])
}

function textOctets(text: string, huffman: boolean): Buffer {
  const coded = huffman ? encodeHuffman(text) : undefined
  const octets = Buffer.from(coded ?? text, 'latin1')
  return Buffer.concat([numberOctets(octets.length, 7, coded === undefined ? 0 : 128), octets])
}

/** Writes blocks, and keeps the same table as its reader. */
export class FieldBlockWriter {
  /** The newest first. */
  #entries: Line[] = []
  #bytes = 0
  #bytesMax = 4096

  /** Says that so much is remembered from now on, and does so (RFC 7541 §6.3). */
  resize(bytesMax: number): Buffer {
    this.#bytesMax = bytesMax
    this.#evict()
    return numberOctets(bytesMax, 5, 0x20)
  }

  line(line: Line, habit: Habit): Buffer {
    const [name, value] = line
    const all = [...staticTable, ...this.#entries]
    const whole = all.findIndex((entry) => entry[0] === name && entry[1] === value)
    if (habit.tables && whole >= 0) return numberOctets(whole + 1, 7, 0x80)
    const named = habit.tables ? all.findIndex((entry) => entry[0] === name) + 1 : 0
    const start =
      habit.indexing === 'kept'
        ? numberOctets(named, 6, 0x40)
        : numberOctets(named, 4, habit.indexing === 'never' ? 0x10 : 0)
    if (habit.indexing === 'kept') {
      this.#entries.unshift(line)
      this.#bytes += size(line)
      this.#evict()
    }
    const nameOctets = named === 0 ? textOctets(name, habit.huffman) : Buffer.alloc(0)
    return Buffer.concat([start, nameOctets, textOctets(value, habit.huffman)])
  }

  #evict(): void {
    while (this.#bytes > this.#bytesMax) this.#bytes -= size(this.#entries.pop()!)
  }
}

const size = ([name, value]: Line): number => name.length + value.length + 32

/** Reads a block that refers to nothing but the static table, as those of responses do. Throws when it is none. */
export function readFieldBlock(block: Buffer): Line[] {
  const lines: Line[] = []
  let at = 0
  const number = (prefixBits: number): number => {
    const most = 2 ** prefixBits - 1
    let value = block[at++]! & most
    if (value < most) return value
    for (let factor = 1; ; factor *= 128) {
      const octet = block[at++]!
      value += (octet & 127) * factor
      if (octet < 128) return value
    }
  }
  const text = (): string => {
    const isCoded = block[at]! >= 128
    const octets = number(7)
    const from = at
    at += octets
    if (at > block.length) throw new Error('a text that is longer than its block')
    if (!isCoded) return block.latin1Slice(from, at)
    const into = Buffer.alloc(octets * 2)
    const end = decodeHuffman(block, from, at, into, 0)
    if (end < 0) throw new Error('not a coded text')
    return into.latin1Slice(0, end)
  }
  while (at < block.length) {
    const octet = block[at]!
    if (octet >= 0x80) {
      lines.push(staticTable[number(7) - 1]!)
    } else if (octet >= 0x20 && octet < 0x40) number(5)
    else {
      if (octet >= 0x40) throw new Error('a field that has to be remembered')
      const index = number(4)
      const name = index === 0 ? text() : staticTable[index - 1]![0]
      lines.push([name, text()])
    }
  }
  return lines
}
