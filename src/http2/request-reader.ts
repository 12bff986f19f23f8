// Reads the heads of requests (RFC 9113 §8.3) as strictly as those of HTTP/1.1: whatever is malformed (§8.1.1), and whatever an
// application behind could read differently. Pure. One reader serves all connections of a process; its results are good until
// its next reading.
import { Failure, type FailureCode } from '../base/failure.ts'
import { normalAuthority } from '../http/authority.ts'
import type { EveryCookie } from '../http/cookie-octets.ts'
import type { Fields } from '../http/fields.ts'
import { endToEnd } from '../http/hopbyhop.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import type { RequestHead } from '../http/message.ts'
import type { RequestBody, RequestView } from '../http/request-view.ts'
import { normalTarget } from '../http/target.ts'
import type { Standing } from '../http/unvouched.ts'
import { contentLength } from '../http1/framing.ts'
import type { Http1Limits } from '../http1/limits.ts'
import { SLASH, TargetOctet, isTokenOctet, pathOctet, queryOctet } from '../http1/octets.ts'
import { UrlText } from '../http1/url-text.ts'
import { FieldBlock } from './field-block.ts'
import type { FieldTable } from './field-table.ts'
import { Kind, staticEntries } from './table-entry.ts'

/** As in HTTP/1.1. */
const METHOD_CHARS_MAX = 32

const noBody: RequestBody = { kind: 'none' }
const unknownBody: RequestBody = { kind: 'unknown' }

/** RFC 9113 §8.2.2. */
const connectionBits =
  fieldBit.connection |
  fieldBit['keep-alive'] |
  fieldBit['proxy-connection'] |
  fieldBit['transfer-encoding'] |
  fieldBit.upgrade
const otherBits = connectionBits | fieldBit.te | fieldBit.expect | fieldBit['content-length']

const requestPseudo = (1 << Kind.method) | (1 << Kind.scheme) | (1 << Kind.path)
const authorityBit = 1 << Kind.authority

/** The name of the line that takes the place of `:authority`. */
const hostName = staticEntries.find((entry) => entry?.name.key === 'host')!.name

/**
 * What a reading came to. `refused`: `failure` is to be answered. `malformed`: the stream is to be reset. `broken`: nothing that
 * comes later can be read.
 */
export type HeadOutcome = 'complete' | 'refused' | 'malformed' | 'broken'

/** Reads the heads of requests; itself the view of the request it read last. */
export class Http2RequestReader implements RequestView {
  readonly block = new FieldBlock()
  /** As the listener sees it; a trusted proxy in front may say otherwise, so the edge may change it. */
  scheme: 'http' | 'https'
  method = ''
  authority = ''
  body: RequestBody = noBody
  expectsContinue = false
  readonly upgrade = undefined
  /** Why the request is refused. */
  failure: Failure | undefined

  readonly #listenerScheme: 'http' | 'https'
  /** Where the target stands in the block's octets. */
  readonly #target = { from: 0, to: 0 }
  /** The target as text, once somebody has asked for it. */
  #rawTarget: string | undefined
  /** The target's normal form, where that is another one. */
  #normalTarget: string | undefined
  readonly #url = new UrlText()
  #lastAuthority = ''
  #lastNormal: string | undefined

  constructor(
    readonly limits: Http1Limits,
    listenerScheme: 'http' | 'https',
  ) {
    this.scheme = this.#listenerScheme = listenerScheme
  }

