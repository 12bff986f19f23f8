// Who is not served at all: the setting `edge.ban`, and what the file `edge.banFile` holds at this moment.
import { parseIpRange, type IpRange } from '../base/ip-address.ts'
import { IpSet } from '../base/ip-ranges.ts'

/** Addresses that are banned; those of the file are replaced as a whole. */
export class BanList {
  #fixed: IpSet
  #fromFile = new IpSet([])

  /** `ranges`: the setting `edge.ban`, validated. */
  constructor(ranges: readonly string[]) {
    this.#fixed = IpSet.of(ranges)
  }

  /** Whether nobody is banned, so that addresses need not be looked at. */
  get isEmpty(): boolean {
    return this.#fixed.isEmpty && this.#fromFile.isEmpty
  }

  has(address: string): boolean {
    return this.#fixed.has(address) || this.#fromFile.has(address)
  }

  /** Another setting in the place of the first. */
  fix(ranges: readonly string[]): void {
    this.#fixed = IpSet.of(ranges)
  }

  replace(fromFile: IpSet): void {
    this.#fromFile = fromFile
  }
}

/** What a file of bans holds: ranges, or the first line that is none. */
export type BanText = { readonly kind: 'ranges'; readonly ranges: readonly IpRange[] } | WrongBan

interface WrongBan {
  readonly kind: 'wrong'
  readonly line: number
  readonly text: string
}

/** How much of a wrong line is told. */
const TOLD_MAX = 60

/**
 * Reads the text of a file of bans: an address or a CIDR range in each line; what follows a '#' or ';' is a remark. One
 * wrong line makes the whole wrong: a file that is being written must not open the door to those in its other half.
 */
export function parseBans(text: string): BanText {
  const ranges: IpRange[] = []
  let number = 0
  for (const line of text.split('\n')) {
    number++
    const remark = line.search(/[#;]/)
    const entry = (remark < 0 ? line : line.slice(0, remark)).trim()
    if (entry === '') continue
    const range = parseIpRange(entry)
    if (range === undefined) return { kind: 'wrong', line: number, text: entry.slice(0, TOLD_MAX) }
    ranges.push(range)
  }
  return { kind: 'ranges', ranges }
}

/** What is wrong with a file of bans, in words. */
export function banProblem({ line, text }: WrongBan): string {
  return `line ${line}: expected an address or a range such as '192.0.2.0/24', not '${text}'`
}
