// Reads request heads (RFC 9112 §2, §3, §6, §9) strictly: whatever a peer could read differently is refused, with the
// connection. Pure: a reader holds no state between heads, so any split of the octets gives the same result. One
// reader serves all connections of a process; its results are good until its next reading.
//
// Long because everything that makes a request ambiguous is refused here.
import { Failure, type FailureCode } from '../base/failure.ts'
import { normalAuthority } from '../http/authority.ts'
import type { EveryCookie } from '../http/cookie-octets.ts'
import type { Fields } from '../http/fields.ts'
import { optionsOf } from '../http/hopbyhop.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import type { RequestHead } from '../http/message.ts'
import type { RequestBody, RequestView } from '../http/request-view.ts'
import { normalTarget } from '../http/target.ts'
import type { Standing } from '../http/unvouched.ts'
import { isDecisive } from './decisive.ts'
import { FieldLines, LinesEnd } from './field-lines.ts'
import { noBody, requestFraming, type Framing } from './framing.ts'
import type { Http1Limits } from './limits.ts'
import { UrlText } from './url-text.ts'
import { CR, LF, SP, SLASH, TargetOctet, isTokenOctet, pathOctet, queryOctet } from './octets.ts'

/** The longest method that is read; registered ones have at most 17 characters. */
const METHOD_BYTES_MAX = 32
/** 'HTTP/1.1' and the line's end. */
const VERSION_BYTES = 8

const keptLines = new FieldLines()

const noRequestBody: RequestBody = { kind: 'none' }
const unknownBody: RequestBody = { kind: 'unknown' }

/** What a reading came to. A request stands in the reader's fields when `next` is positive. */
export type RequestOutcome = 'complete' | 'incomplete' | 'refused'

const framingBits = fieldBit['content-length'] | fieldBit['transfer-encoding']
const connectionBits = fieldBit.connection | fieldBit.expect | fieldBit.upgrade | fieldBit['keep-alive']

/** Reads the heads of requests; itself the view of the request it read last. */
export class RequestReader implements RequestView {
  readonly lines = new FieldLines()
  /** As the listener sees it; a trusted proxy in front may say otherwise, so the edge may change it. */
  scheme: 'http' | 'https'
  method = ''
  authority = ''
  /** 0 or 1: of HTTP/1.x; a higher minor version is read as 1 (RFC 9110 §2.5). */
  minorVersion = 1
  framing: Framing = noBody
  /** Whether the client wants to keep the connection (RFC 9112 §9.3). */
  keepAlive = true
  /** Whether the client waits for 100 (Continue) (RFC 9110 §10.1.1). */
  expectsContinue = false
  /** The protocol that the client asks to switch to (RFC 9110 §7.8); undefined when none that may be tunnelled. */
  upgrade: string | undefined
  /** Position after the head, when complete. */
  next = 0
  /** Why the request is refused. */
  failure: Failure | undefined

  #targetFrom = 0
  #targetTo = 0
  /** The target as text, once somebody has asked for it. */
  #rawTarget: string | undefined
  /** The target's normal form, where that is another one. */
  #normalTarget: string | undefined
  readonly #url = new UrlText()
  /** Where the field lines begin. */
  #linesFrom = 0
  /** What the Host field's octets were last; most requests of a process name the same host. */
  #hostOctets = Buffer.alloc(0)
  #host = ''

  constructor(
    readonly limits: Http1Limits,
    private readonly listenerScheme: 'http' | 'https' = 'http',
  ) {
    this.scheme = listenerScheme
  }

  get body(): RequestBody {
    const { framing } = this
    if (framing.kind === 'length') return framing
    return framing.kind === 'chunked' ? unknownBody : noRequestBody
  }

