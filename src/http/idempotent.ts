// Which methods may be repeated where nobody knows whether the first time did anything (RFC 9110 §9.2.2).

/** Idempotent methods of the IANA registry (RFC 9110 §16.1.1) that applications are asked with. */
const idempotent: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
  'QUERY',
  'PROPFIND',
  'REPORT',
])

/** Whether doing it twice is as good as doing it once; false for methods that are not known here. */
export function isIdempotent(method: string): boolean {
  return idempotent.has(method)
}
