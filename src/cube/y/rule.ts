// A page rule, compiled: what an owner says about some requests of the site, beside or against what their routes say. At
// most one rule is taken for a request. What changes the way of a request is compiled into a route of its own, so that
// everything behind this point asks the route alone.
import type { CachePolicy } from '../../cache/policy.ts'
import { openPolicy } from '../../cache/policy.ts'
import type { FieldChanges } from '../../http/field-changes.ts'
import type { Matcher } from './pattern.ts'
import { everything, type Route } from './route.ts'
import type { ErrorPages } from './rule-errors.ts'
import type { Redirect } from './rule-redirect.ts'

/** Which requests a rule takes: those that meet every condition. Undefined: any will do. */
export interface RuleMatch {
  readonly path: Matcher
  /** Where a path can begin to match, for the table: second characters, undefined for any. */
  readonly begins: readonly number[] | undefined
  readonly hosts: readonly Matcher[] | undefined
  readonly cookie: Matcher | undefined
  readonly methods: ReadonlySet<string> | undefined
  /** Countries of clients, by two letters. */
  readonly countries: ReadonlySet<string> | undefined
}

/** What a rule does where it does not redirect. */
export interface RuleActions {
  /** In place of the route's `ttl`. */
  readonly ttlSeconds: number | undefined
  /** Past the cache. */
  readonly bypass: boolean
  readonly request: FieldChanges | undefined
  readonly response: FieldChanges | undefined
  readonly errors: ErrorPages | undefined
}

/** One of the owner's rules. */
export interface Rule {
  /** Its place and its conditions, for explanations. */
  readonly name: string
  readonly match: RuleMatch
  readonly action:
    | { readonly kind: 'redirect'; readonly redirect: Redirect }
    | { readonly kind: 'change'; readonly actions: RuleActions }
}

/** What a route has from a rule and not from itself. */
export interface RuleEffect {
  /** For what goes past the cache: the owner then says nothing about the answer but this. */
  readonly passing: CachePolicy
  readonly request: FieldChanges | undefined
  readonly errors: ErrorPages | undefined
}

/** A route as it is under a rule. */
export function routeUnder(route: Route, actions: RuleActions): Route {
  const { ttlSeconds = route.policy.ttlSeconds, response, request, errors } = actions
  return {
    ...route,
    policy: { ...route.policy, ttlSeconds, response },
    bypass: actions.bypass ? everything : route.bypass,
    rule: { passing: { ...openPolicy, response }, request, errors },
  }
}

/** A route with the fields that another gives to requests and answers. */
export function withFieldsOf(route: Route, { policy, rule }: Route): Route {
  return {
    ...route,
    policy: { ...route.policy, response: policy.response },
    rule: route.rule && { ...route.rule, request: rule?.request },
  }
}
