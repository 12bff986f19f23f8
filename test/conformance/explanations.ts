// Why Myriad loses a test of the public suite, by the test's id: each is a decision, not a gap. The report prints them
// beside the test. All but the first are lost with the defaults only.

const staleOnDisconnect =
  'stands on stale-close, which wants a stale response when the origin is away though nothing in the response allows that: `staleOnDisconnect` does it, and is off unless the owner asks for it (RFC 9111 §4.2.4 permits both). What this test itself forbids is not done either way.'

/** Test id → the reason, in one sentence or two. */
export const explanations: ReadonlyMap<string, string> = new Map([
  [
    'conditional-lm-fresh-no-lm',
    'the stored response has no Last-Modified and a Date after the If-Modified-Since of the request. RFC 9111 §4.3.2 has the Date stand in, so the copy of the visitor may be older than what is stored: he gets the whole response.',
  ],
  ['stale-close-must-revalidate', staleOnDisconnect],
  ['stale-close-proxy-revalidate', staleOnDisconnect],
  ['stale-close-no-cache', staleOnDisconnect],
  ['stale-close-s-maxage=2', staleOnDisconnect],
  [
    'headers-store-Set-Cookie',
    'a response that sets a cookie is not stored unless `storeSetCookie` says so: a shared session is worse than a lost hit.',
  ],
  ['headers-store-Set-Cookie2', 'as with Set-Cookie: not stored unless `storeSetCookie` says so.'],
  ['other-set-cookie', 'as with headers-store-Set-Cookie: not stored unless `storeSetCookie` says so.'],
  [
    'other-cookie',
    'a request with cookies shares only what is explicitly shareable (public, s-maxage, targeted control): sites recognise their visitors by cookies without saying `Vary: Cookie`.',
  ],
  [
    'headers-store-Transfer-Encoding',
    'the origin sends a transfer coding that is not known; that is 502 unless `lenientCodings` reads it as a body that ends with the connection (RFC 9112 §6.1).',
  ],
])
