// The address of the client as far as it is believed: for an origin that takes it as a fact and not as a field
// (`REMOTE_ADDR`, RFC 3875 §4.1.8). A trusted peer is believed in what it added itself, which is the last member of
// Forwarded (RFC 7239 §5.2) or of X-Forwarded-For, as it is in the scheme and the host (../edge/trust.ts).
import { isIP } from 'node:net'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import type { RequestView } from '../http/request-view.ts'
import type { Client } from './reply.ts'
import type { Visit } from './visit.ts'

const saidBits = fieldBit.forwarded | fieldBit['x-forwarded-for']

/** What the peer says its client's address is, if it is trusted and says so; else the peer's own. */
export function clientAddress(visit: Visit): string {
  return believedAddress(visit.reply.client, visit)
}

/** As `clientAddress`, of a request by its fields. */
export function believedAddress(
  { address, trusted }: Client,
  request: Pick<RequestView, 'present' | 'get'>,
): string {
  if (!trusted || (request.present & saidBits) === 0) return address
  const element = lastMember(request.get(fieldNumber.forwarded))
  const said =
    /(?:^|;)\s*for=("?)([^";,]*)\1/i.exec(element)?.[2] ??
    lastMember(request.get(fieldNumber['x-forwarded-for']))
  return addressOf(said) ?? address
}

/** The address of a node, with a port or without; undefined for a name that hides it ('unknown', '_secret'). */
function addressOf(node: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(node)?.[1] ?? /^([\d.]+):\d+$/.exec(node)?.[1] ?? node
  return isIP(bare) === 0 ? undefined : bare
}

function lastMember(list: string | undefined): string {
  return list === undefined ? '' : list.slice(list.lastIndexOf(',') + 1).trim()
}
