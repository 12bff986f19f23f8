// Invalidation (RFC 9111 §4.4): after a request that may have changed something, what is stored about its target, and
// about the same-origin targets that the answer points to, is no longer used.
import { normalAuthority } from '../http/authority.ts'
import type { RequestHead, ResponseHead } from '../http/message.ts'
import { normalTarget } from '../http/target.ts'
import { primaryKey } from './key.ts'

/** Safe methods of the IANA registry (RFC 9110 §9.2.1 and §16.1.1). Every other may change something. */
const safe: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND',
  'REPORT',
  'SEARCH',
])

/** Whether an answer to this method could invalidate: it is unsafe, or unknown. */
export function mayInvalidate(method: string): boolean {
  return !safe.has(method)
}

/** Whether the answer invalidates: an unsafe or unknown method, and a status that is no error (2xx or 3xx). */
export function invalidates(method: string, status: number): boolean {
  return mayInvalidate(method) && status >= 200 && status < 400
}

/**
 * The primary keys that the answer invalidates: the target, Location and Content-Location. Those of another origin are
 * left alone (§4.4), or anyone could empty another site's cache. QUERY keys of these targets go with them
 * (`key.ts`, targetKeyOf).
 */
export function invalidatedKeys(request: RequestHead, response: ResponseHead): readonly string[] {
  const targetKey = primaryKey(request.scheme, request.authority, request.target.pathAndQuery)
  const keys = new Set([targetKey])
  for (const field of ['location', 'content-location']) {
    for (const reference of response.fields.all(field)) {
      const key = resolvedKey(targetKey, reference)
      if (key !== undefined) keys.add(key)
    }
  }
  return [...keys]
}

/**
 * The keys of a URL under both schemes: who empties a page means what visitors see, whether TLS ends here, in front, or
 * nowhere. Applications often know only one of the two, and not always the one that their visitors use.
 */
export function keysOfBothSchemes(key: string): readonly string[] {
  const [, scheme, authority, rest] = /^(https?):\/\/([^/]*)(.*)$/s.exec(key)!
  const other = scheme === 'https' ? 'http' : 'https'
  // What is the default port of one scheme is not that of the other. Without Host (HTTP/1.0) there is none.
  const normal = authority === '' ? '' : normalAuthority(authority!, other)
  return normal === undefined ? [key] : [key, primaryKey(other, normal, rest!)]
}

/** The key of a reference relative to a target's absolute URI; undefined when not valid or of another origin. */
export function resolvedKey(targetUri: string, reference: string): string | undefined {
  const base = URL.parse(targetUri)
  const url = URL.parse(reference, targetUri)
  if (base === null || url === null || url.origin !== base.origin) return undefined
  const scheme = base.protocol === 'https:' ? 'https' : 'http'
  const authority = normalAuthority(url.host, scheme)
  const pathAndQuery = normalTarget(url.pathname + url.search)
  if (authority === undefined || pathAndQuery === undefined) return undefined
  return primaryKey(scheme, authority, pathAndQuery)
}
