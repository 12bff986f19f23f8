// Which country an address belongs to, by the lists that the registries of addresses publish: the files of the npm package
// @ip-location-db/asn-country (public domain, CC0; the data is the NRO's, nro.net). Read when a rule asks for countries, and
// kept in 10 bytes for a range of IPv4, 34 for one of IPv6.
import { parseIp, type IpWords } from '../base/ip-address.ts'
import { SortedRanges } from '../base/ip-ranges.ts'

/** The two files of the data, in their folder. */
export const countryFiles = ['asn-country-ipv4.csv', 'asn-country-ipv6.csv'] as const

/** Where the data is installed, from the folder of the configuration. */
export const countryPackage = 'node_modules/@ip-location-db/asn-country'

interface Family {
  readonly ranges: SortedRanges
  /** The letters of each range, as two octets. */
  readonly codes: Uint16Array
}

/** Tells countries by their two letters (ISO 3166-1). */
export class Countries {
  readonly #ipv4: Family
  readonly #ipv6: Family

  /** The texts of the files: lines of first address, last address and letters, in ascending order. Throws when they are not. */
  constructor(ipv4: string, ipv6: string) {
    this.#ipv4 = readFamily(ipv4, 1)
    this.#ipv6 = readFamily(ipv6, 4)
  }

  /** Undefined: the address belongs to none that is known. */
  of(address: string): string | undefined {
    const ip = parseIp(address)
    if (ip === undefined) return undefined
    const { ranges, codes } = ip.length === 1 ? this.#ipv4 : this.#ipv6
    const at = ranges.find(ip)
    return at < 0 ? undefined : String.fromCharCode(codes[at]! >> 8, codes[at]! & 255)
  }
}

const line = /^([\d.a-f:]+),([\d.a-f:]+),([A-Z]{2})$/

function readFamily(text: string, words: number): Family {
  const lines = text.split('\n').filter((each) => each !== '')
  const bounds = new Uint32Array(lines.length * 2 * words)
  const codes = new Uint16Array(lines.length)
  lines.forEach((each, i) => {
    const [, first = '', last = '', letters = ''] = line.exec(each.trimEnd()) ?? []
    bounds.set(addressIn(first, words, i), i * 2 * words)
    bounds.set(addressIn(last, words, i), (i * 2 + 1) * words)
    codes[i] = (letters.charCodeAt(0) << 8) | letters.charCodeAt(1)
  })
  const ranges = new SortedRanges(bounds, words)
  if (!ranges.isAscending) throw new Error('the ranges of countries are not in ascending order')
  return { ranges, codes }
}

function addressIn(text: string, words: number, i: number): IpWords {
  const address = parseIp(text)
  if (address?.length !== words) throw new Error(`line ${i + 1}: expected two addresses and a country`)
  return address
}
