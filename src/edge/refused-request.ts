// What can be told of a request that was refused before it could be read: its method and its target, as far as they are
// what a request line may hold. Anything else may be a part of somebody's body, with whatever secret stands in that.
import { SP, isTokenOctet, queryOctet } from '../http1/octets.ts'
import type { LoggableRequest } from '../request/request-log.ts'

const METHOD_OCTETS_MAX = 32
/** Of a target that is too long, the start. */
const TARGET_OCTETS_MAX = 1024

/** A request of which little is known. */
export class RefusedRequest implements LoggableRequest {
  readonly method: string = ''
  readonly rawTarget: string = ''
  readonly scheme = 'http'
  readonly authority = ''
  readonly present = 0

  constructor(octets: Buffer, from: number, to: number) {
    let at = from
    while (at < to && (octets[at] === 13 || octets[at] === 10)) at++
    const methodFrom = at
    const methodLimit = Math.min(to, methodFrom + METHOD_OCTETS_MAX + 1)
    while (at < methodLimit && isTokenOctet[octets[at]!] === 1) at++
    const method = octets.latin1Slice(methodFrom, at)
    if (at >= to || octets[at] !== SP || at === methodFrom || at - methodFrom > METHOD_OCTETS_MAX) return
    const targetFrom = ++at
    const limit = Math.min(to, targetFrom + TARGET_OCTETS_MAX)
    while (at < limit && queryOctet[octets[at]!] === 1) at++
    // 'GET /page' alone is the start of a line; 'a=1 b' is none.
    if (!/^[A-Z]+$/.test(method) || at === targetFrom) return
    this.method = method
    this.rawTarget = octets.latin1Slice(targetFrom, at)
  }

  get pathAndQuery(): string {
    return this.rawTarget
  }

  get(): undefined {
    return undefined
  }

  text(): undefined {
    return undefined
  }
}