  get rawTarget(): string {
    return (this.#rawTarget ??= this.lines.octets.latin1Slice(this.#targetFrom, this.#targetTo))
  }

  get pathAndQuery(): string {
    return this.#normalTarget ?? this.rawTarget
  }

  get url(): string {
    const { scheme, authority, lines } = this
    return this.#normalTarget === undefined
      ? this.#url.of(scheme, authority, lines.octets, this.#targetFrom, this.#targetTo)
      : `${scheme}://${authority}${this.#normalTarget}`
  }

  get present(): number {
    return this.lines.present
  }

  get(number: number): string | undefined {
    return this.lines.get(number)
  }

  text(key: string): string | undefined {
    return this.lines.text(key)
  }

  everyCookie(every: EveryCookie): boolean {
    const { lines } = this
    if ((lines.repeated & fieldBit.cookie) !== 0) return false
    const line = lines.firstLine(fieldNumber.cookie)
    return every(lines.octets, lines.starts[line]!, lines.ends[line]!)
  }

  endToEnd(replaced: ReadonlySet<string>): Fields {
    return this.lines.endToEnd(replaced)
  }

  copyEndToEnd(into: Buffer, at: number, omitted: number, refused: readonly Standing[]): number {
    return this.lines.copyEndToEnd(into, at, omitted, refused)
  }

  keep(): () => RequestHead {
    const { method, scheme, authority } = this
    const from = this.#targetFrom
    const targetChars = this.#targetTo - from
    const linesAt = this.#linesFrom - from
    const normal = this.#normalTarget
    // The octets are lent. What is kept of them is one text: most heads are never asked for again.
    const text = this.lines.octets.latin1Slice(from, this.next)
    return () => {
      const octets = Buffer.from(text, 'latin1')
      keptLines.read(octets, linesAt, octets.length, Infinity, Infinity, false)
      const raw = text.slice(0, targetChars)
      const target = { raw, pathAndQuery: normal ?? raw }
      return { method, scheme, authority, target, fields: keptLines.fields() }
    }
  }

  /** Reads a head from `from`, of which octets up to `to` have arrived. */
  read(octets: Buffer, from: number, to: number): RequestOutcome {
    this.failure = undefined
    let at = from
    // RFC 9112 §2.2: an empty line or two before the request line are ignored.
    for (let empty = 0; at < to && octets[at] === CR; empty++) {
      if (at + 1 >= to) return 'incomplete'
      if (octets[at + 1] !== LF || empty === 2)
        return this.#refuse('bad-request', 'a request line was expected')
      at += 2
    }

    const methodFrom = at
    const methodLimit = Math.min(to, at + METHOD_BYTES_MAX + 1)
    while (at < methodLimit && isTokenOctet[octets[at]!] === 1) at++
    if (at - methodFrom > METHOD_BYTES_MAX) return this.#badMethod()
    if (at >= to) return 'incomplete'
    if (octets[at] !== SP || at === methodFrom) return this.#badMethod()
    const methodTo = at

    const targetFrom = ++at
    const targetLimit = Math.min(to, at + this.limits.targetBytes + 1)
    let flags = 0
    let inPath = true
    for (; at < targetLimit; at++) {
      const octet = octets[at]!
      if (inPath) {
        const kind = pathOctet[octet]!
        if (kind === TargetOctet.refused) break
        flags |= kind
        if (kind === TargetOctet.query) inPath = false
      } else if (queryOctet[octet] === 0) break
    }
    if (at >= targetLimit) {
      return at - targetFrom > this.limits.targetBytes
        ? this.#refuse('target-too-long', `the target is longer than ${this.limits.targetBytes} bytes`)
        : 'incomplete'
    }
    if (octets[at] !== SP || at === targetFrom) {
      return this.#refuse('bad-request', 'the target holds a character that a target may not hold')
    }
    const targetTo = at++

    if (at + VERSION_BYTES + 2 > to) {
      const line = octets.indexOf(LF, at)
      if (line >= 0 && line < to) return this.#badVersion(octets, at)
      return 'incomplete'
    }
    if (!this.#readVersion(octets, at)) return this.#badVersion(octets, at)
    at += VERSION_BYTES
    if (octets[at] !== CR || octets[at + 1] !== LF) {
      return this.#refuse('bad-request', 'the request line does not end in CR LF')
    }

    const lines = this.lines
    this.#linesFrom = at + 2
    const next = lines.read(octets, at + 2, to, this.limits.fieldLines, this.limits.fieldsBytes, false)
    if (next < 0) return this.#linesEnded(next)

    this.scheme = this.listenerScheme
    this.method = methodName(octets, methodFrom, methodTo)
    this.#targetFrom = targetFrom
    this.#targetTo = targetTo
    this.#rawTarget = this.#normalTarget = undefined
    this.next = next
    this.framing = noBody
    this.keepAlive = this.minorVersion === 1
    this.expectsContinue = false
    this.upgrade = undefined

    const hostLine = this.#readHost()
    if (hostLine !== undefined) return this.#refuse('bad-request', hostLine)
    if (octets[targetFrom] === SLASH) {
      if ((flags & TargetOctet.special) !== 0 && !this.#normalise(this.rawTarget)) return 'refused'
    } else if (!this.#readOtherForm()) return 'refused'

    if ((lines.present & framingBits) !== 0 && !this.#readFraming()) return 'refused'
    if ((lines.present & connectionBits) !== 0 && !this.#readConnection()) return 'refused'
    if (this.method === 'CONNECT' || this.method === 'TRACE') {
      return this.#refuse('method-refused', `${this.method} is not offered here`)
    }
    return 'complete'
  }

  #readVersion(octets: Buffer, at: number): boolean {
    // 'HTTP/' DIGIT '.' DIGIT (RFC 9112 §2.3)
    if (
      octets[at] !== 72 ||
      octets[at + 1] !== 84 ||
      octets[at + 2] !== 84 ||
      octets[at + 3] !== 80 ||
      octets[at + 4] !== SLASH ||
      octets[at + 5] !== 49 ||
      octets[at + 6] !== 46
    )
      return false
    const minor = octets[at + 7]! - 48
    if (minor < 0 || minor > 9) return false
    this.minorVersion = minor === 0 ? 0 : 1
    return true
  }

  #badVersion(octets: Buffer, at: number): RequestOutcome {
    const text = octets.latin1Slice(at, Math.min(octets.length, at + VERSION_BYTES))
    return /^HTTP\/[02-9]\.[0-9]$/.test(text)
      ? this.#refuse('version-not-supported', `${text} is not spoken here; HTTP/1.1 is`)
      : this.#refuse('bad-request', 'the request line does not end in a version such as HTTP/1.1')
  }

  #badMethod(): RequestOutcome {
    return this.#refuse('bad-request', 'the request does not start with a method and a space')
  }

  #linesEnded(end: number): RequestOutcome {
    switch (end) {
      case LinesEnd.incomplete:
        return 'incomplete'
      case LinesEnd.tooManyLines:
        return this.#refuse('fields-too-large', `more than ${this.limits.fieldLines} field lines`)
      case LinesEnd.tooLarge:
        return this.#refuse('fields-too-large', `field lines of more than ${this.limits.fieldsBytes} bytes`)
      default:
        return this.#refuse('bad-request', `field line ${this.lines.count + 1} is not a field line`)
    }
  }

  /** Sets the authority from Host; returns what is wrong with it. RFC 9112 §3.2: exactly one, and valid. */
  #readHost(): string | undefined {
    const lines = this.lines
    if ((lines.present & fieldBit.host) === 0) {
      this.authority = ''
      return this.minorVersion === 0 ? undefined : 'the Host field is missing'
    }
    if ((lines.repeated & fieldBit.host) !== 0) return 'the Host field stands twice'
    const line = lines.firstLine(fieldNumber.host)
    const from = lines.starts[line]!
    const length = lines.ends[line]! - from
    const last = this.#hostOctets
    let i = 0
    if (length === last.length) while (i < length && last[i] === lines.octets[from + i]) i++
    if (i === length && length > 0) {
      this.authority = this.#host
      return undefined
    }
    const authority = normalAuthority(lines.value(line), this.scheme)
    if (authority === undefined) return 'the Host field is not a host with an optional port'
    this.#hostOctets = Buffer.from(lines.octets.subarray(from, from + length))
    this.#host = authority
    this.authority = authority
    return undefined
  }

  #normalise(target: string): boolean {
    const normal = normalTarget(target)
    if (normal === undefined) {
      this.#refuse('bad-request', 'the target holds a percent sign without two hexadecimal digits, or %00')
      return false
    }
    this.#normalTarget = normal
    return true
  }

