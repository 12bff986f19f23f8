// Settings of a route: which requests it takes, and which of them go past the cache (the list `routes` of the
// configuration, and the section `cache.bypass` of a route).
import { optionalText, requiredText, texts } from '../../base/setting.ts'

export const routeRows = {
  path: requiredText(
    "Paths that the route takes: '/events' alone, '/events/*' everything below, '/accounts/:surname/*' any one segment, '*.jpg' every path that ends so, '/*' all. The first route that matches wins.",
  ),
  host: texts(
    [],
    "Hosts that the route takes, all by default: 'example.com' on any port, 'example.com:8080', '*.example.com' for subdomains.",
  ),
  service: optionalText('Name of the service that answers; may be left out when there is only one.'),
}

export const bypassRows = {
  cookie: texts(
    [],
    "Requests with a cookie of such a name go past the cache; '*' as in 'wordpress_logged_in_*'.",
  ),
  path: texts([], 'Requests for such paths go past the cache; patterns as in `path` of a route.'),
  method: texts([], "Requests with such methods go past the cache, such as 'QUERY'."),
}
