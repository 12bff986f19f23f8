// The primary cache key (RFC 9111 §2): scheme, authority, path and query. GET and HEAD share it. QUERY (RFC 10008) has
// its own, with the body.

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** The key of GET and HEAD; `pathAndQuery` in normal form. */
export function primaryKey(scheme: 'http' | 'https', authority: string, pathAndQuery: string): string {
  return `${scheme}://${authority}${pathAndQuery}`
}

/** The key of a QUERY. */
export function queryKey(
  scheme: 'http' | 'https',
  authority: string,
  pathAndQuery: string,
  contentType: string | undefined,
  contentEncoding: string | undefined,
  body: Uint8Array,
): string {
  return todo(scheme, authority, pathAndQuery, contentType, contentEncoding, body)
}
