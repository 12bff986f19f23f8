// The heads of responses in the form that Bun.serve takes. That of a stored response is kept for the next hit: what changes,
// Age and Cache-Status, does so once a second.
import type { Reason } from '../base/reason.ts'
import type { Fields } from '../http/fields.ts'
import { hitStatus } from '../request/cache-status.ts'
import type { Representation } from '../request/representation.ts'
import { KeptHeads, type KeptHead } from './kept-heads.ts'

/** What a `Response` is made with. */
export interface ServeInit {
  readonly status: number
  readonly headers: Headers
}

/** What is kept of one representation. */
class ServedHead implements KeptHead {
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
  readonly #heads = new KeptHeads('served')

  /** `told`: fields that are added to every answer whose application does not say them itself. */
  constructor(private readonly told: readonly (readonly [name: string, value: string])[]) {}

  /** The head of a stored response, or of one that is made for the occasion. */
  stored(
    representation: Representation,
    ageSeconds: number,
    ttlSeconds: number,
    reason: Reason,
    member: string | undefined,
  ): ServedHead {
    const known = representation.served
    const kept = known instanceof ServedHead ? known : this.#prepare(representation)
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

  #prepare(representation: Representation): ServedHead {
    const kept = new ServedHead(representation, this.#headersOf(representation.fields))
    this.#heads.keep(kept)
    return kept
  }

  #headersOf(fields: Fields): Headers {
    const headers = new Headers()
    for (let i = 0; i < fields.names.length; i++) headers.append(fields.names[i]!, fields.values[i]!)
    for (const [name, value] of this.told) if (!headers.has(name)) headers.set(name, value)
    return headers
  }
}
