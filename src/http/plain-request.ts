// A request that did not come from a codec: one that is asked about (`myriad check --explain`), or a URL that somebody
// names (`myriad purge --url`). The same view as that of a request on its way, so that the same decisions are asked.
import { normalAuthority } from './authority.ts'
import { Fields } from './fields.ts'
import { endToEnd } from './hopbyhop.ts'
import { fieldBit, knownFields, type KnownField } from './known-fields.ts'
import type { RequestHead } from './message.ts'
import type { RequestBody, RequestView } from './request-view.ts'
import { normalTarget } from './target.ts'

/** A view of a head that is all there. */
export class PlainRequest implements RequestView {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly rawTarget: string
  readonly pathAndQuery: string
  readonly present: number

  readonly body: RequestBody = { kind: 'none' }
  readonly upgrade = undefined
  readonly expectsContinue = false

  constructor(private readonly head: RequestHead) {
    this.method = head.method
    this.scheme = head.scheme
    this.authority = head.authority
    this.rawTarget = head.target.raw
    this.pathAndQuery = head.target.pathAndQuery
    this.present = head.fields.keys
      .filter((key) => Object.hasOwn(fieldBit, key))
      .reduce((bits, key) => bits | fieldBit[key as KnownField], 0)
  }

  get url(): string {
    return `${this.scheme}://${this.authority}${this.pathAndQuery}`
  }

  get(number: number): string | undefined {
    const name = knownFields[number]!
    if (name !== 'cookie') return this.head.fields.get(name)
    // RFC 9113 §8.2.3: cookies may come on several lines.
    return this.head.fields.has(name) ? this.head.fields.all(name).join('; ') : undefined
  }

  text(key: string): string | undefined {
    return this.head.fields.get(key)
  }

  everyCookie(): boolean {
    return false
  }

  /** Lies in no codec's buffer. */
  copyEndToEnd(): number {
    return -1
  }

  endToEnd(replaced: ReadonlySet<string>): Fields {
    return endToEnd(this.head.fields, replaced)
  }

  keep(): () => RequestHead {
    const { head } = this
    return () => head
  }
}

/**
 * The GET of an absolute http or https URL; undefined when it is none. Not by the URL class: it knows another normal
 * form. What no request line could hold is escaped, and a fragment is no part of a request (RFC 9110 §7.1).
 */
export function requestForUrl(url: string): PlainRequest | undefined {
  const escaped = url.replaceAll(/[^\u0021-\u007e]+/g, (text) => encodeURIComponent(text.toWellFormed()))
  const parts = /^(https?):\/\/([^/?#]*)([/?][^#]*|)(?:#.*)?$/i.exec(escaped)
  if (parts === null) return undefined
  const scheme = parts[1]!.toLowerCase() === 'https' ? 'https' : 'http'
  const authority = normalAuthority(parts[2]!, scheme)
  const raw = parts[3]!.startsWith('/') ? parts[3]! : `/${parts[3]!}`
  const pathAndQuery = normalTarget(raw)
  if (authority === undefined || pathAndQuery === undefined) return undefined
  return new PlainRequest({
    method: 'GET',
    scheme,
    authority,
    target: { raw, pathAndQuery },
    fields: Fields.of([['Host', parts[2]!]]),
  })
}
