// The head of a response that has just been read: its fields are made when somebody asks for them. Most answers that are
// not stored are passed on line by line as they came, and nobody does.
import { assert } from '../base/assert.ts'
import type { Fields } from '../http/fields.ts'
import type { ArrivedLines, ResponseHead } from '../http/message.ts'
import type { Standing } from '../http/unvouched.ts'
import type { FieldLines } from './field-lines.ts'

/** What an origin says is told, whatever it is called. */
const passed: readonly Standing[] = []

/** A head whose lines lie in a reader's scratch area until `settle`. */
export class ArrivedHead implements ResponseHead, ArrivedLines {
  #lines: FieldLines | undefined
  #fields: Fields | undefined

  /** `replaced`: fields that are told beside the head. */
  constructor(
    readonly status: number,
    readonly reason: string,
    lines: FieldLines,
    private readonly replaced: ReadonlySet<string> | undefined,
  ) {
    this.#lines = lines
  }

  get fields(): Fields {
    if (this.#fields !== undefined) return this.#fields
    assert(this.#lines !== undefined, 'a head that was kept without its fields')
    return (this.#fields = this.#lines.endToEnd(this.replaced))
  }

  /** Undefined once there are fields, which may have been changed, and where Connection names what is not passed on. */
  get lines(): ArrivedLines | undefined {
    return this.#fields !== undefined || this.#lines === undefined || this.#lines.namesFields
      ? undefined
      : this
  }

  /** The reader goes on: who has not asked for the fields will not get them. */
  settle(): void {
    this.#lines = undefined
  }

  has(key: string): boolean {
    return this.#lines!.has(key)
  }

  get(key: string): string | undefined {
    return this.#lines!.text(key)
  }

  first(key: string): string | undefined {
    return this.#lines!.firstText(key)
  }

  copyTo(into: Buffer, at: number, omitted: number): number {
    return this.#lines!.copyEndToEnd(into, at, omitted, passed)
  }
}
