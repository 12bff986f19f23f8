// Entity tags (RFC 9110 §8.8.3).
const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** The entity tags of an If-Match or If-None-Match field, as spelled; '*' for any. */
export function parseEntityTags(value: string): readonly string[] | '*' {
  return todo(value)
}

/** Whether a tag is well-formed and strong. */
export function isStrong(tag: string): boolean {
  return todo(tag)
}

/** Strong comparison. */
export function strongMatch(a: string, b: string): boolean {
  return todo(a, b)
}

/** Weak comparison. */
export function weakMatch(a: string, b: string): boolean {
  return todo(a, b)
}

/** The tag as a weak one. */
export function weakened(tag: string): string {
  return todo(tag)
}
