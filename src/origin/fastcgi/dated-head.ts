// The head of a CGI response that has just been read, with the time at which it came: applications behind CGI leave Date
// to the server (RFC 9110 §6.6.1).
import type { Fields } from '../../http/fields.ts'
import { ArrivedHead } from '../../http1/arrived-head.ts'
import type { FieldLines } from '../../http1/field-lines.ts'

/** A time, made once for all heads of a second. */
export interface DateText {
  readonly value: string
  /** As a field line. */
  readonly line: string
}

/** A head whose lines lie in a reader's scratch area until `settle`. */
export class DatedHead extends ArrivedHead {
  #isDated = false

  /** `date`: the time, where the application does not tell it. */
  constructor(
    status: number,
    reason: string,
    lines: FieldLines,
    replaced: ReadonlySet<string>,
    private readonly date: DateText,
  ) {
    super(status, reason, lines, replaced)
  }

  override get fields(): Fields {
    const fields = super.fields
    if (!this.#isDated) {
      this.#isDated = true
      if (!fields.has('date')) fields.append('Date', this.date.value)
    }
    return fields
  }

  override has(key: string): boolean {
    return key === 'date' || super.has(key)
  }

  override get(key: string): string | undefined {
    return super.get(key) ?? (key === 'date' ? this.date.value : undefined)
  }

  override first(key: string): string | undefined {
    return super.first(key) ?? (key === 'date' ? this.date.value : undefined)
  }

  override copyTo(into: Buffer, at: number, omitted: number): number {
    // The status has its own place.
    const to = super.has('status') ? -1 : super.copyTo(into, at, omitted)
    if (to < 0 || super.has('date')) return to
    const { line } = this.date
    return to + line.length > into.length ? -1 : to + into.latin1Write(line, to)
  }
}
