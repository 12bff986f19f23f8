// Settings of page rules (the list `rules` of the configuration).
import { boolean, integer, optionalDuration, requiredText, texts } from '../../base/setting.ts'

const yearMs = 365 * 86_400_000

export const ruleRows = {
  path: texts(['/*'], 'Paths that the rule takes; patterns as in `path` of a route.'),
  host: texts([], 'Hosts that the rule takes, all by default; patterns as in `host` of a route.'),
  cookie: texts(
    [],
    "Only requests with a cookie of one of these names, '*' as in 'wordpress_logged_in_*'; those that the route ignores count too.",
  ),
  method: texts([], "Only requests with these methods; 'GET' takes HEAD along."),
  country: texts(
    [],
    "Only requests from these countries, by two letters as in 'DE'. Needs the data of `edge.countryData`.",
  ),
  ttl: optionalDuration("In place of the route's `ttl`.", { min: 1000, max: yearMs }),
  bypass: boolean(false, 'Past the cache, straight to the application.'),
}

export const redirectRows = {
  to: requiredText(
    "A path or an `http://` or `https://` URL, with `:name`, `*` and `$path` from the request's path. The query goes along where the target has none.",
  ),
  status: integer(
    302,
    '301 or 308: for good, and kept by browsers; 302 or 307: for now. With 307 and 308 the method stays.',
    {
      min: 301,
      max: 308,
    },
  ),
}

export const requestChangeRows = {
  remove: texts([], 'Header fields that the application does not get.'),
}

export const responseChangeRows = {
  remove: texts([], 'Header fields that visitors do not get.'),
}
