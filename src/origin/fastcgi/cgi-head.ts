// The head of a CGI response (RFC 3875 §6): field lines as in HTTP, with the status in a field of its own. Read by the
// same rules as the head of an HTTP origin's response (../../http1/response-reader.ts); what is not a head is invalid,
// which the client sees as 502.
//
// A Location without a Status is a redirect, 302 (§6.2.3); that a local one were to be followed by the gateway itself
// (§6.2.2) no application relies on any more. PHP can be told to send no field at all, so that is let pass, against
// §6.2. Left out: a line that ends in LF alone.
import { formatHttpDate } from '../../http/date.ts'
import { fieldNumber, fieldBit } from '../../http/known-fields.ts'
import { FieldLines, LinesEnd } from '../../http1/field-lines.ts'
import { contentLength, mayHaveBody } from '../../http1/framing.ts'
import type { Http1Limits } from '../../http1/limits.ts'
import { SP } from '../../http1/octets.ts'
import { DatedHead, type DateText } from './dated-head.ts'

export type CgiHeadOutcome = 'complete' | 'incomplete' | 'invalid'

const lengthBit = fieldBit['content-length']
const withoutStatus: ReadonlySet<string> = new Set(['status'])
const withoutStatusAndLength: ReadonlySet<string> = new Set(['status', 'content-length'])

/** Reads heads. One reader serves all connections; its results are good until its next reading. */
export class CgiHeadReader {
  status = 0
  reason = ''
  /** Position after the head, when complete. */
  next = 0
  /** What the body has to measure; undefined: it ends with the request. */
  bodyBytes: number | undefined
  /** What is wrong, when invalid. */
  problem = ''
  readonly #lines = new FieldLines()
  #second = -1
  #dateText: DateText = { value: '', line: '' }

  constructor(readonly limits: Http1Limits) {}

  /** The head, to be settled before the next reading; how long the body is, is told beside it. */
  head(nowMs: number): DatedHead {
    // As an HTTP origin's: a part's length says whether it is whole, and HEAD and 304 tell it without a body.
    const dropped =
      this.status === 204 || (this.bodyBytes !== undefined && this.bodyBytes > 0 && this.status !== 206)
    return new DatedHead(
      this.status,
      this.reason,
      this.#lines,
      dropped ? withoutStatusAndLength : withoutStatus,
      this.#date(nowMs),
    )
  }

  /** Reads a head from `from`, of which octets up to `to` have arrived, as the answer to `method`. */
  read(octets: Buffer, from: number, to: number, method: string): CgiHeadOutcome {
    const lines = this.#lines
    const next = lines.read(octets, from, to, this.limits.fieldLines, this.limits.fieldsBytes, true)
    if (next < 0) return next === LinesEnd.incomplete ? 'incomplete' : this.#linesEnded(next)
    this.next = next
    this.reason = ''
    this.status = 200
    let told = false
    for (let i = 0; i < lines.count; i++) {
      const { key } = lines.names[i]!
      if (key === 'location' && !told) this.status = 302
      if (key !== 'status') continue
      if (told || !this.#readStatus(octets, lines.starts[i]!, lines.ends[i]!))
        return this.#invalid('the status is not one, of three digits from 200 to 599')
      told = true
    }
    return this.#readLength(method)
  }

  /** The time as a field line says it; made once in a second. */
  #date(nowMs: number): DateText {
    const second = Math.floor(nowMs / 1000)
    if (second !== this.#second) {
      this.#second = second
      const value = formatHttpDate(nowMs)
      this.#dateText = { value, line: `Date: ${value}\r\n` }
    }
    return this.#dateText
  }

  #readStatus(octets: Buffer, from: number, to: number): boolean {
    const status = (octets[from]! - 48) * 100 + (octets[from + 1]! - 48) * 10 + (octets[from + 2]! - 48)
    for (let i = from; i < from + 3; i++) if (i >= to || octets[i]! < 48 || octets[i]! > 57) return false
    if (status < 200 || status > 599 || (from + 3 < to && octets[from + 3] !== SP)) return false
    this.status = status
    this.reason = octets.latin1Slice(Math.min(from + 4, to), to)
    return true
  }

  #readLength(method: string): CgiHeadOutcome {
    const lines = this.#lines
    this.bodyBytes = undefined
    if (!mayHaveBody(method, this.status)) {
      this.bodyBytes = 0
      return 'complete'
    }
    if ((lines.present & lengthBit) === 0) return 'complete'
    if ((lines.repeated & lengthBit) === 0) {
      this.bodyBytes = contentLength(lines.get(fieldNumber['content-length'])!)
      if (this.bodyBytes !== undefined) return 'complete'
    }
    return this.#invalid('the length of the body is ambiguous')
  }

  #linesEnded(end: number): CgiHeadOutcome {
    if (end === LinesEnd.tooManyLines) return this.#invalid(`more than ${this.limits.fieldLines} field lines`)
    if (end === LinesEnd.tooLarge)
      return this.#invalid(`field lines of more than ${this.limits.fieldsBytes} bytes`)
    return this.#invalid(`field line ${this.#lines.count + 1} is not a field line`)
  }

  #invalid(problem: string): CgiHeadOutcome {
    this.problem = problem
    return 'invalid'
  }
}
