// What a request is called in Myriad's reports, and in the application's by REQUEST_ID: the process, and a number. Written
// without a text in between, since nearly no request is ever reported.
import type { PairWriter } from './name-values.ts'

const RADIX = 36
/** Room for the digits of any safe integer. */
const digits = new Uint8Array(11)

/** The name of one request. */
export class RequestId {
  /** `instance` tells the processes apart. */
  constructor(
    private readonly instance: string,
    private readonly number: number,
  ) {}

  get text(): string {
    return `${this.instance}-${this.number.toString(RADIX)}`
  }

  /** Writes a pair with this name as its value. */
  writeTo(to: PairWriter, name: Uint8Array): void {
    const { instance } = this
    let from = digits.length
    for (let rest = this.number; rest > 0 || from === digits.length; rest = Math.floor(rest / RADIX)) {
      const digit = rest % RADIX
      digits[--from] = digit < 10 ? digit + 48 : digit + 87
    }
    to.begin(name, instance.length + 1 + digits.length - from)
    to.characters(instance)
    to.octet(45)
    for (; from < digits.length; from++) to.octet(digits[from]!)
  }
}
