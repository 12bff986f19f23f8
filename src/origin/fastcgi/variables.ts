// The variables by which an application behind CGI sees a request (RFC 3875 §4.1, and what PHP reads besides): which
// there are, and their octets. Pure.
//
// Only Myriad's own names stand without HTTP_ before them, so a client can set no other: PHP_VALUE and PHP_ADMIN_VALUE
// would change PHP's settings, and for the requests of others too. HTTP_PROXY is never set, which libraries take for
// the proxy to send their requests through (`Proxy` is a field that nobody needs).
//
// What is the same for one request after the other is made once: the variables of a client, and those of a root.
import type { Fields } from '../../http/fields.ts'
import type { GatewayLines, OriginRequest } from '../origin.ts'
import { hashOctet } from '../../http/octet-names.ts'
import { internName } from '../../http1/name-table.ts'
import { COLON, CR } from '../../http1/octets.ts'
import { pairText, type PairWriter } from './name-values.ts'
import type { RequestId } from './request-id.ts'

/** What is executed. Texts are octets, one character for each. */
export interface Script {
  /** The real path of the folder that the site is served from, at the time of the request. */
  readonly documentRoot: string
  /** The real path of the script. */
  readonly filename: string
  /** The part of the request's path that leads to the script: '/index.php'. */
  readonly name: string
  /** What follows it, decoded: '/x' of '/index.php/x'; else ''. */
  readonly pathInfo: string
}

const octetsOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

const names = {
  method: octetsOf('REQUEST_METHOD'),
  uri: octetsOf('REQUEST_URI'),
  query: octetsOf('QUERY_STRING'),
  length: octetsOf('CONTENT_LENGTH'),
  id: octetsOf('REQUEST_ID'),
}

const constant =
  pairText('GATEWAY_INTERFACE', 'CGI/1.1') +
  pairText('SERVER_PROTOCOL', 'HTTP/1.1') +
  pairText('SERVER_SOFTWARE', 'myriad') +
  // Without it a PHP that is built for both refuses to run behind CGI (cgi.force_redirect).
  pairText('REDIRECT_STATUS', '200')

/** What a field is called as a variable. */
interface Variable {
  /** Empty: the application does not get it. */
  readonly octets: Uint8Array
  /** The field's name as others are spelled that become the same variable. */
  readonly alike: string
  readonly hasUnderscore: boolean
  /** Whether it is made once: only then a request's second line of the name is seen to be one. */
  readonly isRemembered: boolean
  /** The request for which it was written last. */
  written: number
}

/** Set by Myriad, whatever a client says; or dangerous, see above. */
const withheld: ReadonlySet<string> = new Set(['host', 'proxy', 'content-type', 'content-length'])

const VARIABLES_MAX = 1024
const variables = new Map<string, Variable>()

function variableOf(key: string): Variable {
  const known = variables.get(key)
  if (known !== undefined) return known
  const alike = key.replaceAll('_', '-')
  // What no variable can be called is passed on by no server: `X.Y` would become one name with `X-Y` somewhere else.
  const fits = /^[a-z0-9_-]+$/.test(key) && !withheld.has(alike)
  const name = fits ? `HTTP_${alike.toUpperCase().replaceAll('-', '_')}` : ''
  const isRemembered = variables.size < VARIABLES_MAX
  const made: Variable = {
    octets: octetsOf(key === 'content-type' ? 'CONTENT_TYPE' : name),
    alike,
    hasUnderscore: key.includes('_'),
    isRemembered,
    written: 0,
  }
  if (isRemembered) variables.set(key, made)
  return made
}

/** Writes all variables of a request. `id`: what the request is called in Myriad's reports. */
export function writeVariables(to: PairWriter, request: OriginRequest, script: Script, id: RequestId): void {
  const { pathAndQuery, body, gateway } = request
  to.text(clientText(gateway))
  to.text(scriptText(script))
  const query = pathAndQuery.indexOf('?')
  to.pair(names.method, request.method)
  to.pair(names.uri, pathAndQuery)
  to.copiedPair(names.query, to.octets, query < 0 ? to.at : to.at - pathAndQuery.length + query + 1, to.at)
  id.writeTo(to, names.id)
  const bytes = body.kind === 'whole' ? body.bytes.length : body.kind === 'stream' ? body.bytes : undefined
  if (bytes !== undefined) to.pair(names.length, String(bytes))
  if (!writeLines(to, request)) writeFields(to, request.fields, gateway.fields)
}

