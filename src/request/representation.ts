// What a stored response looks like to a client: one representation as it came, and one per content coding, each with
// its own fields and bytes (RFC 9110 §8.4, §12.5.3).
import { assert } from '../base/assert.ts'
import type { Fields } from '../http/fields.ts'
import { StoredBytes } from '../store/memory/stored-bytes.ts'

/** Bytes kept free before a body, so that a listener can put a head there and send both in one piece. */
export const HEADROOM = 1024

/** A response that is all there. */
export class Representation {
  /** What a listener has prepared from it, kept for the next time; belongs to that listener. */
  prepared: unknown
  /** As `prepared`, for the listeners on the runtime's own server: a response may be asked for by both. */
  served: unknown
  /** As `prepared`, for HTTP/2. */
  block: unknown

  private constructor(
    readonly status: number,
    readonly reason: string,
    readonly etag: string | undefined,
    private readonly makeFields: () => Fields,
    readonly body: Uint8Array,
    /** To be held by whoever needs the body after returning to the event loop. */
    readonly source: StoredBytes | undefined,
    /** Whether the source holds HEADROOM bytes, then this body and nothing else. */
    readonly hasHeadroom: boolean,
  ) {}

  /**
   * All fields but Age and Cache-Status; Content-Length included. Made anew for each caller: a listener keeps the text
   * that it makes of them, and memory holds more responses when they are not kept a second time.
   */
  get fields(): Fields {
    return this.makeFields()
  }

  /** A stored one. `source` holds HEADROOM bytes, then the body. */
  static kept(
    status: number,
    reason: string,
    etag: string | undefined,
    makeFields: () => Fields,
    source: StoredBytes,
  ): Representation {
    return new Representation(status, reason, etag, makeFields, source.bytes.subarray(HEADROOM), source, true)
  }

  /** One that is sent once: a part of a stored one, or one that was made for the occasion. */
  static once(status: number, fields: Fields, body: Uint8Array, source?: StoredBytes): Representation {
    return new Representation(status, '', fields.first('etag'), () => fields, body, source, false)
  }
}

/** Bytes with headroom, from pieces of a body, which fill it: the rest would be what the memory held before. */
export function withHeadroom(chunks: readonly Uint8Array[], bodyBytes: number): StoredBytes {
  const buffer = Buffer.allocUnsafeSlow(HEADROOM + bodyBytes)
  let at = HEADROOM
  for (const chunk of chunks) {
    buffer.set(chunk, at)
    at += chunk.length
  }
  assert(at === buffer.length, 'a body of another length than its pieces')
  return new StoredBytes(buffer)
}