  get rawTarget(): string {
    return (this.#rawTarget ??= this.block.octets.latin1Slice(this.#target.from, this.#target.to))
  }

  get pathAndQuery(): string {
    return this.#normalTarget ?? this.rawTarget
  }

  get url(): string {
    const { scheme, authority } = this
    return this.#normalTarget === undefined
      ? this.#url.of(scheme, authority, this.block.octets, this.#target.from, this.#target.to)
      : `${scheme}://${authority}${this.#normalTarget}`
  }

  get present(): number {
    return this.block.present
  }

  get(number: number): string | undefined {
    return this.block.get(number)
  }

  text(key: string): string | undefined {
    return this.block.text(key)
  }

  everyCookie(every: EveryCookie): boolean {
    return this.block.everyLine(fieldNumber.cookie, every)
  }

  endToEnd(replaced: ReadonlySet<string>): Fields {
    return endToEnd(this.block.fields(), replaced)
  }

  copyEndToEnd(into: Buffer, at: number, omitted: number, refused: readonly Standing[]): number {
    return this.block.copyEndToEnd(into, at, omitted, refused)
  }

  keep(): () => RequestHead {
    const { method, scheme, authority, rawTarget, pathAndQuery } = this
    const target = { raw: rawTarget, pathAndQuery }
    // The values that are literals are lent; the others are texts already.
    const fields = this.block.fields()
    return () => ({ method, scheme, authority, target, fields })
  }

  /** Reads a field block that stands in `octets` from `from` to `to`. `ends`: no body follows. */
  read(table: FieldTable, octets: Buffer, from: number, to: number, ends: boolean): HeadOutcome {
    this.failure = undefined
    const { block, limits } = this
    if (!block.read(table, octets, from, to, limits.fieldLines, limits.fieldsBytes)) return 'broken'
    this.scheme = this.#listenerScheme
    this.body = noBody
    this.expectsContinue = false
    this.#rawTarget = this.#normalTarget = undefined
    this.#target.from = this.#target.to = 0
    this.method = ''
    if (block.problem !== undefined) return this.#tellMalformed()
    if ((block.pseudo & (1 << Kind.method)) === 0) return this.#malformed('no method')
    if (!this.#readMethod()) return 'refused'
    if ((block.pseudo & requestPseudo) !== requestPseudo) return this.#malformed('a pseudo-field is missing')
    const flags = this.#readTarget()
    if (flags < 0) return 'refused'
    if (block.beyond !== undefined) return this.#refuse('fields-too-large', this.#beyond())
    const authority = this.#readAuthority()
    if (authority !== undefined) return this.#refuse('bad-request', authority)
    const scheme = block.pseudoText(Kind.scheme)
    if (scheme !== 'https' && scheme !== 'http')
      return this.#refuse('bad-request', 'the scheme is none of the web')
    if ((flags & TargetOctet.special) !== 0) {
      const normal = normalTarget(this.rawTarget)
      if (normal === undefined) {
        return this.#refuse(
          'bad-request',
          'the target holds a percent sign without two hexadecimal digits, or %00',
        )
      }
      this.#normalTarget = normal
    }
    if (!ends) this.body = unknownBody
    return (block.present & otherBits) === 0 ? 'complete' : this.#readOthers(ends)
  }

  /** What of a malformed request may be told is what stands in its place. */
  #tellMalformed(): 'malformed' {
    const { block } = this
    if ((block.pseudo & (1 << Kind.method)) !== 0) this.method = block.pseudoText(Kind.method)
    if ((block.pseudo & (1 << Kind.path)) !== 0) block.placePseudo(Kind.path, this.#target)
    return 'malformed'
  }

  /** Reads trailers, which end a request (RFC 9113 §8.1); else as `read`. */
  readTrailers(table: FieldTable, octets: Buffer, from: number, to: number): Fields | 'malformed' | 'broken' {
    const { block, limits } = this
    if (!block.read(table, octets, from, to, limits.fieldLines, limits.trailerBytes)) return 'broken'
    // RFC 9113 §8.1: no pseudo-fields.
    const isRight =
      block.problem === undefined &&
      block.beyond === undefined &&
      block.pseudo === 0 &&
      (block.present & connectionBits) === 0
    return isRight ? block.fields() : 'malformed'
  }

  #readMethod(): boolean {
    const method = this.block.pseudoText(Kind.method)
    if (method !== 'GET') {
      let isToken = method.length > 0 && method.length <= METHOD_CHARS_MAX
      for (let i = 0; i < method.length && isToken; i++) isToken = isTokenOctet[method.charCodeAt(i)] === 1
      if (!isToken) {
        this.#refuse('bad-request', 'the method is none')
        return false
      }
      if (method === 'CONNECT' || method === 'TRACE') {
        this.method = method
        this.#refuse('method-refused', `${method} is not offered here`)
        return false
      }
    }
    this.method = method
    return true
  }

