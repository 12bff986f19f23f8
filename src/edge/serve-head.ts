// The heads of responses in the form that Bun.serve takes. That of a stored response is kept for the next hit: what changes,
// Age and Cache-Status, does so once a second. Kept are as many as fit into a ring, so that what they take in memory is
// bounded and small beside what is stored.
import type { Reason } from '../base/reason.ts'
import type { Fields } from '../http/fields.ts'
import { hitStatus } from '../request/cache-status.ts'
import type { Representation } from '../request/representation.ts'

/** Heads that are kept; each takes about 1 KB. */
const KEPT_MAX = 16_384

/** What a `Response` is made with. */
export interface ServeInit {
  readonly status: number
  readonly headers: Headers
}

/** What is kept of one representation. */
class KeptHead {
  readonly init: ServeInit
  /** Whether there is a Content-Type: the runtime adds one where there is none. */
  readonly isTyped: boolean
  ageSeconds = -2
  reason: Reason | undefined
  member: string | undefined
  /** A large body as a Blob, of which the runtime sends without making copies; gone when nobody is being sent it. */
  blob: WeakRef<Blob> | undefined

  constructor(
    readonly representation: Representation,
    headers: Headers,
  ) {
    this.init = { status: representation.status, headers }
    this.isTyped = headers.has('content-type')
  }
}

/** Makes heads, and keeps those of stored responses. */
export class ServeHeads {
  readonly #kept: (KeptHead | undefined)[] = []
  #next = 0

  /** `told`: fields that are added to every answer whose application does not say them itself. */
  constructor(private readonly told: readonly (readonly [name: string, value: string])[]) {}

  /** The head of a stored response, or of one that is made for the occasion. */
  stored(
    representation: Representation,
    ageSeconds: number,
    ttlSeconds: number,
    reason: Reason,
    member: string | undefined,
  ): KeptHead {
    const known = representation.served
    const kept = known instanceof KeptHead ? known : this.#prepare(representation)
    if (kept.ageSeconds === ageSeconds && kept.reason === reason && kept.member === member) return kept
    const { headers } = kept.init
    if (ageSeconds >= 0) headers.set('Age', String(ageSeconds))
    headers.set('Cache-Status', member ?? hitStatus(reason, ttlSeconds))
    kept.ageSeconds = ageSeconds
    kept.reason = reason
    kept.member = member
    return kept
  }

  /** A head that is sent once. */
  once(status: number, fields: Fields): ServeInit {
    return { status, headers: this.#headersOf(fields) }
  }

  #prepare(representation: Representation): KeptHead {
    const kept = new KeptHead(representation, this.#headersOf(representation.fields))
    // Parts and failures are made anew each time; of a 304 its variant keeps the representation.
    if (!representation.hasHeadroom && representation.status !== 304) return kept
    const before = this.#kept[this.#next]
    if (before !== undefined && before.representation.served === before)
      before.representation.served = undefined
    this.#kept[this.#next] = kept
    this.#next = (this.#next + 1) % KEPT_MAX
    representation.served = kept
    return kept
  }

  #headersOf(fields: Fields): Headers {
    const headers = new Headers()
    for (let i = 0; i < fields.names.length; i++) headers.append(fields.names[i]!, fields.values[i]!)
    for (const [name, value] of this.told) if (!headers.has(name)) headers.set(name, value)
    return headers
  }
}