/** Where the client's lines lie for a moment. */
const lines = Buffer.allocUnsafeSlow(65_536)
let requests = 0

/** Writes the client's fields from their lines, without strings. False, and nothing written: they need a closer look. */
function writeLines(to: PairWriter, request: OriginRequest): boolean {
  const end = request.copyLines === undefined ? -1 : request.copyLines(lines, 0)
  if (end < 0) return false
  const before = to.at
  requests++
  for (let at = 0; at < end; at += 2) {
    const from = at
    let hash = 0
    for (; lines[at] !== COLON; at++) hash = hashOctet(hash, lines[at]!)
    const variable = variableOf(internName(lines, from, at, hash).key)
    // `Name: value`, in exactly this form.
    const valueFrom = at + 2
    for (at = valueFrom; lines[at] !== CR; at++);
    if (variable.octets.length === 0) continue
    if (variable.hasUnderscore || !variable.isRemembered || variable.written === requests) {
      to.at = before
      return false
    }
    variable.written = requests
    to.copiedPair(variable.octets, lines, valueFrom, at)
  }
  return true
}

function writeFields(to: PairWriter, fields: Fields, others: Fields): void {
  const { keys, values } = fields
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const variable = variableOf(key)
    if (variable.octets.length === 0 || keys.indexOf(key) < i) continue
    // A name with `_` could stand in for the one with `-`: where there are both, only that one counts.
    if (variable.hasUnderscore && (isTaken(variable, key, keys) || isTaken(variable, key, others.keys)))
      continue
    to.pair(variable.octets, keys.includes(key, i + 1) ? joined(fields, key) : values[i]!)
  }
}

/** Whether another field becomes the same variable. */
function isTaken(variable: Variable, key: string, keys: readonly string[]): boolean {
  return keys.some((other) => other !== key && variableOf(other).alike === variable.alike)
}

/** RFC 3875 §4.1.18: several lines of a field become one variable. */
function joined(fields: Fields, key: string): string {
  return key === 'cookie' ? fields.all(key).join('; ') : fields.get(key)!
}

const clientTexts = new WeakMap<GatewayLines, string>()

/** What is always so, who asks, and for which site: the same for one request of a client after the other. */
function clientText(gateway: GatewayLines): string {
  const known = clientTexts.get(gateway)
  if (known !== undefined) return known
  const { authority, scheme, fields } = gateway
  const port = /:(\d+)$/.exec(authority)?.[1]
  let text =
    constant +
    pairText('REMOTE_ADDR', gateway.clientAddress) +
    pairText('REQUEST_SCHEME', scheme) +
    pairText('SERVER_NAME', port === undefined ? authority : authority.slice(0, -port.length - 1)) +
    pairText('SERVER_PORT', port ?? (scheme === 'https' ? '443' : '80'))
  if (scheme === 'https') text += pairText('HTTPS', 'on')
  for (let i = 0; i < fields.length; i++) {
    const { octets } = variableOf(fields.keys[i]!)
    const name = fields.keys[i] === 'host' ? 'HTTP_HOST' : Buffer.from(octets).latin1Slice()
    text += pairText(name, fields.values[i]!)
  }
  clientTexts.set(gateway, text)
  return text
}

const scriptTexts = new WeakMap<Script, string>()

/** What is executed: the same object for one request after the other, as long as it is the same script. */
function scriptText(script: Script): string {
  const known = scriptTexts.get(script)
  if (known !== undefined) return known
  const text =
    pairText('DOCUMENT_ROOT', script.documentRoot) +
    pairText('SCRIPT_FILENAME', script.filename) +
    pairText('SCRIPT_NAME', script.name) +
    pairText('DOCUMENT_URI', script.name + script.pathInfo) +
    pairText('PATH_INFO', script.pathInfo)
  scriptTexts.set(script, text)
  return text
}
