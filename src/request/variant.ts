// One stored response with its body, and the forms in which it is sent. A coded form is made once, when it is first
// asked for, and kept.
import type { CachePolicy } from '../cache/policy.ts'
import type { Stored } from '../cache/stored.ts'
import { negotiateCoding, type Coding } from '../http/coding.ts'
import { encode, type ContentCoding } from '../http/encode.ts'
import type { Fields } from '../http/fields.ts'
import { weakened } from '../http/etag.ts'
import { bufferBytes, fieldsHeapBytes, storedBytesHeapBytes } from '../store/memory/cost.ts'
import type { StoredBytes } from '../store/memory/stored-bytes.ts'
import { addVary, codable, downstreamFields, toCoded } from './downstream.ts'
import { HEADROOM, Representation, withHeadroom } from './representation.ts'

/** Fields of a 200 that a 304 carries too (RFC 9110 §15.4.5). */
const notModifiedKeys = new Set([
  'cache-control',
  'cdn-cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
  'via',
])

const nothing = new Uint8Array(0)
/** A form's object, and the text of its head that a listener keeps. */
const FORM_HEAP_BYTES = 500

/** A stored response, ready to be served. */
export class Variant {
  #stored: Stored
  #codable = false
  #identity: Representation
  #left = false
  #notModified: { readonly of: Representation; readonly answer: Representation } | undefined
  readonly #coded = new Map<Coding, Representation | 'pending' | 'none'>()

  constructor(
    stored: Stored,
    private readonly policy: CachePolicy,
    private readonly bytes: StoredBytes,
  ) {
    this.#stored = stored
    this.#identity = this.#makeIdentity()
  }

  get stored(): Stored {
    return this.#stored
  }

  get identity(): Representation {
    return this.#identity
  }

  /** Memory outside the heap. */
  get bufferBytes(): number {
    let sum = bufferBytes(this.bytes.bytes.length)
    for (const coded of this.#coded.values()) {
      if (typeof coded === 'object') sum += bufferBytes(coded.body.length + HEADROOM)
    }
    return sum
  }

  /** Memory in the heap: the stored fields once, its key among the variants, and those of each form. */
  get heapBytes(): number {
    const { fields, variant } = this.#stored
    let sum = storedBytesHeapBytes + fieldsHeapBytes(fields) + variant.length + FORM_HEAP_BYTES
    for (const coded of this.#coded.values()) {
      if (typeof coded === 'object') sum += storedBytesHeapBytes + FORM_HEAP_BYTES
    }
    return sum
  }

  /** The 304 for one of its forms (RFC 9110 §15.4.5). */
  notModified(representation: Representation): Representation {
    const known = this.#notModified
    if (known !== undefined && known.of === representation) return known.answer
    const { fields } = representation
    for (const key of new Set(fields.keys)) if (!notModifiedKeys.has(key)) fields.delete(key)
    const answer = Representation.once(304, fields, nothing)
    this.#notModified = { of: representation, answer }
    return answer
  }

  /** Keeps the bytes of the stored form although the store may let go of it. */
  hold(): void {
    this.bytes.hold()
  }

  release(): void {
    this.bytes.release()
  }

  /** The store has let go of it. */
  leave(): void {
    this.#left = true
    this.bytes.leave()
    this.#dropCoded()
  }

  /** New metadata for the same body (RFC 9111 §3.2): every form is made anew from it. */
  update(stored: Stored): void {
    this.#stored = stored
    this.#identity = this.#makeIdentity()
    this.#notModified = undefined
    this.#dropCoded()
  }

  /**
   * The form to send to a client that accepts these codings. While a coded form is being made in the background, the
   * response goes out as it is. `grown` is called when memory has been taken, and says whether it may be.
   */
  representation(acceptEncoding: string | undefined, grown: (variant: Variant) => boolean): Representation {
    if (acceptEncoding === undefined || !this.#codable || this.#left) return this.#identity
    const coding = negotiateCoding(acceptEncoding)
    if (coding === 'identity') return this.#identity
    const known = this.#coded.get(coding)
    if (known === undefined) return this.#make(coding, grown)
    return typeof known === 'object' ? known : this.#identity
  }

  #make(coding: ContentCoding, grown: (variant: Variant) => boolean): Representation {
    const from = this.#identity
    const coded = encode(from.body, coding)
    if (coded instanceof Uint8Array) {
      return this.#keep(coding, coded, grown) ?? this.#identity
    }
    this.#coded.set(coding, 'pending')
    // Another thread reads the bytes meanwhile.
    this.hold()
    coded
      .then(
        (bytes) => {
          if (this.#identity !== from || this.#left) return
          this.#keep(coding, bytes, grown)
        },
        () => this.#coded.set(coding, 'none'),
      )
      .finally(() => this.release())
    return this.#identity
  }

  /** Keeps a coded form, if it is of use and there is room for it; else it is not made again. */
  #keep(
    coding: ContentCoding,
    body: Uint8Array,
    grown: (variant: Variant) => boolean,
  ): Representation | undefined {
    const made = this.#codedFrom(coding, body)
    this.#coded.set(coding, made ?? 'none')
    if (made === undefined || grown(this)) return made
    this.#coded.set(coding, 'none')
    made.source?.leave()
    return undefined
  }

  #makeIdentity(): Representation {
    const { status, reason, content, fields, etag } = this.#stored
    this.#codable = content.kind === 'whole' && codable(status, fields, this.bytes.bytes.length - HEADROOM)
    return Representation.kept(status, reason, etag, () => this.#identityFields(), this.bytes)
  }

  #identityFields(): Fields {
    const { content, fields } = this.#stored
    const downstream = downstreamFields(fields.clone(), this.policy)
    // RFC 9110 §8.6: a 204 has no length.
    if (this.#stored.status === 204) downstream.delete('content-length')
    else if (content.kind === 'whole') downstream.set('Content-Length', String(this.#identity.body.length))
    if (this.#codable) addVary(downstream)
    return downstream
  }

  /** Undefined when coding did not make it smaller. */
  #codedFrom(coding: ContentCoding, body: Uint8Array): Representation | undefined {
    if (body.length >= this.#identity.body.length) return undefined
    const { status, reason, etag } = this.#stored
    const weak = etag === undefined ? undefined : weakened(etag)
    const makeFields = (): Fields => {
      const fields = this.#identityFields()
      toCoded(fields, coding)
      fields.set('Content-Length', String(body.length))
      return fields
    }
    return Representation.kept(status, reason, weak, makeFields, withHeadroom([body], body.length))
  }

  #dropCoded(): void {
    for (const coded of this.#coded.values()) if (typeof coded === 'object') coded.source?.leave()
    this.#coded.clear()
  }
}
