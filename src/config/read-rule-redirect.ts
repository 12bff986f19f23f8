// Reads the section `redirect` of a page rule: a target, or an object with it.
import { patternPath } from '../cube/y/pattern.ts'
import { compileRedirect, redirectStatuses, type Redirect } from '../cube/y/rule-redirect.ts'
import { redirectRows } from '../cube/y/rule-settings.ts'
import type { Rule } from '../cube/y/rule.ts'
import { memberPath } from './problem.ts'
import { readSection, type Found } from './read.ts'

/** The redirect of a rule with these paths; undefined when there is none, or it is not right. */
export function readRedirect(found: Found, patterns: readonly string[]): Redirect | undefined {
  if (found.value === undefined) return undefined
  const isText = typeof found.value === 'string'
  const settings = readSection(redirectRows, isText ? { ...found, value: { to: found.value } } : found)
  const status = redirectStatuses.find((known) => known === settings.status)
  if (status === undefined)
    found.report.wrong(
      memberPath(found.path, 'status'),
      settings.status,
      `expected ${redirectStatuses.slice(0, -1).join(', ')} or ${redirectStatuses.at(-1)}`,
    )
  if (settings.to === '' || status === undefined) return undefined
  const redirect = compileRedirect(settings.to, status, patterns)
  if (!('error' in redirect)) return redirect
  found.report.wrong(isText ? found.path : memberPath(found.path, 'to'), settings.to, redirect.error)
  return undefined
}

/**
 * Whether a browser that follows the redirect would be redirected by the same rule again. Judged by a path that the rule
 * matches, where nothing but the path could tell the two requests apart: no rule looks at the scheme.
 */
export function redirectsToItself({ match, action }: Rule, before: readonly Rule[]): boolean {
  if (action.kind !== 'redirect' || match.methods !== undefined) return false
  const { redirect } = action
  const { origin } = redirect
  if (origin !== undefined && match.hosts?.some((host) => host(origin.authority)) !== true) return false
  return redirect.examples.some((path) => {
    const target = redirect.location(path).replace(/^https?:\/\/[^/?#]*/, '')
    const next = patternPath(target.replace(/#.*$/, ''))
    return match.path(next) && !before.some((rule) => rule.match.path(next))
  })
}
