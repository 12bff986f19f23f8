// Reads `rules`: compiles each page rule into what a request is asked, and what is done when it matches.
import { everyPath } from '../cube/y/table.ts'
import { hostMatcher, pathMatcher, patternParts, type Matcher } from '../cube/y/pattern.ts'
import { ruleRows } from '../cube/y/rule-settings.ts'
import type { Rule, RuleMatch } from '../cube/y/rule.ts'
import { cookieMatcher } from '../http/cookies.ts'
import { formatDuration } from './units.ts'
import { checkedNames, compiled } from './read-cache.ts'
import type { Surroundings } from './read-origin.ts'
import { readErrorPages } from './read-rule-errors.ts'
import { readRequestChanges, readResponseChanges } from './read-rule-fields.ts'
import { readRedirect, redirectsToItself } from './read-rule-redirect.ts'
import { listed, member, memberOf, members, readRows, refuseUnknown, type Found } from './read.ts'

const actionNames = ['ttl', 'bypass', 'redirect', 'request', 'response', 'errors']
const ruleNames = ['path', 'host', 'cookie', 'method', 'country', ...actionNames]

/** The rules in order; what is wrong with one is reported, and the rule left out. Absent: none. */
export function readRules(found: Found, around: Surroundings): readonly Rule[] {
  if (found.value === undefined) return []
  if (!Array.isArray(found.value)) {
    found.report.wrong(found.path, found.value, 'expected a list of rules')
    return []
  }
  const rules: Rule[] = []
  for (const [i, value] of found.value.entries()) {
    const at = member(found, i, value)
    const rule = readRule(at, around)
    if (rule === undefined) continue
    const before = rules.find(({ match }) => takesEverything(match))
    if (before !== undefined)
      at.report.amiss(at.path, `never reached: ${before.name} takes every request before it`)
    else if (redirectsToItself(rule, rules))
      at.report.amiss(at.path, 'redirects to itself: what it redirects to matches this rule again')
    rules.push(rule)
  }
  return rules
}

function readRule(found: Found, around: Surroundings): Rule | undefined {
  const all = members(found, `an object with conditions and one of ${listed(actionNames, 'or')}`)
  if (all === undefined) return undefined
  refuseUnknown(all, ruleNames)
  const problemsBefore = found.report.problems.length
  const settings = readRows(ruleRows, all, found)
  const at = (name: string): Found => memberOf(all, found, name)
  const matchers = settings.path.map((pattern) => compiled(at('path'), pattern, pathMatcher))
  const hosts = settings.host.map((host) => compiled(at('host'), host, hostMatcher))
  const cookies = checkedNames(settings.cookie, at('cookie'))
  const methods = readMethods(settings.method, at('method'))
  const countries = readCountries(settings.country, at('country'))
  const redirect = readRedirect(at('redirect'), matchers.includes(undefined) ? [] : settings.path)
  const actions = {
    ttlSeconds: settings.ttl === undefined ? undefined : Math.floor(settings.ttl / 1000),
    bypass: settings.bypass,
    request: readRequestChanges(at('request')),
    response: readResponseChanges(at('response')),
    errors: readErrorPages(at('errors'), around),
  }
  const given = actionNames.filter((name) => all.get(name)?.value !== undefined)
  if (given.length === 0 || (given.length === 1 && given[0] === 'bypass' && !settings.bypass))
    found.report.amiss(found.path, `does nothing: expected one of ${listed(actionNames, 'or')}`)
  if (redirect !== undefined && given.length > 1)
    found.report.amiss(
      at('redirect').path,
      `redirects, so ${listed(given.filter((name) => name !== 'redirect'))} can have no effect`,
    )
  if (settings.bypass && settings.ttl !== undefined)
    found.report.amiss(at('ttl').path, 'has no effect beside bypass: true')
  // What is stored is for all who ask for the URL, and neither their cookies nor their countries are in the key.
  for (const name of ['request', 'response'] as const)
    if (actions[name] !== undefined && !settings.bypass) {
      if (cookies.length > 0)
        found.report.amiss(
          at(name).path,
          "needs bypass: true beside it in a rule with 'cookie': answers are shared by visitors with other cookies",
        )
      if (countries !== undefined)
        found.report.amiss(
          at(name).path,
          "needs bypass: true beside it in a rule with 'country': answers are shared by visitors of other countries",
        )
    }
  if (found.report.problems.length > problemsBefore) return undefined
  const match: RuleMatch = {
    path: settings.path.some((pattern) => pattern === '/*' || pattern === '*')
      ? everyPath
      : anyOf(matchers.filter((matcher) => matcher !== undefined)),
    begins: beginnings(settings.path),
    hosts: hosts.length === 0 ? undefined : hosts.filter((host) => host !== undefined),
    cookie: cookies.length === 0 ? undefined : cookieMatcher(cookies),
    methods,
    countries,
  }
  const name = `${found.path} (${conditions(settings)})`
  return redirect === undefined
    ? { name, match, action: { kind: 'change', actions } }
    : { name, match, action: { kind: 'redirect', redirect } }
}

