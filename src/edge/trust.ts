// Whose word on forwarding is believed: what a trusted peer says of the client's scheme and host takes the place of
// what this connection shows. From all others such fields are ignored, and removed on the way to the origin.
import { IpSet } from '../base/ip-ranges.ts'
import { normalAuthority } from '../http/authority.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import type { RequestView } from '../http/request-view.ts'

/** Addresses and ranges, ready to be asked. */
export class TrustedPeers {
  readonly #peers: IpSet

  /** `ranges`: addresses, CIDR ranges, and the words of the setting; already validated. */
  constructor(ranges: readonly string[]) {
    this.#peers = IpSet.of(ranges)
  }

  /** Whether nobody is trusted, so that addresses need not be looked at. */
  get isEmpty(): boolean {
    return this.#peers.isEmpty
  }

  has(address: string): boolean {
    return this.#peers.has(address)
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
