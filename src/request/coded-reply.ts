// A reply that codes the body on its way to the client (RFC 9110 §8.4.1): for answers that are not stored, which pass
// through once and are coded while they do. Each piece is flushed, so that a slow origin's bytes are not held back.
//
// An answer made for somebody's cookies or Authorization is left as it is: beside a secret, text that an attacker chose
// would show in the length what the secret is (BREACH).
//
// Levels are for work that is done each time. Measured on 64 KB of text with Bun 1.4.4: milliseconds of processor time,
// how many times smaller in one piece and in sixteen, and memory of an open coder.
//
//   gzip 1   0.29  1.57  1.54  229 KB      br 1   0.30  1.95  1.51   98 KB      zstd 1   0.24  1.92  1.69  143 KB
//   gzip 4   0.39  2.11  1.89  243 KB      br 3   0.30  2.07  1.83  297 KB      zstd 3   0.32  2.06  1.75  844 KB
//   gzip 6   0.37  2.12  1.90  243 KB      br 4   0.39  2.10  1.84  547 KB
//
// Left out: statuses other than 200, as in stored forms; a 304 from the origin is passed on with the origin's own tag.
import zlib from 'node:zlib'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import { negotiateCoding, type Coding } from '../http/coding.ts'
import type { ContentCoding } from '../http/encode.ts'
import type { Fields } from '../http/fields.ts'
import type { ArrivedLines, FieldReader, ResponseHead } from '../http/message.ts'
import { codable, digestKeys } from './downstream.ts'
import type { Client, Reply } from './reply.ts'
import type { Representation } from './representation.ts'
import type { Visit } from './visit.ts'

/** Coders open at once, about 300 KB each at most; beyond, answers go out as they are. */
const CODERS_MAX = 128
/** What a coder takes before it asks to wait: two of the largest pieces that origins send. */
const WAITING_BYTES_MAX = 131_072
/** As far back as a coder looks, as a power of two: 256 KB. */
const WINDOW_BITS = 18

const { constants } = zlib
const writableHighWaterMark = WAITING_BYTES_MAX
const gzipOptions = { level: 4, flush: constants.Z_SYNC_FLUSH, writableHighWaterMark }
const brotliOptions = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  writableHighWaterMark,
  params: { [constants.BROTLI_PARAM_QUALITY]: 3, [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS },
}
const zstdOptions = {
  flush: constants.ZSTD_e_flush,
  writableHighWaterMark,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: WINDOW_BITS },
}

type Coder = zlib.Gzip | zlib.BrotliCompress | zlib.ZstdCompress

/**
 * The coding for an answer that is not stored; undefined: this answer is not one that is coded, whoever asks.
 * Looks at nothing else when the client says nothing of codings: `head` is then not read.
 */
export function passingCoding(
  visit: Visit,
  head: ResponseHead,
  bodyBytes: number | undefined,
): Coding | undefined {
  if (visit.acceptEncoding === undefined || visit.cookie !== undefined || visit.authorization)
    return undefined
  if (visit.range !== undefined || visit.upgrade !== undefined) return undefined
  const fields = head.lines ?? head.fields
  if (fields.has('set-cookie') || !codable(head.status, fields, lengthOf(visit, fields, bodyBytes)))
    return undefined
  return negotiateCoding(visit.acceptEncoding)
}

/** The length of the content; of HEAD, which has none, that of the answer to GET. */
function lengthOf(visit: Visit, fields: FieldReader, bodyBytes: number | undefined): number | undefined {
  if (!visit.headOnly) return bodyBytes
  const said = fields.get('content-length')
  return said === undefined ? undefined : Number(said)
}

/** What a coded reply tells the one who writes to it. */
export interface CodedReplyEvents {
  /** It takes more. */
  writable(): void
  /** The coder has failed, and the client's transfer has been broken. */
  broken(): void
}

/** Passes a body on through a coder. Everything else goes to the reply that it stands before. */
export class CodedReply implements Reply {
  /** Coders of this process that are open. */
  static #open = 0

  readonly #coder: Coder
  #over = false
  /** `write` has said to wait. */
  #full = false
  #clientBlocked = false

  private constructor(
    private readonly inner: Reply,
    coding: ContentCoding,
    private readonly events: CodedReplyEvents,
  ) {
    CodedReply.#open++
    this.#coder = coderOf(coding)
    this.#coder.on('data', (bytes: Uint8Array) => this.#coded(bytes))
    this.#coder.on('drain', () => this.#tellWritable())
    this.#coder.on('error', () => this.#failed())
  }

  /** Undefined when too many are open. */
  static open(inner: Reply, coding: ContentCoding, events: CodedReplyEvents): CodedReply | undefined {
    return CodedReply.#open < CODERS_MAX ? new CodedReply(inner, coding, events) : undefined
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
    this.inner.stored(representation, headOnly, ageSeconds, ttlSeconds, reason, member)
  }

  /** The fields are those of the coded form already; its length is not known. */
  start(head: ResponseHead, _bodyBytes: number | undefined, hasBody: boolean): void {
    this.inner.start(head, undefined, hasBody)
  }

  forward(
    status: number,
    reason: string,
    lines: ArrivedLines,
    added: string,
    bodyBytes: number | undefined,
    hasBody: boolean,
  ): boolean {
    return this.inner.forward(status, reason, lines, added, bodyBytes, hasBody)
  }

  /** The bytes are the caller's again at once: the coder reads a copy, on another thread. */
  write(chunk: Uint8Array): boolean {
    if (this.#over || chunk.length === 0) return !this.#full
    this.#full = !this.#coder.write(Uint8Array.prototype.slice.call(chunk))
    return !this.#full
  }

  writePart(octets: Uint8Array, from: number, to: number): boolean {
    return this.write(octets.subarray(from, to))
  }

  finish(trailers: Fields | undefined): void {
    if (this.#over) return
    // Digests are of other octets.
    for (const key of digestKeys) trailers?.delete(key)
    this.#coder.once('end', () => {
      if (!this.#close()) return
      this.inner.finish(trailers)
    })
    this.#coder.end()
  }

  fail(): void {
    if (this.#close()) this.inner.fail()
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

  /** The client takes more again. */
  clientWritable(): void {
    if (!this.#clientBlocked || this.#over) return
    this.#clientBlocked = false
    this.#coder.resume()
  }

  /** The client has gone. */
  clientGone(): void {
    this.#close()
  }

  #coded(bytes: Uint8Array): void {
    if (this.#over || this.inner.write(bytes)) return
    this.#clientBlocked = true
    this.#coder.pause()
  }

  #tellWritable(): void {
    if (!this.#full || this.#over) return
    this.#full = false
    this.events.writable()
  }

  #failed(): void {
    if (!this.#close()) return
    this.inner.fail()
    this.events.broken()
  }

  /** Gives the coder up; returns whether it was still open. */
  #close(): boolean {
    if (this.#over) return false
    this.#over = true
    CodedReply.#open--
    this.#coder.destroy()
    return true
  }
}

function coderOf(coding: ContentCoding): Coder {
  switch (coding) {
    case 'gzip':
      return zlib.createGzip(gzipOptions)
    case 'br':
      return zlib.createBrotliCompress(brotliOptions)
    case 'zstd':
      return zlib.createZstdCompress(zstdOptions)
  }
}
