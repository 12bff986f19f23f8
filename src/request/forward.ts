// The request as it goes to the origin: end-to-end fields, the cookies that remain, one fixed coding, and who it comes
// from.
import type { Stored } from '../cache/stored.ts'
import { preconditions } from '../cache/validate.ts'
import { Fields } from '../http/fields.ts'
import { fieldBit, fieldNumber, type KnownField } from '../http/known-fields.ts'
import { isLookalike } from '../http/lookalike.ts'
import { fieldLines } from '../http1/head-writer.ts'
import type { GatewayLines, OriginNames } from '../origin/origin.ts'
import { clientAddress } from './client-address.ts'
import { VIA } from './downstream.ts'
import type { Visit } from './visit.ts'

/** Name and instance of this gateway in CDN-Loop (RFC 8586). */
export interface Identity {
  /** For example 'myriad; id=3f2a'. */
  readonly cdnLoop: string
}

/** What is asked of the origin, where it is not what the client asked. */
export type Ask =
  /** The client's request as it is, its conditions and ranges included. */
  | { readonly kind: 'same' }
  /** An answer to be stored: without the client's conditions, which are judged here. */
  | { readonly kind: 'store' }
  /** Whether a stored response is still good: its validators in place of the client's conditions and ranges. */
  | { readonly kind: 'validate'; readonly stored: Stored }
  /** The whole, whatever the client asked: a refresh in the background of what has no validator. */
  | { readonly kind: 'whole' }
  /** The part that is missing here. */
  | { readonly kind: 'range'; readonly range: string; readonly ifRange: string | undefined }

/** Fields of which the origin gets Myriad's own lines, or none: one pass leaves them out, instead of one for each. */
const ownLines: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'expect',
  'cookie',
  'accept-encoding',
  'via',
  'cdn-loop',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-for',
  'forwarded',
])

/** The client's fields for the origin; those that Myriad adds are in `gatewayLines`. */
export function forwardedFields(visit: Visit, ask: Ask): Fields {
  const fields = visit.endToEnd(ownLines)
  dropUnvouched(fields, visit.reply.client.trusted)
  if (visit.cookie !== undefined) fields.append('Cookie', visit.cookie)
  setConditions(fields, ask)
  const hops = visit.method === 'OPTIONS' ? fields.first('max-forwards') : undefined
  // RFC 9110 §7.6.2; 0 has been answered here (stages.ts).
  if (hops !== undefined && /^\d+$/.test(hops)) fields.set('Max-Forwards', String(Number(hops) - 1))
  return fields
}

const saidBefore = fieldBit.via | fieldBit['cdn-loop']
const saidByProxy = fieldBit.forwarded | fieldBit['x-forwarded-for']

/**
 * The lines of a gateway. They are the same for one request of a client after the other, unless the request comes
 * through others, and so are made once. The client names no host in HTTP/1.0 alone.
 */
export function gatewayLines(visit: Visit, names: OriginNames, identity: Identity): GatewayLines {
  const { client } = visit.reply
  const host = visit.authority === '' ? names.authority : visit.authority
  const special = (visit.present & (client.trusted ? saidBefore | saidByProxy : saidBefore)) !== 0
  if (special) return makeLines(visit, names, host, identity)
  const known = client.gateway
  if (known?.host === host && known.scheme === visit.scheme && known.names === names) return known.lines
  const lines = makeLines(visit, names, host, identity)
  client.gateway = { names, host, scheme: visit.scheme, lines }
  return lines
}

function makeLines(visit: Visit, names: OriginNames, host: string, identity: Identity): GatewayLines {
  const { address, trusted } = visit.reply.client
  const node = address.includes(':') ? `"[${address}]"` : address
  // Forwarded (RFC 7239) and X-Forwarded-*: after what a trusted peer said, in place of what a stranger said.
  const element = `for=${node};host="${host}";proto=${visit.scheme}`
  const fields = Fields.of([
    ['Host', names.host ?? host],
    // One fixed coding, so that there is one answer to store: Myriad codes it for each client itself.
    ['Accept-Encoding', 'identity'],
    ['Forwarded', trusted ? after(visit, 'forwarded', element) : element],
    ['X-Forwarded-For', trusted ? after(visit, 'x-forwarded-for', address) : address],
    ['X-Forwarded-Proto', visit.scheme],
    ['X-Forwarded-Host', host],
    ['Via', after(visit, 'via', VIA)],
    ['CDN-Loop', after(visit, 'cdn-loop', identity.cdnLoop)],
  ])
  return {
    fields,
    text: fieldLines(fields),
    clientAddress: clientAddress(visit),
    scheme: visit.scheme,
    authority: host,
  }
}

function setConditions(fields: Fields, ask: Ask): void {
  if (ask.kind === 'same') return
  fields.delete('if-none-match')
  fields.delete('if-modified-since')
  if (ask.kind === 'store') return
  fields.delete('range')
  fields.delete('if-range')
  if (ask.kind === 'validate') for (const [name, value] of preconditions(ask.stored)) fields.set(name, value)
  if (ask.kind === 'range') {
    fields.set('Range', ask.range)
    if (ask.ifRange !== undefined) fields.set('If-Range', ask.ifRange)
  }
}

/** Drops what an application could act on though nobody here vouches for it. */
function dropUnvouched(fields: Fields, trusted: boolean): void {
  const { keys } = fields
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i]!
    // `Proxy` becomes HTTP_PROXY behind CGI, which libraries take for the proxy to send their requests through.
    if (isLookalike(key) || key === 'proxy' || (!trusted && isStrangersWord(key))) fields.removeAt(i)
  }
}

/** X-Forwarded-Port, -Prefix and the like as well. */
function isStrangersWord(key: string): boolean {
  if (!key.startsWith('x-')) return key === 'true-client-ip'
  return key.startsWith('x-forwarded-') || strangers.has(key)
}

/** Fields by which a proxy tells of its client; from strangers they are removed. */
const strangers: ReadonlySet<string> = new Set(['x-real-ip', 'x-client-ip', 'x-cluster-client-ip'])

/** A list's value with one more member, after what the request said. */
function after(visit: Visit, key: KnownField, member: string): string {
  if ((visit.present & fieldBit[key]) === 0) return member
  const before = visit.get(fieldNumber[key])
  return before === undefined ? member : `${before}, ${member}`
}
