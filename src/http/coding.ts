// Content codings (RFC 9110 §8.4 and §12.5.3).
const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** The codings that Myriad makes, and none. */
export type Coding = 'zstd' | 'br' | 'gzip' | 'identity'

/** The coding to send, for an Accept-Encoding field: the best of those offered, in the server's order at equal weight. */
export function negotiateCoding(acceptEncoding: string | undefined): Coding {
  return todo(acceptEncoding)
}

/** Whether this media type gains from compression. */
export function compressible(contentType: string | undefined): boolean {
  return todo(contentType)
}
