// The other processes that answer for the same site, each with a cache of its own: what is dropped here has to be dropped
// there before anybody is told that it is gone.

/** What is to be dropped: what is stored under these keys, or everything. */
export type Drop =
  { readonly kind: 'keys'; readonly keys: readonly string[] } | { readonly kind: 'everything' }

/** The siblings of this process. */
export interface Siblings {
  /**
   * Has every sibling drop it, and forbid that what is being fetched for it at this moment is stored. Resolves when none
   * is left that could serve it, with how many stored responses are gone there; never rejects. Undefined: there are no
   * siblings, and nothing to wait for.
   */
  spread(drop: Drop): Promise<number> | undefined
}
