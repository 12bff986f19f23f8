// One request on its way through the stages: what it asks for, as the cache's decisions see it, and where its answer
// goes. Made from a view that lies in a codec's buffer; whoever keeps it beyond the moment calls `detach()` first.
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import { requestDirectives, type RequestDirectives } from '../cache/directives.ts'
import type { RequestFacts } from '../cache/facts.ts'
import { withoutParameters } from '../cache/ignored-query.ts'
import { primaryKey } from '../cache/key.ts'
import { openPolicy, type CachePolicy } from '../cache/policy.ts'
import { bypassReason, type BypassReason } from '../cube/y/bypass.ts'
import { noBypass, type Route } from '../cube/y/route.ts'
import { withoutCookies } from '../http/cookies.ts'
import type { Fields } from '../http/fields.ts'
import { endToEnd } from '../http/hopbyhop.ts'
import { fieldBit, fieldNumber, knownFields } from '../http/known-fields.ts'
import type { RequestHead } from '../http/message.ts'
import type { RequestBody, RequestView } from '../http/request-view.ts'
import type { Standing } from '../http/unvouched.ts'
import type { Reply } from './reply.ts'

const noDirectives = requestDirectives(undefined)
const ifMatchBits = fieldBit['if-match'] | fieldBit['if-unmodified-since']

/** A request and what was decided about it. */
export class Visit implements RequestFacts {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly authority: string
  /** That of the resource as the application sees it: without the parameters that the route ignores. */
  readonly url: string
  readonly present: number
  readonly body: RequestBody
  /** Protocol to switch to, if the client asks for one. */
  readonly upgrade: string | undefined
  readonly expectsContinue: boolean
  /** Changed once: a QUERY's key needs its body. */
  key: string
  /** The body of a QUERY, once it has been read. */
  collected: Uint8Array | undefined
  /** Whether it has been counted as a request that the cache does not answer (`rates` of its route). */
  isCounted = false
  /** Why the route wants this request past the cache. Such a request and its answer keep all their cookies. */
  readonly bypass: BypassReason | undefined
  readonly cookie: string | undefined = undefined
  readonly authorization: boolean
  readonly directives: RequestDirectives
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly ifMatch: boolean
  readonly acceptEncoding: string | undefined
  #pathAndQuery: string | undefined
  #view: RequestView | undefined
  #kept: (() => RequestHead) | undefined
  #head: RequestHead | undefined
  #fields: Fields | undefined

  constructor(
    view: RequestView,
    /** Another stands before it when the answer is coded on its way. */
    public reply: Reply,
    readonly route: Route,
    /** Monotonic time at which the head was complete. */
    readonly startMs: number,
  ) {
    const { present } = view
    this.#view = view
    this.body = view.body
    this.upgrade = view.upgrade
    this.expectsContinue = view.expectsContinue
    this.present = present
    this.method = view.method
    this.scheme = view.scheme
    this.authority = view.authority
    const cookie = cookieOf(view, route)
    this.bypass =
      route.bypass === noBypass
        ? undefined
        : bypassReason(route.bypass, view.method, view.pathAndQuery, cookie)
    // What the key does not know, the application does not see; past the cache it sees everything.
    this.url =
      route.ignoredParameter === undefined || this.bypass !== undefined
        ? view.url
        : primaryKey(
            view.scheme,
            view.authority,
            withoutParameters(view.pathAndQuery, route.ignoredParameter),
          )
    this.key = this.url
    if (cookie === undefined || this.bypass !== undefined) this.cookie = cookie
    else if (route.policy.cookies !== 'drop') this.cookie = withoutCookies(cookie, route.ignoredCookie)
    this.authorization = (present & fieldBit.authorization) !== 0
    this.directives =
      (present & fieldBit['cache-control']) !== 0
        ? requestDirectives(view.get(fieldNumber['cache-control']))
        : (present & fieldBit.pragma) !== 0 && /\bno-cache\b/i.test(view.get(fieldNumber.pragma)!)
          ? pragmaNoCache // RFC 9111 §5.4
          : noDirectives
    this.range = (present & fieldBit.range) === 0 ? undefined : view.get(fieldNumber.range)
    this.ifRange = (present & fieldBit['if-range']) === 0 ? undefined : view.get(fieldNumber['if-range'])
    this.ifNoneMatch =
      (present & fieldBit['if-none-match']) === 0 ? undefined : view.get(fieldNumber['if-none-match'])
    this.ifModifiedSince =
      (present & fieldBit['if-modified-since']) === 0 ? undefined : view.get(fieldNumber['if-modified-since'])
    this.ifMatch = (present & ifMatchBits) !== 0
    this.acceptEncoding =
      (present & fieldBit['accept-encoding']) === 0 ? undefined : view.get(fieldNumber['accept-encoding'])
  }

  get pathAndQuery(): string {
    return (this.#pathAndQuery ??= this.url.slice(this.scheme.length + 3 + this.authority.length))
  }

  /** What the owner says about this answer: nothing but what a rule says, when it goes past the cache. */
  get policy(): CachePolicy {
    return this.bypass === undefined ? this.route.policy : (this.route.rule?.passing ?? openPolicy)
  }

  /** Whether the request sets no conditions and asks for no part: nearly all. */
  get isPlain(): boolean {
    return this.range === undefined && this.ifNoneMatch === undefined && this.ifModifiedSince === undefined
  }

  get headOnly(): boolean {
    return this.method === 'HEAD'
  }

  get head(): RequestHead {
    return (this.#head ??= this.#kept === undefined ? this.#view!.keep()() : this.#kept())
  }

  /** End-to-end fields: what the request's Connection names is not told to the origin, so nothing may vary on it. */
  get fields(): Fields {
    return (this.#fields ??= endToEnd(this.head.fields))
  }

  /** The value of a known field by its number. */
  get(number: number): string | undefined {
    return this.#view === undefined ? this.head.fields.get(knownFields[number]!) : this.#view.get(number)
  }

  /** The end-to-end fields without those named in `replaced`. */
  endToEnd(replaced: ReadonlySet<string>): Fields {
    return this.#view === undefined ? endToEnd(this.head.fields, replaced) : this.#view.endToEnd(replaced)
  }

  /** As `RequestView.copyEndToEnd`; -1 once the visit has been detached. */
  copyEndToEnd(into: Buffer, at: number, omitted: number, refused: readonly Standing[]): number {
    return this.#view === undefined ? -1 : this.#view.copyEndToEnd(into, at, omitted, refused)
  }

  /** Takes what is needed out of the codec's buffer; the visit may be kept from here on. */
  detach(): void {
    this.#kept ??= this.#view!.keep()
    this.#view = undefined
  }
}

/** The Cookie field; undefined when there is none, and when it holds nothing but cookies that are hidden anyway. */
function cookieOf(view: RequestView, { bypass, policy, ignoredCookie }: Route): string | undefined {
  if ((view.present & fieldBit.cookie) === 0) return undefined
  if (bypass === noBypass) {
    if (policy.cookies === 'drop') return undefined
    if (ignoredCookie.every !== undefined && view.everyCookie(ignoredCookie.every)) return undefined
  }
  return view.get(fieldNumber.cookie)
}

const pragmaNoCache: RequestDirectives = requestDirectives('no-cache')

/** Which tier answered and why: what the record and Cache-Status say. */
export interface Outcome {
  readonly tier: Tier
  readonly reason: Reason
}
