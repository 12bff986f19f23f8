// A request as Bun.serve hands it over, seen as the engine sees requests. Most of what makes a request ambiguous the runtime
// has refused; what it lets through although our own codecs would not is refused here, as far as it can still be
// seen (docs/manual/tls.md has the rest: the target has been resolved by the runtime, lines of one name are joined).
import { Failure } from '../base/failure.ts'
import { normalAuthority } from '../http/authority.ts'
import type { EveryCookie } from '../http/cookie-octets.ts'
import { Fields } from '../http/fields.ts'
import { endToEnd } from '../http/hopbyhop.ts'
import { fieldBit, knownFields } from '../http/known-fields.ts'
import type { RequestHead } from '../http/message.ts'
import type { RequestBody, RequestView } from '../http/request-view.ts'
import { normalTarget } from '../http/target.ts'
import type { Http1Limits } from '../http1/limits.ts'

const noBody: RequestBody = { kind: 'none' }
const unknownBody: RequestBody = { kind: 'unknown' }

/** Cookies are looked at here; longer ones as a string. */
const scratch = Buffer.allocUnsafeSlow(4096)

const connectionBits = fieldBit.connection | fieldBit['transfer-encoding']

/** Fields of this connection alone, about which nothing is decided here. */
const unasked = ['te', 'trailer', 'keep-alive', 'proxy-connection', 'upgrade', 'http2-settings']
const askedFields = knownFields.filter((name) => !unasked.includes(name))

/** The view of a request; whether it is one that can be answered says `refusal`. */
export class ServeRequest implements RequestView {
  readonly method: string
  readonly headers: Headers
  readonly present: number
  readonly upgrade = undefined
  /** The runtime says 100 (Continue) by itself. */
  readonly expectsContinue = false
  body: RequestBody = noBody
  #scheme: 'http' | 'https' = 'https'
  #authority = ''
  #rawTarget = ''
  #pathAndQuery = ''
  /** Undefined: to be put together. */
  #url: string | undefined

  constructor(private readonly request: Request) {
    this.method = request.method
    const headers = (this.headers = request.headers)
    let present = 0
    for (const name of askedFields) if (headers.has(name)) present |= fieldBit[name]
    this.present = present
  }

  get scheme(): 'http' | 'https' {
    return this.#scheme
  }

  get authority(): string {
    return this.#authority
  }

  get rawTarget(): string {
    return this.#rawTarget
  }

  get pathAndQuery(): string {
    return this.#pathAndQuery
  }

