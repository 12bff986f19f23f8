// The closed list of reasons. Every response carries exactly one of them: in `Cache-Status` (RFC 9211 §2, as its
// `detail` parameter), in the request record, in `myriad check --explain` and in the counters. The sentence is what
// a person reads.

/** Reason → what it means. The order is the order in which the manual lists them. */
export const reasons = {
  // Answered without the origin.
  fresh: 'a stored response that is fresh',
  'stale-while-revalidate': 'a stored response that is stale, served while it is being revalidated',
  'stale-if-error': 'a stored response that is stale, served because the origin answered with an error',
  'stale-disconnected': 'a stored response that is stale, served because the origin could not be reached',
  'stale-allowed': 'a stored response that is stale, within the max-stale that the request allows',
  file: 'a file of the site, from the disk: nothing is gained by storing it',
  collapsed: 'streamed from a fetch that another request had started',
  'only-if-cached': 'the request asked for a stored response only, and there is none (504)',

  // The origin was asked, and the answer was (or could be) stored.
  miss: 'nothing was stored under this key',
  'vary-miss': 'responses are stored under this key, but none for these request fields (Vary)',
  stale: 'the stored response was stale and was not validated: the origin sent a new one',
  validated: 'the stored response was stale; the origin confirmed it (304)',
  'range-miss': 'the stored part does not hold the requested range',
  'request-no-cache': 'the request asked for validation, and this is obeyed here',
  'must-validate': 'the stored response says no-cache: it may be used only after validation',

  // The origin was asked, and the answer was not stored.
  method: 'the method is not cacheable',
  'bypass-rule': 'a page rule bypasses the cache',
  'bypass-path': 'the route bypasses the cache for this path',
  'bypass-cookie': 'the route bypasses the cache for a cookie of this request',
  'bypass-method': 'the route bypasses the cache for this method',
  'request-body': 'the request has a body, which is no part of the key',
  'if-match': 'the request has a precondition that only the origin can judge',
  'set-cookie': 'the response sets a cookie',
  'no-store': 'the response says no-store',
  private: 'the response says private',
  'request-no-store': 'the request says no-store',
  authorization: 'the request carries Authorization and the response is not explicitly shareable',
  cookies: 'the request carries cookies and the response is not explicitly shareable',
  'no-lifetime': 'the response gives no lifetime and no validator',
  'vary-any': 'the response varies on everything (Vary: *)',
  status: 'the status code is not cacheable',
  'not-understood': 'the response says must-understand and its status code is not known here',
  partial: 'the response is a part that cannot be stored',
  'too-large': 'the response is larger than an object may be',
  'body-too-large': 'the request body that belongs to the key is larger than it may be',
  incomplete: 'the response ended before it was complete',
  invalid: 'the response was not valid HTTP',

  // Answered by Myriad itself.
  'bad-request': 'the request was not valid HTTP',
  limit: 'the request exceeds a limit',
  'no-route': 'no route of the configuration takes this host and path',
  'rate-limit': 'the client has made as many requests as the route lets it make (429)',
  banned: 'the owner does not serve this address (403)',
  loop: 'the request has passed here before (CDN-Loop)',
  'origin-refused': 'the origin refused the connection',
  'origin-timeout': 'the origin did not answer in time',
  'origin-closed': 'the origin closed the connection before it answered',
  'origin-invalid': 'the origin answered with something that is not valid HTTP',
  'origin-busy': 'all connections to the origin are in use and the queue is full',
  'acme-challenge':
    'the certificate authority asked for the proof that this host is ours (/.well-known/acme-challenge/)',
  redirect: 'a page rule redirects',
  purge: 'the request emptied the cache of its URL (PURGE)',
  'purge-refused': 'the client may not empty the cache (PURGE, 403)',
  'max-forwards': 'the request was for this hop (OPTIONS with Max-Forwards: 0)',
  upgrade: 'the connection was handed to the origin (Upgrade)',
  draining: 'this process is shutting down',
} as const

/** Why a request was answered as it was. */
export type Reason = keyof typeof reasons
