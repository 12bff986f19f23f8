// Settings of a route: which requests it takes, how many of them, and which go past the cache (the list `routes` of the
// configuration, and the sections `rate` and `cache.bypass` of a route).
import {
  boolean,
  duration,
  optionalBytes,
  optionalInteger,
  optionalText,
  requiredInteger,
  requiredText,
  texts,
} from '../../base/setting.ts'

export const routeRows = {
  path: requiredText(
    "Paths that the route takes: '/events' alone, '/events/*' everything below, '/accounts/:surname/*' any one segment, '*.jpg' every path that ends so, '/*' all. The first route that matches wins.",
  ),
  host: texts(
    [],
    "Hosts that the route takes, all by default: 'example.com' on any port, 'example.com:8080', '*.example.com' for subdomains.",
  ),
  service: optionalText('Name of the service that answers; may be left out when there is only one.'),
  bodyBytes: optionalBytes(
    'The largest request body, in place of `limits.bodyBytes`; a larger one is answered with 413.',
    { min: 0 },
  ),
}

export const rateRows = {
  requests: requiredInteger('How many requests in each `per`; more are answered with 429.', {
    min: 1,
    max: 1_000_000,
  }),
  per: duration(1_000, 'The time for so many requests.', { min: 1_000, max: 86_400_000 }),
  burst: optionalInteger(
    'How many of them may come at once, after a time without requests; unset: as many as `requests`.',
    { min: 1, max: 1_000_000 },
  ),
  header: optionalText(
    "Counts by the value of this header field, such as 'X-Api-Key', and not by address; requests without it count for their address. Anybody can send any value: let another limit stand beside this one.",
  ),
  cookie: optionalText('Counts by the value of this cookie, likewise.'),
  hits: boolean(false, 'Counts requests that the cache answers, too.'),
}

export const bypassRows = {
  cookie: texts(
    [],
    "Requests with a cookie of such a name go past the cache; '*' as in 'wordpress_logged_in_*'.",
  ),
  path: texts([], 'Requests for such paths go past the cache; patterns as in `path` of a route.'),
  method: texts([], "Requests with such methods go past the cache, such as 'QUERY'."),
}
