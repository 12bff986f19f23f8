// Reads the section `cache` of a route: the policy, the cookies that are ignored, and what goes past the cache.
import { analyticsCookies } from '../cache/analytics-cookies.ts'
import type { ParameterMatcher } from '../cache/ignored-query.ts'
import type { CachePolicy } from '../cache/policy.ts'
import { cacheRows, cookieRows, type CacheSettings } from '../cache/settings.ts'
import { trackingParameters } from '../cache/tracking-parameters.ts'
import { pathMatcher, type Matcher, type PatternError } from '../cube/y/pattern.ts'
import { noBypass, type Bypass, type Route } from '../cube/y/route.ts'
import { bypassRows } from '../cube/y/settings.ts'
import { cookieMatcher } from '../http/cookies.ts'
import { memberPath } from './problem.ts'
import { listed, memberOf, members, readRows, readSection, refuseUnknown, type Found } from './read.ts'
import { nearest } from './spelling.ts'

const cacheNames = [...Object.keys(cacheRows), 'bypass']

/** What the section `cache` makes of a route. */
export type RouteCache = Pick<Route, 'policy' | 'ignoredCookie' | 'ignoredParameter' | 'bypass'>

/** Reads the section; an absent one is that of a route that nobody configured. */
export function readCache(found: Found): RouteCache {
  const known = `an object with ${listed(cacheNames)}`
  const all = (found.value === undefined ? undefined : members(found, known)) ?? new Map<string, Found>()
  refuseUnknown(all, cacheNames)
  const cookies = memberOf(all, found, 'cookies')
  const asObject = typeof cookies.value === 'object' && cookies.value !== null
  const rows = asObject ? new Map([...all].filter(([name]) => name !== 'cookies')) : all
  const problemsBefore = found.report.problems.length
  const settings = readRows(cacheRows, rows, found)
  const readable = found.report.problems.length === problemsBefore
  const ignored = asObject ? readSection(cookieRows, cookies).ignore : []
  if (settings.override && readable && settings.cookies !== 'drop')
    found.report.amiss(memberPath(found.path, 'override'), "needs cookies: 'drop' beside it")
  if (settings.override && readable && settings.ttl === undefined)
    found.report.amiss(memberPath(found.path, 'override'), "needs a 'ttl' beside it")
  // RFC 9110 §8.8.3: what may stand between the quotes of an entity tag.
  if (settings.etag !== undefined && !/^[\x21\x23-\x7e]+$/.test(settings.etag))
    found.report.wrong(
      memberPath(found.path, 'etag'),
      settings.etag,
      'expected visible characters without quotes',
    )
  return {
    policy: policyOf(settings),
    ignoredCookie: ignoredBy(settings.cookies, ignored, memberPath(cookies.path, 'ignore'), found),
    ignoredParameter: ignoredParameters(settings.ignore, memberOf(all, found, 'ignore')),
    bypass: readBypass(memberOf(all, found, 'bypass')),
  }
}

/** The settings as the cache's decisions take them. */
function policyOf(settings: CacheSettings): CachePolicy {
  return {
    ttlSeconds: seconds(settings.ttl),
    override: settings.override,
    browserTtlSeconds: seconds(settings.browserTtl),
    staleSeconds: seconds(settings.stale),
    cookies: settings.cookies ?? 'keep',
    etag: settings.etag,
    obeyRequestDirectives: settings.obeyRequestDirectives,
    storeSetCookie: settings.storeSetCookie,
    staleOnDisconnect: settings.staleOnDisconnect,
    response: undefined,
  }
}

/** Whole seconds, as lifetimes are counted in (RFC 9111 §1.2.2). */
const seconds = (durationMs: number | undefined): number | undefined =>
  durationMs === undefined ? undefined : Math.floor(durationMs / 1000)

function ignoredBy(
  cookies: 'keep' | 'drop' | undefined,
  ignored: readonly string[],
  path: string,
  found: Found,
): Matcher {
  if (cookies === 'drop') return () => true
  if (cookies === 'keep') return () => false
  return cookieMatcher([...analyticsCookies, ...checkedNames(ignored, { ...found, path })])
}

const trackingParameter: ParameterMatcher = cookieMatcher(trackingParameters)

/** The only word so far; whoever writes the name of a parameter is told so. */
const ignorable = 'tracking'

function ignoredParameters(words: readonly string[], found: Found): ParameterMatcher | undefined {
  for (const word of words)
    if (word !== ignorable)
      found.report.wrong(found.path, word, `expected '${ignorable}'`, nearest(word, [ignorable]))
  return words.includes(ignorable) ? trackingParameter : undefined
}

function readBypass(found: Found): Bypass {
  const { cookie, path, method } = readSection(bypassRows, found)
  const inner = (name: string): Found => ({ ...found, path: memberPath(found.path, name) })
  for (const word of method)
    // RFC 9110 §9.1: a method is a token, and case-sensitive.
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(word))
      inner('method').report.wrong(inner('method').path, word, 'expected a method such as POST')
  const paths = path.map((pattern) => compiled(inner('path'), pattern, pathMatcher))
  const cookieNames = checkedNames(cookie, inner('cookie'))
  // The very same object: by it a request is seen to need no look at its cookies.
  if (paths.length === 0 && cookieNames.length === 0 && method.length === 0) return noBypass
  return {
    cookie: cookieNames.length === 0 ? undefined : cookieMatcher(cookieNames),
    path: paths.length === 0 ? undefined : (text) => paths.some((matches) => matches?.(text)),
    method: method.length === 0 ? undefined : (text) => method.includes(text),
  }
}

/** Names of cookies, with '*' for any run of characters (RFC 6265 §4.1.1: a token). */
export function checkedNames(names: readonly string[], found: Found): readonly string[] {
  for (const name of names)
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      found.report.wrong(found.path, name, "expected the name of a cookie, such as 'session' or 'wp_*'")
  return names
}

/** A compiled pattern; undefined, and a problem, when it is not valid. */
export function compiled(
  found: Found,
  pattern: string,
  compile: (pattern: string) => Matcher | PatternError,
): Matcher | undefined {
  const matcher = compile(pattern)
  if (typeof matcher === 'function') return matcher
  found.report.wrong(found.path, pattern, matcher.error)
  return undefined
}
