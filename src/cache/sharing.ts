// With whom a response may be shared, beyond requests that carry nothing of their own.
import type { Control } from './control.ts'
import type { CachePolicy } from './policy.ts'

/**
 * Whether a response may be shared where cookies are involved: only when it says so, since applications choose by
 * cookies without saying `Vary: Cookie`. `storeSetCookie` is the owner's word that this application does not, and that
 * cookies mean nothing to the cache, as in RFC 9111 §7.3: then a stated lifetime is word enough. `explicit`: whether
 * the response stated its lifetime.
 */
export function isSharedWithCookies(control: Control, policy: CachePolicy, explicit: boolean): boolean {
  const { directives, source } = control
  if (directives.public || directives.sMaxage !== undefined || source === 'owner') return true
  return explicit && (source === 'targeted' || policy.storeSetCookie)
}

/** Whether a response may be shared with requests that carry Authorization (RFC 9111 §3.5). */
export function isSharedWithAuthorization(control: Control): boolean {
  const { directives } = control
  return directives.public || directives.mustRevalidate || directives.sMaxage !== undefined
}
