// Whose word on forwarding is believed: what a trusted peer says of the client's scheme and host takes the place of
// what this connection shows. From all others such fields are ignored, and removed on the way to the origin.
import { BlockList, isIP } from 'node:net'
import { normalAuthority } from '../http/authority.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import type { RequestView } from '../http/request-view.ts'

const words: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'],
}

/** Addresses and ranges, ready to be asked. */
export class TrustedPeers {
  readonly #list = new BlockList()
  readonly #none: boolean

  /** `ranges`: addresses, CIDR ranges, and the words of the setting; already validated. */
  constructor(ranges: readonly string[]) {
    const all = ranges.flatMap((range) => words[range] ?? [range])
    this.#none = all.length === 0
    for (const range of all) {
      const [address, bits] = range.split('/') as [string, string?]
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(bits), family)
    }
  }

  /** Whether nobody is trusted, so that addresses need not be looked at. */
  get isEmpty(): boolean {
    return this.#none
  }

  has(address: string): boolean {
    if (this.#none) return false
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
    const family = isIP(mapped)
    return family !== 0 && this.#list.check(mapped, family === 6 ? 'ipv6' : 'ipv4')
  }
}

const forwardedBits =
  fieldBit.forwarded |
  fieldBit['x-forwarded-proto'] |
  fieldBit['x-forwarded-host'] |
  fieldBit['x-forwarded-for']

/** What a proxy in front says of the client's request; undefined where it says nothing that can be read. */
export interface Forwarded {
  readonly scheme: 'http' | 'https' | undefined
  readonly authority: string | undefined
}

/** Reads Forwarded (RFC 7239), else X-Forwarded-*: what the last proxy added, which is the trusted one. */
export function forwarded(view: RequestView): Forwarded | undefined {
  if ((view.present & forwardedBits) === 0) return undefined
  const element = view.get(fieldNumber.forwarded)?.split(',').at(-1)
  const proto = parameter(element, 'proto') ?? view.get(fieldNumber['x-forwarded-proto'])?.split(',').at(-1)
  const host = parameter(element, 'host') ?? view.get(fieldNumber['x-forwarded-host'])?.split(',').at(-1)
  const name = proto?.trim().toLowerCase()
  const scheme = name === 'https' || name === 'http' ? name : undefined
  return {
    scheme,
    authority: host === undefined ? undefined : normalAuthority(host.trim(), scheme ?? view.scheme),
  }
}

function parameter(element: string | undefined, name: string): string | undefined {
  const match =
    element === undefined ? null : new RegExp(`(?:^|;)\\s*${name}=("?)([^";,]*)\\1`, 'i').exec(element)
  return match?.[2]
}
