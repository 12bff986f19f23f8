// Names that certificates are got for: which texts are one, and which names a pattern allows. Pure.

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const form = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)+${LABEL}$`)
/** RFC 1035 §2.3.4, without the room that the wire form needs. */
const LENGTH_MAX = 253

/**
 * A DNS name that an authority can certify (RFC 8555 §7.1.4), in lower case: with a dot in it, and at most a whole first
 * label '*'. Addresses are none: their last label is a number (RFC 3696 §2).
 */
export function isCertifiable(name: string): boolean {
  return name.length <= LENGTH_MAX && form.test(name) && !/(?:^|\.)\d+$/.test(name)
}

/** Whether a pattern, a name or '*.' and a name, allows this name; '*' stands for exactly one label. */
export function allows(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name
  return name.indexOf('.') > 0 && name.slice(name.indexOf('.')) === pattern.slice(1)
}

/** The host of a normal authority, without its port. */
export function hostOf(authority: string): string {
  const colon = authority.indexOf(':')
  return colon < 0 ? authority : authority.slice(0, colon)
}
