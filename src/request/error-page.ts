// Error pages of a page rule. A reply that stands before a client's: an answer with a status that has a page goes out
// with that page in place of its body. It stands where answers leave, so that it is the same for the application's
// answers, stored ones and Myriad's own, and nothing of it is ever stored.
//
// A page is short and sent whole; clients that do not read it are the listener's to limit. What of an answer's fields
// is about its body goes with it; the rest (WWW-Authenticate, Retry-After, Set-Cookie …) belongs to the status, and stays.
import type { Held, Pourable } from '../base/outbox.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import type { ErrorPages, ErrorPage } from '../cube/y/rule-errors.ts'
import { Fields } from '../http/fields.ts'
import type { ArrivedLines, ResponseHead } from '../http/message.ts'
import { digestKeys } from './downstream.ts'
import { KeptAnswer, type KeptBody } from './kept-answer.ts'
import type { Client, Reply } from './reply.ts'
import { Representation } from './representation.ts'

/** Asks the site for a page of its own; `done` gets what it answered, or undefined when that is no page. */
export type AskPage = (pathAndQuery: string, done: (page: KeptBody | undefined) => void) => void

/** Fields that tell of the body that is replaced, and how long it may be kept. */
const ofBody: ReadonlySet<string> = new Set([
  ...digestKeys,
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
  'content-disposition',
  'etag',
  'last-modified',
  'accept-ranges',
  'expires',
  'cache-control',
  'cdn-cache-control',
  'cache-status',
])

/** An answer that gets a page: what of it goes out all the same. */
interface Replaced {
  readonly page: ErrorPage
  readonly head: ResponseHead
  readonly headOnly: boolean
  readonly member: string
  /** Its body, should there be no page. */
  readonly kept: KeptAnswer
}

/** Puts pages in the place of error answers. */
export class ErrorPageReply implements Reply {
  /** Where the client's reply can: files go out past the heap under rules, too. */
  pour?: (body: Pourable) => void
  #replaced: Replaced | undefined

  constructor(
    private readonly inner: Reply,
    private readonly pages: ErrorPages,
    private readonly ask: AskPage,
  ) {
    if (inner.pour === undefined) return
    this.pour = (body) => {
      if (this.#replaced === undefined) inner.pour!(body)
      else body.close()
    }
  }

  get client(): Client {
    return this.inner.client
  }

  interim(head: ResponseHead): void {
    this.inner.interim(head)
  }

  stored(
    representation: Representation,
    headOnly: boolean,
    ageSeconds: number,
    ttlSeconds: number,
    reason: Reason,
    member: string | undefined,
  ): void {
    const { inner } = this
    const { status, source } = representation
    const page = this.pages.of(status)
    // Whoever asks too much must not make the site be asked for its page instead.
    if (page === undefined || (reason === 'rate-limit' && page.kind === 'path'))
      return inner.stored(representation, headOnly, ageSeconds, ttlSeconds, reason, member)
    const send = (body: KeptBody): void =>
      inner.stored(withBody(representation, body), headOnly, -1, ttlSeconds, reason, member)
    if (page.kind === 'file') return send(page)
    // The store may let go of the answer before the page is there.
    source?.hold()
    this.ask(page.pathAndQuery, (found) => {
      if (found === undefined) inner.stored(representation, headOnly, ageSeconds, ttlSeconds, reason, member)
      else send(found)
      source?.release()
    })
  }

  start(head: ResponseHead, bodyBytes: number | undefined, hasBody: boolean): void {
    const page = this.pages.of(head.status)
    if (page === undefined) return this.inner.start(head, bodyBytes, hasBody)
    const member = head.fields.get('cache-status') ?? ''
    const kept = new KeptAnswer(this.client, () => undefined)
    kept.start(head)
    // The head may be sent to others, too.
    const own = { ...head, fields: head.fields.clone() }
    this.#replaced = { page, head: own, headOnly: !hasBody, member, kept }
  }

  forward(
    status: number,
    reason: string,
    lines: ArrivedLines,
    added: string,
    bodyBytes: number | undefined,
    hasBody: boolean,
  ): boolean {
    if (this.pages.of(status) !== undefined) return false
    return this.inner.forward(status, reason, lines, added, bodyBytes, hasBody)
  }

  write(chunk: Uint8Array, source?: Held): boolean {
    if (this.#replaced === undefined) return this.inner.write(chunk, source)
    return this.#replaced.page.kind === 'file' || this.#replaced.kept.write(chunk)
  }

  writePart(octets: Uint8Array, from: number, to: number): boolean {
    if (this.#replaced === undefined) return this.inner.writePart(octets, from, to)
    return this.write(octets.subarray(from, to))
  }

  finish(trailers: Fields | undefined): void {
    if (this.#replaced === undefined) this.inner.finish(trailers)
    else this.#replace(this.#replaced)
  }

  /** What broke off was not to be seen in any case. */
  fail(): void {
    if (this.#replaced === undefined) this.inner.fail()
    else this.#replace(this.#replaced)
  }

  answered(tier: Tier, reason: Reason, status: number): void {
    this.inner.answered?.(tier, reason, status)
  }

  wantBody(): void {
    this.inner.wantBody()
  }

  tunnel(head: ResponseHead): void {
    this.inner.tunnel(head)
  }

  pause(): void {
    this.inner.pause()
  }

  resume(): void {
    this.inner.resume()
  }

  #replace({ page, head, headOnly, member, kept }: Replaced): void {
    const { inner } = this
    const send = (body: KeptBody): void =>
      inner.stored(withBody(head, body), headOnly, -1, 0, 'status', member)
    if (page.kind === 'file') return send(page)
    this.ask(page.pathAndQuery, (found) => send(found ?? kept.body ?? plain(head.status)))
  }
}

/** An answer's status and fields with another body. */
function withBody(head: ResponseHead, { type, body }: KeptBody): Representation {
  const fields = new Fields()
  for (const [name, value] of head.fields) if (!ofBody.has(name.toLowerCase())) fields.append(name, value)
  if (type !== undefined) fields.append('Content-Type', type)
  fields.append('Content-Length', String(body.length))
  // A page that was made for this once; who is to keep the answer keeps what the application said.
  fields.append('Cache-Control', 'no-store')
  return Representation.once(head.status, fields, body)
}

/** When neither a page is to be had, nor the answer's own body. */
function plain(status: number): KeptBody {
  return { type: 'text/plain; charset=utf-8', body: Buffer.from(`${status}\n`) }
}
