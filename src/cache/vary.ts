// Variants of a stored response (RFC 9111 §4.1).
import type { RequestFacts } from './facts.ts'
import type { Stored } from './stored.ts'

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** The names that a Vary field lists, lower case, sorted, without Accept-Encoding; 'any' for '*'. */
export function varyNames(vary: string | undefined): readonly string[] | 'any' {
  return todo(vary)
}

/** The key of a request among the variants that these names tell apart; '' for no names. */
export function variantKey(names: readonly string[], facts: RequestFacts): string {
  return todo(names, facts)
}

/** The stored response that was made for such a request: the one with the latest Date (RFC 9111 §4.1). */
export function selectVariant<S extends Stored>(variants: readonly S[], facts: RequestFacts): S | undefined {
  return todo(variants, facts)
}