  /** Returns what the target's octets are; -1: it is refused. */
  #readTarget(): number {
    const { block, limits } = this
    const target = this.#target
    block.placePseudo(Kind.path, target)
    const { from, to } = target
    const { octets } = block
    if (to - from > limits.targetBytes) {
      this.#refuse('target-too-long', `the target is longer than ${limits.targetBytes} bytes`)
      return -1
    }
    if (octets[from] !== SLASH || from === to) {
      if (to - from === 1 && octets[from] === ASTERISK && this.method === 'OPTIONS') return 0
      this.#refuse('bad-request', 'the target is not a path')
      return -1
    }
    let flags = 0
    let at = from
    for (; at < to; at++) {
      const kind = pathOctet[octets[at]!]!
      if (kind === TargetOctet.refused) break
      flags |= kind
      if (kind === TargetOctet.query) {
        while (++at < to && queryOctet[octets[at]!] === 1);
        break
      }
    }
    if (at >= to) return flags
    this.#refuse('bad-request', 'the target holds a character that a target may not hold')
    return -1
  }

  #beyond(): string {
    const { fieldLines, fieldsBytes } = this.limits
    return this.block.beyond === 'lines'
      ? `more than ${fieldLines} field lines`
      : `field lines of more than ${fieldsBytes} bytes`
  }

  /** Sets the authority; returns what is wrong with it (RFC 9113 §8.3.1, RFC 9110 §7.2). */
  #readAuthority(): string | undefined {
    const { block } = this
    const hasHost = (block.present & fieldBit.host) !== 0
    if (hasHost && (block.repeated & fieldBit.host) !== 0) return 'the Host field stands twice'
    if ((block.pseudo & authorityBit) === 0) {
      if (!hasHost) return 'neither :authority nor Host is there'
      const host = this.#normal(block.get(fieldNumber.host)!)
      if (host === undefined) return 'the Host field is not a host with an optional port'
      this.authority = host
      return undefined
    }
    const text = block.pseudoText(Kind.authority)
    const authority = this.#normal(text)
    if (authority === undefined) return 'the authority is not a host with an optional port'
    this.authority = authority
    if (!hasHost) block.addLine(hostName, text)
    else if (this.#normal(block.get(fieldNumber.host)!) !== authority)
      return 'the Host field names another host than :authority'
    return undefined
  }

  /** Most requests of a process name the same host. */
  #normal(text: string): string | undefined {
    if (text === this.#lastAuthority) return this.#lastNormal
    this.#lastAuthority = text
    return (this.#lastNormal = normalAuthority(text, this.#listenerScheme))
  }

  /** Fields that few requests have. */
  #readOthers(ends: boolean): HeadOutcome {
    const { block } = this
    const { present } = block
    if ((present & connectionBits) !== 0) return this.#malformed('a field of the connection alone')
    if ((present & fieldBit.te) !== 0 && block.get(fieldNumber.te)!.toLowerCase() !== 'trailers')
      return this.#malformed('te other than trailers')
    if ((present & fieldBit['content-length']) !== 0) {
      const length =
        (block.repeated & fieldBit['content-length']) === 0
          ? contentLength(block.get(fieldNumber['content-length'])!)
          : undefined
      // RFC 9113 §8.1.1.
      if (length === undefined || (ends && length > 0)) return this.#malformed('a length that is none')
      if (length > this.limits.bodyBytes)
        return this.#refuse('body-too-large', `the body is larger than ${this.limits.bodyBytes} bytes`)
      this.body = length === 0 ? noBody : { kind: 'length', bytes: length }
    }
    if ((present & fieldBit.expect) !== 0) {
      if (block.get(fieldNumber.expect)!.toLowerCase() !== '100-continue')
        return this.#refuse('expectation-failed', 'the only expectation understood is 100-continue')
      this.expectsContinue = this.body.kind !== 'none'
    }
    return 'complete'
  }

  #refuse(code: FailureCode, message: string): 'refused' {
    this.failure = new Failure(code, message)
    return 'refused'
  }

  #malformed(problem: string): 'malformed' {
    this.block.problem = problem
    return 'malformed'
  }
}

const ASTERISK = 42
