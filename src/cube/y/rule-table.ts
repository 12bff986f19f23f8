// Finds the rule for a request: the first that matches, in the owner's order. Most requests match none, and are let go
// after one look at the path's second character: few rules begin alike.
import { hasCookie } from '../../http/cookies.ts'
import { fieldNumber } from '../../http/known-fields.ts'
import type { RequestView } from '../../http/request-view.ts'
import { patternPath } from './pattern.ts'
import { everything, type Route } from './route.ts'
import { routeUnder, withFieldsOf, type Rule, type RuleMatch } from './rule.ts'

/** Paths are ASCII in their normal form. */
const CHARACTERS = 128

/** Tells the country of the client who asks; undefined: it is not known. */
export type CountryOf = () => string | undefined

const unknownCountry: CountryOf = () => undefined

/** An ordered list of rules. */
export class RuleTable {
  /** Whether any of them looks at countries. */
  readonly asksCountry: boolean
  /** By the path's second character (0: there is none): the rules that may match, in order. */
  readonly #candidates: readonly (readonly Rule[])[]
  /** By rule, then by route. */
  readonly #routes = new Map<Rule, Map<Route, Route>>()
  /** By a route under a rule with a cookie, then by the route that others have. */
  readonly #shared = new Map<Route, Map<Route, Route>>()

  /** `routes`: all that a request may have. */
  constructor(
    readonly rules: readonly Rule[],
    routes: readonly Route[],
  ) {
    this.asksCountry = rules.some(({ match }) => match.countries !== undefined)
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
  match(view: RequestView, country = unknownCountry): Rule | undefined {
    return this.#find(view, () => true, country)
  }

  /**
   * A request's route as it is under its rule. Visitors with another cookie, or of another country, share what is stored, so the fields of requests
   * and answers are then those of the rule that they have: a cookie, which anybody can send, must not take them away.
   */
  under(rule: Rule, route: Route, view: RequestView): Route {
    const own = this.#ruled(rule, route)
    if (isForAll(rule) || own.bypass === everything) return own
    const other = this.#find(view, isForAll, unknownCountry)
    // Who is redirected sees nothing of what is stored, nor who goes past the cache.
    if (other?.action.kind !== 'change' || other.action.actions.bypass) return own
    const others = this.#ruled(other, route)
    let known = this.#shared.get(own)
    if (known === undefined) this.#shared.set(own, (known = new Map<Route, Route>()))
    let shared = known.get(others)
    if (shared === undefined) known.set(others, (shared = withFieldsOf(own, others)))
    return shared
  }

  #ruled(rule: Rule, route: Route): Route {
    return this.#routes.get(rule)?.get(route) ?? route
  }

  #find(view: RequestView, counts: (rule: Rule) => boolean, country: CountryOf): Rule | undefined {
    const { pathAndQuery } = view
    // NaN, where there is no second character, becomes 0.
    const second =
      (pathAndQuery.startsWith('//') ? patternPath(pathAndQuery) : pathAndQuery).charCodeAt(1) | 0
    const candidates = this.#candidates[second]
    // '*' is the server and no page (OPTIONS, RFC 9110 §9.3.7).
    if (candidates === undefined || candidates.length === 0 || pathAndQuery === '*') return undefined
    const path = patternPath(pathAndQuery)
    return candidates.find((rule) => counts(rule) && matches(rule.match, view, path, country))
  }
}

/** Whether all who ask for the same get it. */
const isForAll = ({ match }: Rule): boolean => match.cookie === undefined && match.countries === undefined

function matches(match: RuleMatch, view: RequestView, path: string, country: CountryOf): boolean {
  if (!match.path(path)) return false
  if (match.methods !== undefined && !match.methods.has(view.method)) return false
  if (match.hosts !== undefined && !match.hosts.some((host) => host(view.authority))) return false
  if (match.countries !== undefined) {
    const code = country()
    if (code === undefined || !match.countries.has(code)) return false
  }
  if (match.cookie === undefined) return true
  const cookie = view.get(fieldNumber.cookie)
  return cookie !== undefined && hasCookie(cookie, match.cookie)
}