  /** absolute-form, asterisk-form; the authority-form belongs to CONNECT alone (RFC 9112 §3.2.2 to §3.2.4). */
  #readOtherForm(): boolean {
    const raw = this.rawTarget
    if (raw === '*' && this.method === 'OPTIONS') {
      this.#normalTarget = '*'
      return true
    }
    if (this.method === 'CONNECT') {
      this.#refuse('method-refused', 'CONNECT is not offered here')
      return false
    }
    const match = /^http:\/\/([^/?]*)(.*)$/i.exec(raw)
    const authority = match === null ? undefined : normalAuthority(match[1]!, this.scheme)
    if (match === null || authority === undefined) {
      this.#refuse('bad-request', 'the target is neither a path nor an http URL')
      return false
    }
    // RFC 9112 §3.2.2 lets the target win over a Host that says otherwise; peers differ in that, so it is refused.
    if ((this.lines.present & fieldBit.host) !== 0 && authority !== this.authority) {
      this.#refuse('bad-request', 'the target names another host than the Host field')
      return false
    }
    this.authority = authority
    const path = match[2]!
    if (path === '' && this.method === 'OPTIONS') {
      this.#normalTarget = '*' // §3.2.4
      return true
    }
    return this.#normalise(path.startsWith('/') ? path : `/${path}`)
  }

  #readFraming(): boolean {
    const framing = requestFraming(
      this.minorVersion,
      this.lines.all(fieldNumber['transfer-encoding']),
      this.lines.all(fieldNumber['content-length']),
    )
    if (framing === 'invalid') {
      this.#refuse(
        'bad-request',
        'Content-Length and Transfer-Encoding do not delimit the body unambiguously',
      )
      return false
    }
    if (framing === 'unknown-coding') {
      this.#refuse('method-refused', 'the only transfer coding understood is chunked')
      return false
    }
    if (framing.kind === 'length' && framing.bytes > this.limits.bodyBytes) {
      this.#refuse('body-too-large', `the body is larger than ${this.limits.bodyBytes} bytes`)
      return false
    }
    this.framing = framing
    return true
  }

  #readConnection(): boolean {
    const options = optionsOf(this.lines.get(fieldNumber.connection) ?? '')
    const decisive = options.find((option) => isDecisive(option, this.lines.present))
    if (decisive !== undefined) {
      this.#refuse('bad-request', `Connection names an end-to-end field: ${decisive}`)
      return false
    }
    if (options.includes('close')) this.keepAlive = false
    else if (this.minorVersion === 0) this.keepAlive = options.includes('keep-alive')

    const expect = this.lines.get(fieldNumber.expect)
    if (expect !== undefined && this.minorVersion === 1) {
      if (expect.toLowerCase() !== '100-continue') {
        this.#refuse('expectation-failed', 'the only expectation understood is 100-continue')
        return false
      }
      this.expectsContinue = this.framing.kind !== 'none'
    }

    const upgrade = this.lines.get(fieldNumber.upgrade)
    if (upgrade !== undefined && this.minorVersion === 1 && options.includes('upgrade')) {
      // Upgrade to h2c would open a connection on which the origin reads requests that were never looked at here.
      const tunnelled = upgrade.split(',').every((protocol) => !/^\s*(h2c?|http\/|tls\/)/i.test(protocol))
      if (tunnelled && this.framing.kind === 'none') this.upgrade = upgrade
    }
    return true
  }

  #refuse(code: FailureCode, message: string): 'refused' {
    this.failure = new Failure(code, message)
    return 'refused'
  }
}

function methodName(octets: Buffer, from: number, to: number): string {
  // GET, which nearly every request is, without creating a string.
  if (to - from === 3 && octets[from] === 71 && octets[from + 1] === 69 && octets[from + 2] === 84)
    return 'GET'
  return octets.latin1Slice(from, to)
}
