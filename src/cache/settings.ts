// Settings of the cache on a route (the section `cache` of a route). `policy.ts` has what is made from them. Every
// default is that of a route that nobody configured: plain RFC 9111.
import {
  boolean,
  optionalChoice,
  optionalDuration,
  optionalText,
  texts,
  type SettingsOf,
} from '../base/setting.ts'

const yearMs = 365 * 86_400_000

export const cacheRows = {
  ttl: optionalDuration(
    'Lifetime of responses that give none themselves, for requests without cookies or `Authorization`; else a tenth of their age (RFC 9111 §4.2.2).',
    { min: 1000, max: yearMs },
  ),
  override: boolean(
    false,
    "Lets `ttl` win over `no-store`, `private`, `no-cache` and the lifetimes of responses; needs `ttl` and `cookies: 'drop'`.",
  ),
  browserTtl: optionalDuration(
    '`max-age` that is told to browsers, apart from the lifetime here; 0 has them ask each time.',
    { min: 0, max: yearMs },
  ),
  stale: optionalDuration(
    'How long after its lifetime a response may be served while it is being revalidated, or because the origin fails, where it says nothing about it (RFC 5861).',
    { min: 0, max: yearMs },
  ),
  cookies: optionalChoice(
    ['keep', 'drop'],
    "'keep': cookies are the request's, those of analytics scripts too; 'drop': cookies reach neither the cache key nor the application, and `Set-Cookie` does not leave it, so that all visitors share; unset, or with `ignore`: as 'keep', but cookies of analytics scripts are hidden from the key and from the application.",
  ),
  ignore: texts(
    [],
    "'tracking': query parameters that campaigns add to links (`utm_*`, `gclid`, `fbclid` …) are hidden from the cache key and from the application alike.",
  ),
  etag: optionalText(
    'Gives every cacheable 200 this strong validator, such as the version of the site; without quotes.',
  ),
  staleOnDisconnect: boolean(
    false,
    'Serves a stale response when the origin cannot be reached, however old, unless it forbids that (RFC 9111 §4.2.4).',
  ),
  obeyRequestDirectives: boolean(
    false,
    "Obeys `Cache-Control` of requests: any visitor can then ask past the cache ('no-cache', 'max-age=0', 'no-store').",
  ),
  storeSetCookie: boolean(
    false,
    'Stores responses with `Set-Cookie` when they are explicitly shareable: visitors then share that cookie.',
  ),
}

/** `cache.cookies` as an object. */
export const cookieRows = {
  ignore: texts(
    [],
    "Names of further cookies that are hidden from the cache key and from the application alike; '*' stands for any run of characters.",
  ),
}

export type CacheSettings = SettingsOf<typeof cacheRows>
