// Trailer fields that may be passed on (RFC 9110 §6.5.1): none that frames a message, routes it, authenticates, or
// says how to process it, since a reader that merges trailers into the header would act on them after the fact.
import { endToEnd } from './hopbyhop.ts'
import type { Fields } from './fields.ts'

const forbidden = new Set([
  'age',
  'authorization',
  'cache-control',
  'cdn-cache-control',
  'cdn-loop',
  'cookie',
  'date',
  'expect',
  'expires',
  'forwarded',
  'host',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'vary',
  'via',
  'warning',
])

/** Prefixes of whole families: content-length and its like, preconditions, forwarding, authentication. */
const families = /^(content-|if-|x-forwarded-|proxy-|www-authenticate|authentication-)/

/** The trailers without those; undefined when none remain. `content-digest` may only be known at the end. */
export function passableTrailers(trailers: Fields | undefined): Fields | undefined {
  if (trailers === undefined) return undefined
  const passed = endToEnd(trailers)
  for (const key of new Set(passed.keys)) {
    if (forbidden.has(key) || (families.test(key) && key !== 'content-digest')) passed.delete(key)
  }
  return passed.length === 0 ? undefined : passed
}
