// The primary cache key (RFC 9111 §2): scheme, authority, path and query. GET and HEAD share it; a QUERY has its own,
// with its content and what tells how to read that (RFC 10008).
import { createHash } from 'node:crypto'

/** The key of GET and HEAD: the URL; `authority` and `pathAndQuery` in their normal forms. */
export function primaryKey(scheme: 'http' | 'https', authority: string, pathAndQuery: string): string {
  return `${scheme}://${authority}${pathAndQuery}`
}

/**
 * The key of a QUERY: `targetKey`, that of the same target for GET, then a digest of the content. The content is taken byte by
 * byte: what counts as the same question in another spelling is the application's to know.
 */
export function queryKey(
  targetKey: string,
  contentType: string | undefined,
  contentEncoding: string | undefined,
  content: Uint8Array,
): string {
  const hash = createHash('sha256')
  for (const field of [contentType, contentEncoding])
    // A length before each field, so that no two lists of fields run together into the same bytes.
    hash.update(field === undefined ? '-\n' : `${field.length}:${field}\n`)
  hash.update(content)
  return `${targetKey}${QUERY_MARK}${hash.digest('base64url')}`
}

/** A space: it stands in no target. */
const QUERY_MARK = ' QUERY '

/** The key of GET for the target of any key: what an unsafe method invalidates covers the QUERY keys of that target. */
export function targetKeyOf(key: string): string {
  const mark = key.indexOf(QUERY_MARK)
  return mark < 0 ? key : key.slice(0, mark)
}
