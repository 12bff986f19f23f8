// Names of request fields that another name is read as. What hands fields on as variables (CGI, RFC 3875 §4.1.18, and
// all that took its convention over: PHP, WSGI, Rack) turns '-' into '_', so `X_Forwarded_For` looks to the application
// just like `X-Forwarded-For`, while nothing on the way there knew it for one. A field that such a spelling stands in for
// is one that somebody before the application judges: the rest is passed on as it came.
import { fieldNumber } from './known-fields.ts'
import { isHopByHop } from './hopbyhop.ts'

/** What proxies tell, what caches select by (RFC 9110 §12.5), and what describes content. */
const families =
  /^(?:x-forwarded-|x-real-ip$|true-client-ip$|x-client-ip$|x-cluster-client-ip$|accept-|content-|if-|user-agent$|max-forwards$|proxy-)/

/** Whether a field name (lower case) is a spelling with '_' of one that is judged on the way. */
export function isLookalike(key: string): boolean {
  if (!key.includes('_')) return false
  const real = key.replaceAll('_', '-')
  return Object.hasOwn(fieldNumber, real) || isHopByHop(real) || families.test(real)
}