  get url(): string {
    return (this.#url ??= `${this.#scheme}://${this.#authority}${this.#pathAndQuery}`)
  }

  get(number: number): string | undefined {
    return this.headers.get(knownFields[number]!) ?? undefined
  }

  text(key: string): string | undefined {
    return this.headers.get(key) ?? undefined
  }

  everyCookie(every: EveryCookie): boolean {
    const cookie = this.headers.get('cookie')
    if (cookie === null || cookie.length > scratch.length) return false
    return every(scratch, 0, scratch.latin1Write(cookie, 0))
  }

  endToEnd(replaced: ReadonlySet<string>): Fields {
    return endToEnd(this.#fields(), replaced)
  }

  /** Lies in no codec's buffer. */
  copyEndToEnd(): number {
    return -1
  }

  keep(): () => RequestHead {
    const { method } = this
    const scheme = this.#scheme
    const authority = this.#authority
    const target = { raw: this.#rawTarget, pathAndQuery: this.#pathAndQuery }
    return () => ({ method, scheme, authority, target, fields: this.#fields() })
  }

  /** What a trusted proxy in front says of the client's request. */
  believe(scheme: 'http' | 'https' | undefined, authority: string | undefined): void {
    if (scheme !== undefined) this.#scheme = scheme
    if (authority !== undefined) this.#authority = authority
    this.#url = undefined
  }

  /** Reads what the view needs; returns why the request is refused. */
  refusal(limits: Http1Limits): Failure | undefined {
    if (this.method === 'CONNECT' || this.method === 'TRACE')
      return new Failure('method-refused', `${this.method} is not offered here`)
    return (
      this.#readAuthority() ??
      this.#readTarget(limits) ??
      this.#readConnection() ??
      this.#readBody(limits) ??
      this.#tooMany(limits)
    )
  }

  #readAuthority(): Failure | undefined {
    const host = this.headers.get('host')
    // RFC 9114 §4.3.1. Two Host lines arrive as 'a, b', which is no host.
    if (host === null) return new Failure('bad-request', 'the Host field is missing')
    if (host === lastHost) {
      this.#authority = lastAuthority
      return undefined
    }
    const authority = normalAuthority(host, 'https')
    if (authority === undefined)
      return new Failure('bad-request', 'the Host field is not a host with an optional port')
    lastHost = host
    lastAuthority = this.#authority = authority
    lastPrefix = `https://${authority}/`
    return undefined
  }

  #readTarget(limits: Http1Limits): Failure | undefined {
    const { url } = this.request
    const prefixed = url.startsWith(lastPrefix)
    const from = prefixed ? lastPrefix.length - 1 : url.startsWith('https://') ? url.indexOf('/', 8) : 0
    const raw = url.slice(from)
    this.#rawTarget = raw
    if (raw.length > limits.targetBytes)
      return new Failure('target-too-long', `the target is longer than ${limits.targetBytes} bytes`)
    if (raw === '*' && this.method === 'OPTIONS') {
      this.#pathAndQuery = '*'
      return undefined
    }
    if (!raw.startsWith('/') || raw.includes('#'))
      return new Failure('bad-request', 'the target holds a character that a target may not hold')
    const isEscaped = raw.includes('%')
    // So the runtime writes octets that are no UTF-8, whichever they are.
    if (isEscaped && raw.includes('%EF%BF%BD'))
      return new Failure('bad-request', 'the target holds a character that a target may not hold')
    const normal = isEscaped || raw.includes('/.') ? normalTarget(raw) : raw
    if (normal === undefined)
      return new Failure(
        'bad-request',
        'the target holds a percent sign without two hexadecimal digits, or %00',
      )
    this.#pathAndQuery = normal
    if (prefixed && normal === raw) this.#url = url
    return undefined
  }

  #readConnection(): Failure | undefined {
    // RFC 9114 §4.2.
    if ((this.present & connectionBits) !== 0)
      return new Failure('bad-request', 'the request holds a field of the connection alone')
    return (this.present & fieldBit.expect) !== 0 &&
      this.headers.get('expect')!.toLowerCase() !== '100-continue'
      ? new Failure('expectation-failed', 'the only expectation understood is 100-continue')
      : undefined
  }

  #readBody(limits: Http1Limits): Failure | undefined {
    const isWithout = this.method === 'GET' || this.method === 'HEAD'
    const told = this.headers.get('content-length')
    if (told === null) {
      if (!isWithout && this.request.body !== null) this.body = unknownBody
      return undefined
    }
    if (!/^\d{1,15}$/.test(told)) return new Failure('bad-request', 'Content-Length is not a length')
    const bytes = Number(told)
    if (bytes > limits.bodyBytes)
      return new Failure('body-too-large', `the body is larger than ${limits.bodyBytes} bytes`)
    this.body = { kind: 'length', bytes }
    // RFC 9110 §9.3.1. The runtime drops it, and what was sent ought to reach the application or nobody.
    return isWithout && bytes > 0
      ? new Failure('bad-request', `${this.method} with a body is not taken over HTTP/3`)
      : undefined
  }

  /** Lines of one name arrive as one; the runtime's own limit is on the octets of all. */
  #tooMany(limits: Http1Limits): Failure | undefined {
    const { count } = this.headers
    if (count > limits.fieldLines)
      return new Failure('fields-too-large', `more than ${limits.fieldLines} field lines`)
    if (limits.fieldsBytes >= RUNTIME_FIELDS_BYTES) return undefined
    let bytes = 0
    for (const [name, value] of this.headers) bytes += name.length + value.length + LINE_BYTES
    return bytes > limits.fieldsBytes
      ? new Failure('fields-too-large', `field lines of more than ${limits.fieldsBytes} bytes`)
      : undefined
  }

  /** RFC 9110 §5.5: control characters that the runtime lets through are spaces. */
  #fields(): Fields {
    const fields = new Fields()
    for (const [name, value] of this.headers) fields.append(name, value.replaceAll(controls, ' '))
    return fields
  }
}

const controls = /[\u0000-\u0008\u000a-\u001f\u007f]/g

/** What Bun.serve reads of a head at most, unless it is started otherwise. */
const RUNTIME_FIELDS_BYTES = 16_384
/** ': ' and the line's end. */
const LINE_BYTES = 4

/** Most requests of a process name the same host. */
let lastHost: string | undefined
let lastAuthority = ''
let lastPrefix = ''
