// Which fields of a response are stored (RFC 9111 §3.1).
import { Fields } from '../http/fields.ts'
import { connectionOptions, isHopByHop } from '../http/hopbyhop.ts'
import type { Control } from './control.ts'
import type { CachePolicy } from './policy.ts'

/** What belongs to the proxy on the way (§3.1), or is computed anew each time. */
const neverStored: ReadonlySet<string> = new Set([
  'age',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
])

/** What speaks of the very body that came, and not of the stored part that it becomes. */
const ofThisPart: ReadonlySet<string> = new Set(['content-range', 'content-length'])

/** The fields that are stored, as a copy. `isPart`: of a 206. */
export function storedFields(fields: Fields, control: Control, policy: CachePolicy, isPart: boolean): Fields {
  const named = fields.has('connection') ? connectionOptions(fields) : none
  const { noCacheFields, privateFields } = control.directives
  const kept = new Fields()
  for (let i = 0; i < fields.keys.length; i++) {
    const key = fields.keys[i]!
    if (isHopByHop(key) || neverStored.has(key) || named.includes(key)) continue
    // §5.2.2.4 and §5.2.2.7: what is named must not be reused, or not be shared; the rest may.
    if (noCacheFields.includes(key) || privateFields.includes(key)) continue
    if (isPart && ofThisPart.has(key)) continue
    if (policy.cookies === 'drop' && isSetCookie(key)) continue
    kept.keys.push(key)
    kept.names.push(fields.names[i]!)
    kept.values.push(fields.values[i]!)
  }
  return kept
}

const none: readonly string[] = []

/** Whether a cookie would be stored with the response. */
export function storesCookie(fields: Fields, control: Control, policy: CachePolicy): boolean {
  if (policy.cookies === 'drop') return false
  const { noCacheFields, privateFields } = control.directives
  return fields.keys.some(
    (key) => isSetCookie(key) && !noCacheFields.includes(key) && !privateFields.includes(key),
  )
}

/** The second is of RFC 2965, historic, and sets a cookie where it is known. */
function isSetCookie(key: string): boolean {
  return key === 'set-cookie' || key === 'set-cookie2'
}
