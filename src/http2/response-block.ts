// Writes the field blocks of responses: literals whose names stand in the static table where they can (RFC 7541 §6.2.2), and
// nothing that the client's table would have to remember. So a block is good for every connection, and can be kept.
//
// Blocks are texts of one-octet characters, which are made and kept more cheaply than buffers.
import { remembered } from '../http/memo.ts'
import type { Fields } from '../http/fields.ts'
import { COLON, CR, LF, SP } from '../http1/octets.ts'
import { encodeHuffman } from './huffman.ts'
import { staticTable } from './static-table.ts'

/** By name: the first index. */
const staticIndexes = new Map<string, number>()
const statusIndexes = new Map<number, number>()
for (const [i, [name, value]] of staticTable.entries()) {
  if (!staticIndexes.has(name)) staticIndexes.set(name, i + 1)
  if (name === ':status') statusIndexes.set(Number(value), i + 1)
}

/** A number behind a prefix of so many bits, which are otherwise zero (RFC 7541 §5.1). */
function numberText(value: number, prefixBits: number): string {
  const prefix = 2 ** prefixBits - 1
  if (value < prefix) return String.fromCharCode(value)
  let text = String.fromCharCode(prefix)
  let rest = value - prefix
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) text += String.fromCharCode((rest % 0x80) | 0x80)
  return text + String.fromCharCode(rest)
}

/** A text as it is (RFC 7541 §5.2). */
function literal(text: string): string {
  return numberText(text.length, 7) + text
}

/** A text in the Huffman code, where that makes it shorter: for what is sent more often than it is made. */
function codedLiteral(text: string): string {
  const coded = encodeHuffman(text)
  if (coded === undefined) return literal(text)
  const length = numberText(coded.length, 7)
  return String.fromCharCode(length.charCodeAt(0) | 0x80) + length.slice(1) + coded
}

/** What stands before a value. */
const nameText = remembered((key: string): string => {
  const index = staticIndexes.get(key)
  return index === undefined ? `\0${codedLiteral(key)}` : numberText(index, 4)
}, 1024)

/** `:status`, which stands first. */
export function statusBlock(status: number): string {
  const index = statusIndexes.get(status)
  return index === undefined
    ? nameText(':status') + literal(String(status))
    : String.fromCharCode(0x80 | index)
}

/** One line; `key`: its name in lower case. */
export function lineBlock(key: string, value: string): string {
  return nameText(key) + literal(value)
}

/** As `lineBlock`, for what is kept: it takes longer to make, and less to send. */
export function keptLineBlock(key: string, value: string): string {
  return nameText(key) + codedLiteral(value)
}

/** All lines. */
export function fieldsBlock({ keys, values }: Fields): string {
  let block = ''
  for (let i = 0; i < keys.length; i++) block += lineBlock(keys[i]!, values[i]!)
  return block
}

/**
 * Lines in HTTP/1.1 form (`Name: value`, each with its line end), that stand in `octets` from `from` to `to`. `into` has room for
 * as much.
 */
export function linesBlock(octets: Buffer, from: number, to: number, into: Buffer): string {
  let out = 0
  let at = from
  while (at < to) {
    const nameFrom = at
    let octet = octets[at]!
    while (octet !== COLON) {
      // In lower case (RFC 9113 §8.2.1).
      into[out + at - nameFrom] = octet >= 65 && octet <= 90 ? octet + 32 : octet
      octet = octets[++at]!
    }
    const prefix = nameText(into.latin1Slice(out, out + at - nameFrom))
    out += into.latin1Write(prefix, out)
    at++
    if (octets[at] === SP) at++
    let end = at
    while (octets[end] !== CR || octets[end + 1] !== LF) end++
    out += into.latin1Write(numberText(end - at, 7), out)
    out += octets.copy(into, out, at, end)
    at = end + 2
  }
  return into.latin1Slice(0, out)
}
