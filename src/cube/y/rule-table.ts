// Finds the rule for a request: the first that matches, in the owner's order. Most requests match none, and are let go
// after one look at the path's second character: few rules begin alike.
import { hasCookie } from '../../http/cookies.ts'
import { fieldNumber } from '../../http/known-fields.ts'
import type { RequestView } from '../../http/request-view.ts'
import type { Route } from './route.ts'
import { routeUnder, type Rule, type RuleMatch } from './rule.ts'

/** Paths are ASCII in their normal form. */
const CHARACTERS = 128

/** An ordered list of rules. */
export class RuleTable {
  /** By the path's second character (0: there is none): the rules that may match, in order. */
  readonly #candidates: readonly (readonly Rule[])[]
  /** By rule, then by route. */
  readonly #routes = new Map<Rule, Map<Route, Route>>()

  /** `routes`: all that a request may have. */
  constructor(
    readonly rules: readonly Rule[],
    routes: readonly Route[],
  ) {
    this.#candidates = Array.from({ length: CHARACTERS }, (_, code) =>
      rules.filter(({ match: { begins } }) => begins === undefined || begins.includes(code)),
    )
    for (const rule of rules) {
      if (rule.action.kind !== 'change') continue
      const { actions } = rule.action
      this.#routes.set(rule, new Map(routes.map((route) => [route, routeUnder(route, actions)])))
    }
  }

  /** The rule of a request; undefined when none matches. */
  match(view: RequestView): Rule | undefined {
    const { pathAndQuery } = view
    // NaN, where there is no second character, becomes 0.
    const candidates = this.#candidates[pathAndQuery.charCodeAt(1) | 0]
    // '*' is the server and no page (OPTIONS, RFC 9110 §9.3.7).
    if (candidates === undefined || candidates.length === 0 || pathAndQuery === '*') return undefined
    const query = pathAndQuery.indexOf('?')
    const path = query < 0 ? pathAndQuery : pathAndQuery.slice(0, query)
    return candidates.find(({ match }) => matches(match, view, path))
  }

  /** A route as it is under a rule. */
  under(rule: Rule, route: Route): Route {
    return this.#routes.get(rule)?.get(route) ?? route
  }
}

function matches(match: RuleMatch, view: RequestView, path: string): boolean {
  if (!match.path(path)) return false
  if (match.methods !== undefined && !match.methods.has(view.method)) return false
  if (match.hosts !== undefined && !match.hosts.some((host) => host(view.authority))) return false
  if (match.cookie === undefined) return true
  const cookie = view.get(fieldNumber.cookie)
  return cookie !== undefined && hasCookie(cookie, match.cookie)
}
