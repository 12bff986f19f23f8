// The Cookie field (RFC 6265 §4.2 and §5.4): which cookies it holds, and the field without some of them, the others
// spelled as they were. Values are never looked at.
//
// A pair is what stands between two semicolons. Quotes do not protect a semicolon: browsers send none inside a value,
// and applications disagree about them. What is removed here is removed from the key and from the request to the
// application alike, so that a cookie that one of them reads differently cannot be used to poison the other.
import { everyCookie, type EveryCookie } from './cookie-octets.ts'
import { remembered } from './memo.ts'

/** Tells cookies by their name. */
export interface CookieMatcher {
  (name: string): boolean
  /** Whether every cookie of a field is told: the usual case, decided without making a string of it. */
  readonly every?: EveryCookie
}

/** A matcher from names and patterns, in which '*' stands for any run of characters, also none. With case. */
export function cookieMatcher(patterns: readonly string[]): CookieMatcher {
  const names = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const wildcards = patterns.filter((pattern) => pattern.includes('*')).map(wildcardMatcher)
  const matches =
    wildcards.length === 0
      ? (name: string) => names.has(name)
      : remembered((name) => names.has(name) || wildcards.some((wildcard) => wildcard(name)), 4096)
  return Object.assign(matches, { every: everyCookie(matches) })
}

/** Each literal piece is looked for after the one before: linear in the name, whatever the pattern. */
function wildcardMatcher(pattern: string): (name: string) => boolean {
  const pieces = pattern.split('*')
  const head = pieces[0]!
  const tail = pieces.at(-1)!
  const middle = pieces.slice(1, -1)
  return (name) => {
    if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail))
      return false
    let at = head.length
    const end = name.length - tail.length
    for (const piece of middle) {
      const found = name.indexOf(piece, at)
      if (found < 0 || found + piece.length > end) return false
      at = found + piece.length
    }
    return true
  }
}

/**
 * The Cookie field without the ignored cookies, the others spelled as they were and in their order; undefined when
 * none remain. When nothing is ignored the value itself comes back.
 */
export function withoutCookies(value: string, ignored: CookieMatcher): string | undefined {
  let kept: string | undefined
  let removed = false
  for (let at = 0; at <= value.length;) {
    const end = pairEnd(value, at)
    const name = nameOf(value, at, end)
    if (name === '' && value.slice(at, end).trim() === '') {
      // Nothing stands between the semicolons.
    } else if (ignored(name)) removed = true
    else {
      const pair = value.slice(at, end).trim()
      kept = kept === undefined ? pair : `${kept}; ${pair}`
    }
    at = end + 1
  }
  return removed || kept === undefined ? kept : value
}

/** The value of the first cookie of that name; undefined when there is none. */
export function cookieValue(value: string, name: string): string | undefined {
  for (let at = 0; at <= value.length;) {
    const end = pairEnd(value, at)
    const equals = value.indexOf('=', at)
    if (equals >= 0 && equals < end && nameOf(value, at, end) === name)
      return value.slice(equals + 1, end).trim()
    at = end + 1
  }
  return undefined
}

/** Whether any cookie of the field matches. */
export function hasCookie(value: string, matches: CookieMatcher): boolean {
  for (let at = 0; at <= value.length;) {
    const end = pairEnd(value, at)
    const name = nameOf(value, at, end)
    if (name !== '' && matches(name)) return true
    at = end + 1
  }
  return false
}

function pairEnd(value: string, at: number): number {
  const semicolon = value.indexOf(';', at)
  return semicolon < 0 ? value.length : semicolon
}

/** The name in the pair from `at` to `end`: what stands before '=', or all of it. */
function nameOf(value: string, at: number, end: number): string {
  const pair = value.slice(at, end)
  const equals = pair.indexOf('=')
  return (equals < 0 ? pair : pair.slice(0, equals)).trim()
}
