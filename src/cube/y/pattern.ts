// Patterns of a route table: which hosts, paths and cookie names an owner's short text stands for. Compiled once, so
// that a request costs a comparison. At most one '*' in a pattern: matching then never takes longer than the text is
// long, whatever a stranger sends. Full regular expressions are left out for the same reason.
import { mergedPath, normalPath } from '../../http/target.ts'

/** Whether a text is one of those that the pattern stands for. */
export type Matcher = (text: string) => boolean

/**
 * The path of a target as patterns are compared with it: without the query, and without empty segments, since what
 * answers `/admin` mostly answers `//admin` too.
 */
export function patternPath(pathAndQuery: string): string {
  const query = pathAndQuery.indexOf('?')
  return mergedPath(query < 0 ? pathAndQuery : pathAndQuery.slice(0, query))
}

/** What is wrong with a pattern, in words for its owner. */
export interface PatternError {
  readonly error: string
}

/**
 * Compiles a path pattern: '/events' is that path alone, '/events/*' is everything below it, '/accounts/:surname/*'
 * has a segment that may be anything, '*.jpg' is every path that ends so, '/*' is every path. Paths are compared in
 * their normal form (`http/target.ts`), with case, and as `patternPath` has them.
 */
export function pathMatcher(pattern: string): Matcher | PatternError {
  if (!pattern.startsWith('/') && !pattern.startsWith('*')) return { error: "must start with '/' or '*'" }
  if (/[?#]/.test(pattern)) return { error: 'is compared with the path alone: leave out the query' }
  if (/[\s\u0000-\u001f\u007f\\]/.test(pattern))
    return { error: 'must not hold spaces, control bytes or backslashes' }
  if (/(^|\/)\.{1,2}(\/|$)/.test(pattern)) return { error: "must not hold '.' or '..' as a segment" }
  const segments = normalPattern(pattern)
  if (segments === undefined)
    return { error: "holds a '%' that two hexadecimal digits do not follow, or an encoded NUL" }
  const parts = /(?:^|\/):/.test(segments) ? segments.split('/') : undefined
  const odd = parts?.find((part) => part.startsWith(':') && !/^:[A-Za-z_][A-Za-z0-9_]*$/.test(part))
  if (odd !== undefined) return { error: `'${odd}' is not the name of a segment (letters, digits and '_')` }
  if (parts === undefined) return wildcardMatcher(segments)
  if (segments.split('*').length > 2) return moreThanOneStar
  const source = parts.map((part) => (part.startsWith(':') ? '[^/]+' : literal(part))).join('/')
  const expression = new RegExp(`^${source}$`, 's')
  return (path) => expression.test(path)
}

/** Compiles a pattern with at most one '*', which stands for any run of characters, also none. */
function wildcardMatcher(pattern: string): Matcher | PatternError {
  const star = pattern.indexOf('*')
  if (star < 0) return (text) => text === pattern
  if (pattern.includes('*', star + 1)) return moreThanOneStar
  const head = pattern.slice(0, star)
  const tail = pattern.slice(star + 1)
  if (head === '' && tail === '') return () => true
  if (tail === '') return (text) => text.startsWith(head)
  if (head === '') return (text) => text.endsWith(tail)
  const lengthMin = head.length + tail.length
  return (text) => text.length >= lengthMin && text.startsWith(head) && text.endsWith(tail)
}

/**
 * Compiles a host pattern: 'example.com' on any port, 'example.com:8080' on that port alone, '*.example.com' for its
 * subdomains. The matcher takes an authority (lower case, default port removed).
 */
export function hostMatcher(pattern: string): Matcher | PatternError {
  const host = pattern.toLowerCase()
  if (
    !/^(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]+\.?(:\d{1,5})?$/.test(host) &&
    !/^\[[0-9a-f:.]+\](:\d{1,5})?$/.test(host)
  )
    return { error: "must be a host such as 'example.com', '*.example.com' or 'example.com:8080'" }
  const matches = wildcardMatcher(host)
  if (typeof matches !== 'function' || portAt(host) >= 0) return matches
  return (authority) => {
    const port = portAt(authority)
    return matches(port < 0 ? authority : authority.slice(0, port))
  }
}

/** Where the ':' of an authority's port stands, or -1; the colons of an IPv6 address are none. */
function portAt(authority: string): number {
  const colon = authority.lastIndexOf(':')
  return colon > authority.lastIndexOf(']') ? colon : -1
}

const moreThanOneStar: PatternError = { error: "may hold one '*' only" }

const literal = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')

/** The pattern as the normal form of paths spells it; undefined when it is not one. */
function normalPattern(pattern: string): string | undefined {
  const escaped = pattern.replaceAll(/[^\u0021-\u007e]+/g, (text) => encodeURIComponent(text.toWellFormed()))
  return normalPath(mergedPath(escaped))
}

/** A part of a path pattern: text as it is, a segment that may be anything, or '*'. */
export type PatternPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'segment'; readonly name: string }
  | { readonly kind: 'any' }

/** The parts of a path pattern that `pathMatcher` takes, in order and in the normal form of paths. */
export function patternParts(pattern: string): readonly PatternPart[] {
  const pieces = (normalPattern(pattern) ?? '').split(/(?<=\/)(:[^/*]+)(?=\/|$)|(\*)/)
  // Text, then the name of a segment or nothing, then '*' or nothing, and so on.
  return pieces.flatMap((piece, i): PatternPart[] => {
    if (piece === undefined || piece === '') return []
    if (i % 3 === 0) return [{ kind: 'text', text: piece }]
    return i % 3 === 1 ? [{ kind: 'segment', name: piece.slice(1) }] : [{ kind: 'any' }]
  })
}
