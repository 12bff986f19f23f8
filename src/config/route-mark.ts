// The mark of a route (`Route.mark`): made of what its owner wrote about the route, its service and the page rules that
// change answers. Two configurations that say the same of them give the same mark, whatever else they change.
import { digest } from '../base/digest.ts'

/** Makes the mark; all three as they stand in the configuration. */
export function routeMark(route: unknown, service: unknown, rules: unknown): string {
  const changing = Array.isArray(rules) ? rules.filter(changesAnswers) : []
  return digest(JSON.stringify([withoutLimits(route), service, changing]))
}

/** What refuses requests changes no answer. */
function withoutLimits(route: unknown): unknown {
  return typeof route === 'object' && route !== null
    ? { ...route, rate: undefined, bodyBytes: undefined }
    : route
}

/** A redirect answers by itself, and an error page is never stored. */
function changesAnswers(rule: unknown): boolean {
  if (typeof rule !== 'object' || rule === null) return false
  return ['ttl', 'bypass', 'request', 'response'].some((name) => Object.hasOwn(rule, name))
}
