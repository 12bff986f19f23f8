// Reads response heads (RFC 9112 §4, §5, §6), of final and of interim responses. Origins are read as RFC 9112 bids
// proxies: white space before a colon is dropped (§5.1) and obs-fold becomes spaces (§5.2); what stays ambiguous is
// invalid, which the client sees as 502.
import { optionsOf } from '../http/hopbyhop.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import type { ResponseHead } from '../http/message.ts'
import { FieldLines, LinesEnd } from './field-lines.ts'
import { lengthFraming, mayHaveBody, noBody, responseFraming, type Framing } from './framing.ts'
import type { Http1Limits } from './limits.ts'
import { CR, LF, SP, isValueOctet } from './octets.ts'

export type ResponseOutcome = 'complete' | 'incomplete' | 'invalid'

const STATUS_LINE_BYTES_MAX = 1024
const lengthBit = fieldBit['content-length']
const framingBits = fieldBit['content-length'] | fieldBit['transfer-encoding']

/** Reads the heads of responses. One reader serves all connections; its results are good until its next reading. */
export class ResponseReader {
  readonly lines = new FieldLines()
  status = 0
  reason = ''
  minorVersion = 1
  framing: Framing = noBody
  /** Whether the connection stays usable after this response (RFC 9112 §9.3). */
  keepAlive = true
  /** Position after the head, when complete. */
  next = 0
  /** What is wrong, when invalid. */
  problem = ''

  /** `lenientCodings`: see `responseFraming`. */
  constructor(
    readonly limits: Http1Limits,
    readonly lenientCodings = false,
  ) {}

  head(): ResponseHead {
    return { status: this.status, reason: this.reason, fields: this.lines.fields() }
  }

  /** Reads a head from `from`, of which octets up to `to` have arrived, as the answer to `method`. */
  read(octets: Buffer, from: number, to: number, method: string): ResponseOutcome {
    if (to - from < 13) return this.#startsWrong(octets, from, to)
    // 'HTTP/1.' DIGIT SP 3DIGIT [SP reason] CR LF; a missing space before an empty reason is common.
    if (this.#startsWrong(octets, from, to) === 'invalid') return 'invalid'
    const minor = octets[from + 7]! - 48
    const status = (octets[from + 9]! - 48) * 100 + (octets[from + 10]! - 48) * 10 + (octets[from + 11]! - 48)
    for (let i = from + 9; i < from + 12; i++) {
      if (octets[i]! < 48 || octets[i]! > 57) return this.#invalid('the status is not three digits')
    }
    if (minor < 0 || minor > 9 || octets[from + 8] !== SP || status < 100 || status > 599) {
      return this.#invalid('the status line is not valid')
    }
    let at = from + 12
    const limit = Math.min(to, from + STATUS_LINE_BYTES_MAX)
    while (at < limit && isValueOctet[octets[at]!] === 1) at++
    if (at + 1 >= limit) {
      if (at < limit && octets[at] !== CR) return this.#invalid('the status line holds a control character')
      return limit < to ? this.#invalid('the status line is too long') : 'incomplete'
    }
    if (octets[at] !== CR || octets[at + 1] !== LF || (at > from + 12 && octets[from + 12] !== SP)) {
      return this.#invalid('the status line does not end in CR LF')
    }
    const reasonFrom = Math.min(from + 13, at)
    const lines = this.lines
    const next = lines.read(octets, at + 2, to, this.limits.fieldLines, this.limits.fieldsBytes, true)
    if (next < 0) return next === LinesEnd.incomplete ? 'incomplete' : this.#linesEnded(next)

    this.minorVersion = minor === 0 ? 0 : 1
    this.status = status
    this.reason =
      at - reasonFrom === 2 && octets[reasonFrom] === 79 && octets[reasonFrom + 1] === 75
        ? 'OK'
        : octets.latin1Slice(reasonFrom, at)
    this.next = next
    return this.#readFraming(method)
  }

  #startsWrong(octets: Buffer, from: number, to: number): ResponseOutcome {
    const start = 'HTTP/1.'
    for (let i = 0; i < start.length && from + i < to; i++) {
      if (octets[from + i] !== start.charCodeAt(i))
        return this.#invalid('the answer does not start with HTTP/1.')
    }
    return 'incomplete'
  }

  #readFraming(method: string): ResponseOutcome {
    const lines = this.lines
    const present = (lines.present & framingBits) !== 0
    // One Content-Length and nothing else is nearly every response: no text is made of it.
    const length =
      (lines.present & framingBits) === lengthBit && (lines.repeated & lengthBit) === 0
        ? lines.digits(fieldNumber['content-length'])
        : -1
    const framing =
      length >= 0 && mayHaveBody(method, this.status)
        ? lengthFraming(length)
        : responseFraming(
            method,
            this.status,
            this.minorVersion,
            present ? lines.all(fieldNumber['transfer-encoding']) : [],
            present ? lines.all(fieldNumber['content-length']) : [],
            this.lenientCodings,
          )
    if (framing === 'invalid') return this.#invalid('the length of the body is ambiguous')
    if (framing === 'unknown-coding') return this.#invalid('the body has an unknown transfer coding')
    this.framing = framing
    this.keepAlive = this.minorVersion === 1 && framing.kind !== 'close'
    if ((lines.present & fieldBit.connection) !== 0) {
      const options = optionsOf(lines.get(fieldNumber.connection)!)
      if (options.includes('close')) this.keepAlive = false
      else if (options.includes('keep-alive')) this.keepAlive = framing.kind !== 'close'
    }
    return 'complete'
  }

  #linesEnded(end: number): ResponseOutcome {
    if (end === LinesEnd.tooManyLines) return this.#invalid(`more than ${this.limits.fieldLines} field lines`)
    if (end === LinesEnd.tooLarge)
      return this.#invalid(`field lines of more than ${this.limits.fieldsBytes} bytes`)
    return this.#invalid(`field line ${this.lines.count + 1} is not a field line`)
  }

  #invalid(problem: string): 'invalid' {
    this.problem = problem
    return 'invalid'
  }
}
