// What would happen to a request, and why: asks the very functions that decide in production, and tells their answers.
import { reasons, type Reason } from '../base/reason.ts'
import { storable } from '../cache/storable.ts'
import { originText } from '../config/origin-text.ts'
import { presetTexts, type Preset } from '../config/presets/preset.ts'
import type { Site } from '../config/site.ts'
import { rateTexts } from '../config/read-rate.ts'
import { ruleText } from '../config/read-rule.ts'
import { formatDuration } from '../config/units.ts'
import type { Route } from '../cube/y/route.ts'
import { normalAuthority } from '../http/authority.ts'
import { withoutCookies } from '../http/cookies.ts'
import { formatHttpDate } from '../http/date.ts'
import { Fields } from '../http/fields.ts'
import { PlainRequest } from '../http/plain-request.ts'
import { normalTarget } from '../http/target.ts'
import { KeptAnswer } from '../request/kept-answer.ts'
import { passReason } from '../request/stages.ts'
import { Visit } from '../request/visit.ts'

/** A request to explain. */
export interface Asked {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** As written in the URL or the Host field. */
  readonly authority: string
  /** Path and query as they would stand on the wire. */
  readonly rawTarget: string
  readonly fields: Fields
  /** Of the client; undefined: not known. */
  readonly country?: string | undefined
}

/** One line of an explanation: what it is about, and what is said about it. */
export type Line = readonly [subject: string, text: string]

/** What would happen to a request at this time. */
export function explain(site: Site, asked: Asked, nowMs: number): readonly Line[] {
  const authority = normalAuthority(asked.authority, asked.scheme)
  if (authority === undefined) return [['answer', `400: '${asked.authority}' is not a valid authority`]]
  const target = normalTarget(asked.rawTarget)
  if (target === undefined) return [['answer', `400: '${asked.rawTarget}' is not a valid target`]]
  const spelling = target === asked.rawTarget ? '' : `, the normal form of ${asked.rawTarget}`
  const head: Line[] = [
    ['host', authority],
    ['target', target + spelling],
  ]
  const view = new PlainRequest({
    method: asked.method,
    scheme: asked.scheme,
    authority,
    target: { raw: asked.rawTarget, pathAndQuery: target },
    fields: asked.fields,
  })
  if (asked.method === 'PURGE') return [...head, ['answer', `from here, ${because('purge')}`]]
  const rule = site.rules?.match(view, () => asked.country)
  if (rule !== undefined) head.push(['rule', `${rule.name}: ${ruleText(rule)}`])
  if (rule?.action.kind === 'redirect') {
    const { status, location } = rule.action.redirect
    return [...head, ['answer', `${status} to ${location(target)}: ${because('redirect')}`]]
  }
  const matched = site.routes.match(authority, target)
  if (matched === undefined) return [...head, ['answer', `404: ${because('no-route')}`]]
  const route = rule === undefined ? matched : site.rules!.under(rule, matched, view)
  const { origin, preset } = site.services[route.service.index]!
  const service = `${route.service.name} at ${originText(origin)}`
  return [
    ...head,
    ['route', `${route.name}, answered by ${service}`],
    ...(preset === undefined ? [] : presetLines(preset)),
    ...rateLines(route),
    // Nobody gets an answer: it is only asked what would be done for one.
    ...inRoute(new Visit(view, new KeptAnswer(nobody, () => undefined), route, nowMs), target, nowMs),
  ]
}

function presetLines(preset: Preset): Line[] {
  return [
    ['preset', `${preset.title}; these settings could be written as well:`],
    ...presetTexts(preset).map((text): Line => ['', text]),
  ]
}

function rateLines({ rates }: Route): Line[] {
  if (rates === undefined) return []
  return [...rateTexts(rates).map((text): Line => ['rate', text]), ['', `more: ${because('rate-limit')}`]]
}

const nobody = { address: '', trusted: false }

/** `target`: as it was asked for. */
function inRoute(visit: Visit, target: string, nowMs: number): Line[] {
  const why = passReason(visit)
  if (why !== undefined) return [['cache', `not used: ${because(why)}`]]
  if (visit.method === 'QUERY')
    return [['cache', 'used: the key holds the body, its Content-Type and its Content-Encoding (RFC 10008)']]
  const { route, key, pathAndQuery } = visit
  const hidden = `the application sees ${pathAndQuery}: tracking parameters are hidden`
  return [
    ['key', key],
    ...(pathAndQuery === target ? [] : [['query', hidden] as const]),
    ...cookieLines(route, visit.head.fields.get('cookie')),
    ['cache', 'used: a stored response answers when it is fresh; else the application is asked'],
    ...typicalAnswers(nowMs).map(([name, fields]): Line => ['', `${name}: ${stored(visit, fields, nowMs)}`]),
  ]
}

function cookieLines(route: Route, cookie: string | undefined): Line[] {
  if (cookie === undefined) return []
  if (route.policy.cookies === 'drop')
    return [['cookies', `dropped, here and in responses: ${cookieNames(cookie)}`]]
  const remaining = withoutCookies(cookie, route.ignoredCookie)
  const hidden = withoutCookies(cookie, (name) => !route.ignoredCookie(name))
  const lines: Line[] = []
  if (hidden !== undefined)
    lines.push(['cookies', `hidden from the key and from the application: ${cookieNames(hidden)}`])
  if (remaining !== undefined)
    lines.push([
      'cookies',
      `remain, so that only explicitly shareable answers are shared: ${cookieNames(remaining)}`,
    ])
  return lines
}

/** The names alone: values may be secrets. */
function cookieNames(cookie: string): string {
  return cookie
    .split(';')
    .map((pair) => pair.split('=')[0]!.trim())
    .join(', ')
}

const dayMs = 86_400_000

type FieldLines = readonly (readonly [name: string, value: string])[]

/** Answers as applications give them. */
function typicalAnswers(nowMs: number): readonly (readonly [name: string, fields: FieldLines])[] {
  const lines: readonly FieldLines[] = [
    [['Last-Modified', formatHttpDate(nowMs - 10 * dayMs)]],
    [['Cache-Control', 'max-age=60']],
    [['Cache-Control', 'public, max-age=60']],
    [['Cache-Control', 's-maxage=60']],
    [
      ['Cache-Control', 'public, max-age=60'],
      ['Set-Cookie', 'a=b'],
    ],
    [['Cache-Control', 'no-cache']],
    [['Cache-Control', 'private']],
    [['Cache-Control', 'no-store']],
  ]
  const named = lines.map((fields) => [fields.map((line) => line.join(': ')).join(' and '), fields] as const)
  return [['an answer without cache fields', []], ...named]
}

function stored(visit: Visit, fields: FieldLines, nowMs: number): string {
  const head = { status: 200, reason: 'OK', fields: Fields.of([['Date', formatHttpDate(nowMs)], ...fields]) }
  const times = { requestMs: nowMs, responseMs: nowMs }
  const decision = storable(visit, head, times, visit.route.policy, visit.key)
  if (decision.kind === 'pass') return `not stored: ${because(decision.reason)}`
  const freshMs = Math.max(0, decision.stored.freshUntilMs - nowMs)
  if (decision.stored.noCache) return 'stored, and validated before each use'
  return freshMs === 0
    ? 'stored, and validated when it is used'
    : `stored, fresh for ${formatDuration(freshMs)}`
}

function because(reason: Reason): string {
  return `${reasons[reason]} (${reason})`
}
