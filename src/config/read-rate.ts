// Reads `rate` of a route: one limit on the rate of requests, or several that all hold.
import type { RateKey, RateLimit, RouteRates } from '../cube/y/rate.ts'
import { rateRows } from '../cube/y/settings.ts'
import { memberPath } from './problem.ts'
import { member, readSection, type Found } from './read.ts'
import { formatDuration } from './units.ts'

/** More than these would make each request slow for no use. */
const LIMITS_MAX = 8

/** RFC 9110 §5.6.2; names of header fields and of cookies alike. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The limits; undefined: there are none. `firstIndex`: that of the first among all limits of the site. */
export function readRates(found: Found, firstIndex: number): RouteRates | undefined {
  const { value } = found
  if (value === undefined) return undefined
  const each = Array.isArray(value) ? value.map((inner, i) => member(found, i, inner)) : [found]
  if (each.length === 0 || each.length > LIMITS_MAX)
    found.report.wrong(found.path, value, `expected a limit, or a list of up to ${LIMITS_MAX}`)
  const read = each.map((at, i) => readRate(at, firstIndex + i))
  const limits = (counts: boolean): RateLimit[] =>
    read.filter(({ hits }) => hits === counts).map(({ limit }) => limit)
  return { every: limits(true), misses: limits(false) }
}

function readRate(found: Found, index: number): { readonly hits: boolean; readonly limit: RateLimit } {
  const { requests, per, burst = requests, header, cookie, hits } = readSection(rateRows, found)
  for (const [setting, name] of [
    ['header', header],
    ['cookie', cookie],
  ] as const)
    if (name !== undefined && !token.test(name))
      found.report.wrong(memberPath(found.path, setting), name, `expected the name of a ${setting}`)
  if (header !== undefined && cookie !== undefined)
    found.report.amiss(memberPath(found.path, 'cookie'), "counts by one of 'header' and 'cookie'")
  return { hits, limit: { index, requests, perMs: per, burst, by: keyOf(header, cookie) } }
}

function keyOf(header: string | undefined, cookie: string | undefined): RateKey {
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase() }
  return cookie === undefined ? { kind: 'address' } : { kind: 'cookie', name: cookie }
}

/** The limits of a route in words, for `myriad check --explain`. */
export function rateTexts({ every, misses }: RouteRates): readonly string[] {
  return [
    ...every.map((limit) => rateText(limit, 'requests')),
    ...misses.map((limit) => rateText(limit, 'requests that the cache does not answer')),
  ]
}

function rateText({ requests, perMs, burst, by }: RateLimit, counted: string): string {
  const key = by.kind === 'address' ? 'address' : `${by.kind} ${by.name}`
  return `${requests} ${counted} in ${formatDuration(perMs)}, ${burst} at once, by ${key}`
}