function readMethods(words: readonly string[], found: Found): ReadonlySet<string> | undefined {
  for (const word of words) {
    // RFC 9110 §9.1: a method is a token, and case-sensitive.
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(word))
      found.report.wrong(found.path, word, 'expected a method such as POST')
    // HEAD is answered from what GET has stored, and must be the same but for the body (RFC 9110 §9.3.2).
    if (word === 'HEAD') found.report.wrong(found.path, word, "expected 'GET', which takes HEAD along")
    if (word === 'PURGE') found.report.wrong(found.path, word, 'not a method of pages: see purge.from')
  }
  if (words.length === 0) return undefined
  return new Set(words.includes('GET') ? [...words, 'HEAD'] : words)
}

/** The countries, of which data is wanted then; undefined: any. */
function readCountries(codes: readonly string[], found: Found): ReadonlySet<string> | undefined {
  for (const code of codes)
    if (!/^[A-Z]{2}$/.test(code))
      found.report.wrong(found.path, code, "expected a country by two capital letters, such as 'DE'")
  return codes.length === 0 ? undefined : new Set(codes)
}

const anyOf = (matchers: readonly Matcher[]): Matcher =>
  matchers.length === 1 ? matchers[0]! : (path) => matchers.some((matches) => matches(path))

/** The second characters of the paths that patterns may match; undefined: any, or none at all. */
function beginnings(patterns: readonly string[]): readonly number[] | undefined {
  const characters = new Set<number>()
  for (const pattern of patterns) {
    const parts = patternParts(pattern)
    const first = parts[0]?.kind === 'text' ? parts[0].text : ''
    if (first.length > 1) characters.add(first.charCodeAt(1))
    else if (first === '/' && parts.length === 1)
      // The path '/' alone, or before its query.
      for (const code of [0, '?'.charCodeAt(0)]) characters.add(code)
    else return undefined
  }
  return [...characters]
}

function takesEverything({ path, hosts, cookie, methods, countries }: RuleMatch): boolean {
  return [hosts, cookie, methods, countries].every((each) => each === undefined) && path === everyPath
}

function conditions(settings: {
  readonly path: readonly string[]
  readonly host: readonly string[]
  readonly cookie: readonly string[]
  readonly method: readonly string[]
  readonly country: readonly string[]
}): string {
  const parts = (['method', 'host', 'path', 'cookie', 'country'] as const)
    .filter((name) => settings[name].length > 0)
    .map((name) => `${name} ${settings[name].join(', ')}`)
  return parts.join('; ')
}

/** What a rule does, in words, for `myriad check --explain`. */
export function ruleText({ action }: Rule): string {
  if (action.kind === 'redirect') return `redirects to ${action.redirect.to} (${action.redirect.status})`
  const { ttlSeconds, bypass, request, response, errors } = action.actions
  const changed = (which: string, changes: typeof request): string[] =>
    changes === undefined
      ? []
      : [
          ...changes.remove.map((name) => `${which} without ${name}`),
          ...changes.set.map(([name, value]) => `${which} with ${name}: ${value}`),
        ]
  return [
    ...(bypass ? ['past the cache'] : []),
    ...(ttlSeconds === undefined ? [] : [`ttl ${formatDuration(ttlSeconds * 1000)}`]),
    ...changed('request', request),
    ...changed('response', response),
    ...[...(errors?.pages ?? [])].map(
      ([status, page]) => `${status} shown as ${page.kind === 'file' ? page.file : page.pathAndQuery}`,
    ),
  ].join('; ')
}
