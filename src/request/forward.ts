// The request as it goes to the origin: end-to-end fields, the cookies that remain, one fixed coding, and who it comes
// from.
import type { Stored } from '../cache/stored.ts'
import { preconditions } from '../cache/validate.ts'
import { applyChanges } from '../http/field-changes.ts'
import { Fields } from '../http/fields.ts'
import { fieldBit, fieldNumber, type KnownField } from '../http/known-fields.ts'
import { standingOf, type Standing } from '../http/unvouched.ts'
import { fieldLines } from '../http1/head-writer.ts'
import type { GatewayLines, OriginBody, OriginNames, OriginRequest } from '../origin/origin.ts'
import { clientAddress } from './client-address.ts'
import { VIA } from './downstream.ts'
import type { Visit } from './visit.ts'

/** What goes past the cache. */
export const askAsIs: Ask = { kind: 'same' }
/** What a miss asks. */
export const askToStore: Ask = { kind: 'store' }

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
const ownKeys = [
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
] as const
const ownLines: ReadonlySet<string> = new Set(ownKeys)
const ownBits = ownKeys.reduce((bits, key) => bits | fieldBit[key], 0)
const conditionBits = fieldBit['if-none-match'] | fieldBit['if-modified-since']

const refusedFromStrangers: readonly Standing[] = ['never', 'stranger']
const refusedFromTrusted: readonly Standing[] = ['never']

/** What an origin is asked for a visit. */
export class ForwardedRequest implements OriginRequest {
  readonly method: string
  readonly pathAndQuery: string
  readonly expectsContinue: boolean
  readonly upgrade: string | undefined
  #fields: Fields | undefined

  constructor(
    private readonly visit: Visit,
    private readonly ask: Ask,
    readonly gateway: GatewayLines,
    readonly body: OriginBody,
  ) {
    this.method = visit.method
    this.pathAndQuery = visit.pathAndQuery
    this.expectsContinue = visit.expectsContinue && visit.collected === undefined
    this.upgrade = visit.upgrade
  }

  get fields(): Fields {
    return (this.#fields ??= forwardedFields(this.visit, this.ask))
  }

  copyLines(into: Buffer, at: number): number {
    const { visit, ask } = this
    const { cookie } = visit
    if ((ask.kind !== 'same' && ask.kind !== 'store') || visit.method === 'OPTIONS') return -1
    if (visit.route.rule?.request !== undefined) return -1
    if (cookie !== undefined && at + cookie.length + COOKIE.length + 2 > into.length) return -1
    const omitted = ask.kind === 'store' ? ownBits | conditionBits : ownBits
    const refused = visit.reply.client.trusted ? refusedFromTrusted : refusedFromStrangers
    let to = at
    if (cookie !== undefined) {
      to += into.latin1Write(COOKIE, to)
      to += into.latin1Write(cookie, to)
      to += into.latin1Write('\r\n', to)
    }
    return visit.copyEndToEnd(into, to, omitted, refused)
  }
}

const COOKIE = 'Cookie: '

/** The client's fields for the origin; those that Myriad adds are in `gatewayLines`. */
function forwardedFields(visit: Visit, ask: Ask): Fields {
  const fields = visit.endToEnd(ownLines)
  const refused = visit.reply.client.trusted ? refusedFromTrusted : refusedFromStrangers
  for (let i = fields.keys.length - 1; i >= 0; i--)
    if (refused.includes(standingOf(fields.keys[i]!))) fields.removeAt(i)
  if (visit.cookie !== undefined) fields.append('Cookie', visit.cookie)
  setConditions(fields, ask)
  const hops = visit.method === 'OPTIONS' ? fields.first('max-forwards') : undefined
  // RFC 9110 §7.6.2; 0 has been answered here (stages.ts).
  if (hops !== undefined && /^\d+$/.test(hops)) fields.set('Max-Forwards', String(Number(hops) - 1))
  const changes = visit.route.rule?.request
  if (changes !== undefined) applyChanges(fields, changes)
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
    clientAddress: clientAddress(visit, visit.reply.client),
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

/** A list's value with one more member, after what the request said. */
function after(visit: Visit, key: KnownField, member: string): string {
  if ((visit.present & fieldBit[key]) === 0) return member
  const before = visit.get(fieldNumber[key])
  return before === undefined ? member : `${before}, ${member}`
}
