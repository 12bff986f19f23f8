// What is asked of a running Myriad when its cache is to be emptied, and what it answers.

/** What is to be dropped. */
export type PurgeAsked = { readonly kind: 'all' } | { readonly kind: 'url'; readonly url: string }

/** What became of it: how many stored responses are gone, or why none are. */
export type PurgeOutcome =
  | { readonly kind: 'purged'; readonly responses: number }
  | { readonly kind: 'refused'; readonly error: string }

/** What stands in the body of the request; undefined when it is not that. */
export function readPurgeAsked(value: unknown): PurgeAsked | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined
  if (value.kind === 'all') return { kind: 'all' }
  if (value.kind !== 'url' || !('url' in value) || typeof value.url !== 'string') return undefined
  return { kind: 'url', url: value.url }
}
