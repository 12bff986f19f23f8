// The Cookie field (RFC 6265 §4.2), read without changing how it is spelled.
const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** Tells cookies by their name. */
export type CookieMatcher = (name: string) => boolean

/** A matcher from exact names and patterns with '*'. */
export function cookieMatcher(patterns: readonly string[]): CookieMatcher {
  return todo(patterns)
}

/** The Cookie field without the ignored cookies, the others spelled as they were; undefined when none remain. */
export function withoutCookies(value: string, ignored: CookieMatcher): string | undefined {
  return todo(value, ignored)
}

/** Whether any cookie matches. */
export function hasCookie(value: string, matches: CookieMatcher): boolean {
  return todo(value, matches)
}
