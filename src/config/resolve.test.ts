// From a configuration to a site, or to all that is wrong with it at once.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { openPolicy } from '../cache/policy.ts'
import { noBypass } from '../cube/y/route.ts'
import { edgeRows } from '../edge/settings.ts'
import { limitRows } from '../http1/limits.ts'
import { memoryRows } from '../store/memory/settings.ts'
import { defineConfig, http, type ConfigInput } from './define.ts'
import { formatProblem } from './problem.ts'
import { resolveSite } from './resolve.ts'
import type { Site } from './site.ts'

const around = {
  folder: '/site',
  fileExists: (path: string) => !path.includes('missing'),
  nowMs: () => 0,
  readFile: (path: string) => (path.includes('missing') ? undefined : Buffer.from(path)),
}

const site = (config: unknown): Site => {
  const resolved = resolveSite(config, around)
  if (resolved.kind === 'wrong') throw new Error(resolved.problems.map(formatProblem).join('\n'))
  return resolved.site
}

const problems = (config: unknown): readonly string[] => {
  const resolved = resolveSite(config, around)
  return resolved.kind === 'wrong' ? resolved.problems.map(formatProblem) : []
}

const services = { site: { origin: 'http://127.0.0.1:9000' } }
const withOrigin = (origin: unknown): unknown => ({ services: { site: { origin } } })
const withCache = (cache: unknown): unknown => ({ services, routes: [{ path: '/*', cache }] })

test('one service is enough: an open route takes every request', () => {
  const { routes, listen, edge } = site({ services })
  const route = routes.match('any', '/any')!
  expect(route.name).toBe('/*')
  expect(route.policy).toEqual(openPolicy)
  expect(route.bypass).toBe(noBypass)
  expect(route.ignoredCookie('_ga')).toBe(true)
  expect(route.ignoredCookie('session')).toBe(false)
  expect(listen).toEqual([{ scheme: 'http', hostname: '127.0.0.1', port: 8080 }])
  expect(edge.trust).toEqual([])
})

test('a whole configuration, typed', () => {
  const {
    listen,
    services: all,
    routes,
    tiers,
    limits,
    edge,
  } = site(
    defineConfig({
      listen: ['http://0.0.0.0:80', '[::1]:8080'],
      services: {
        site: { origin: http('http://127.0.0.1:9000', { connectionsMax: 10, connectTime: '250ms' }) },
        api: { origin: { http: 'https://api.internal', tls: { ca: 'ca.pem', servername: 'api' } } },
      },
      routes: [
        {
          path: '/api/*',
          host: ['a.example', 'b.example'],
          service: 'api',
          cache: {
            ttl: '1h',
            stale: '1d',
            browserTtl: 30,
            etag: 'v42',
            cookies: { ignore: ['theme', 'ab_*'] },
            bypass: { cookie: 'login_*', path: ['/api/live/*'], method: 'QUERY' },
          },
        },
        { path: '/*', service: 'site' },
      ],
      edge: { trust: ['loopback', '10.0.0.0/8', '::1'], drainTime: '5s' },
      limits: { headTime: 3 },
      tiers: { memory: '256MB' },
    }),
  )
  expect(listen.length).toBe(2)
  expect(all.map(({ service }) => service)).toEqual([
    { name: 'site', index: 0 },
    { name: 'api', index: 1 },
  ])
  expect(all[0]!.origin).toMatchObject({ kind: 'http', settings: { connectTime: 250 }, tls: undefined })
  expect(all[1]!.origin).toMatchObject({
    scheme: 'https',
    port: 443,
    tls: { ca: '/site/ca.pem', verify: true },
  })
  const route = routes.match('b.example', '/api/1')!
  expect(route.name).toBe('a.example,b.example/api/*')
  expect(route.service.name).toBe('api')
  expect(route.policy).toMatchObject({ ttlSeconds: 3600, staleSeconds: 86_400, browserTtlSeconds: 30 })
  expect(['theme', 'ab_1', '_ga', 'other'].map(route.ignoredCookie)).toEqual([true, true, true, false])
  expect(route.bypass.cookie?.('login_1')).toBe(true)
  expect(route.bypass.path?.('/api/live/x')).toBe(true)
  expect(route.bypass.method?.('GET')).toBe(false)
  expect(routes.match('c.example', '/api/1')?.service.name).toBe('site')
  expect(tiers.memory).toBe(256 << 20)
  expect(limits.headTime).toBe(3000)
  expect(edge.drainTime).toBe(5000)
})

test('cookies: keep hides none, drop hides all', () => {
  const kept = site(withCache({ cookies: 'keep' })).routes.match('', '/')!
  expect(kept.ignoredCookie('_ga')).toBe(false)
  const dropped = site(withCache({ cookies: 'drop' })).routes.match('', '/')!
  expect(dropped.ignoredCookie('session')).toBe(true)
  expect(dropped.policy.cookies).toBe('drop')
})

test('everything that is wrong is told at once, with its place, its value and what was expected', () => {
  expect(
    problems({
      listen: 'ftp://0.0.0.0:21',
      sevices: {},
      services: { site: { origin: './public', wokers: 2 } },
      routes: [
        { path: 'events', service: 'stie', cahce: {} },
        { path: '/*', cache: { ttl: '5 parsecs', cookies: 'dorp' } },
      ],
      edge: { trust: ['10.0.0.0/33'] },
      tiers: { memory: '1KB', redis: 'redis://10.0.0.9' },
    }),
  ).toEqual([
    "sevices = an object: no such setting; did you mean 'services'?",
    "services.site.wokers = 2: not available: only 'origin' and 'preset' can be set here",
    "services.site.origin = './public': expected the URL of an HTTP application such as 'http://127.0.0.1:9000', without a path; a folder is written as { php: './public' } or { files: './public' }",
    "listen = 'ftp://0.0.0.0:21': expected an address such as 'http://0.0.0.0:80', 'https://0.0.0.0:443' or '127.0.0.1:8080'",
    "routes[0].cahce = an object: no such setting; did you mean 'cache'?",
    "routes[0].path = 'events': must start with '/' or '*'",
    "routes[0].service = 'stie': expected the name of a service: 'site'; did you mean 'site'?",
    "routes[1].cache.ttl = '5 parsecs': expected a duration such as '10s' or '1h', from 1s to 365d",
    "routes[1].cache.cookies = 'dorp': expected 'keep' or 'drop'; did you mean 'drop'?",
    "edge.trust = a list of 1: expected addresses or ranges such as '10.0.0.0/8', 'loopback' or 'private'",
    "tiers.redis = 'redis://10.0.0.9': not available: only 'memory', 'memoryObject' and 'guard' can be set here",
    "tiers.memory = '1KB': expected a size such as '8KB' or '128MB', from 1MB to 1TB",
  ])
})

test('override needs a ttl and dropped cookies, and says so', () => {
  expect(problems(withCache({ override: true }))).toEqual([
    "routes[0].cache.override: needs cookies: 'drop' beside it",
    "routes[0].cache.override: needs a 'ttl' beside it",
  ])
  expect(problems(withCache({ override: true, ttl: '1m', cookies: 'keep' }))).toEqual([
    "routes[0].cache.override: needs cookies: 'drop' beside it",
  ])
  expect(
    site(withCache({ override: true, ttl: '1m', cookies: 'drop' })).routes.match('', '/')!.policy.override,
  ).toBe(true)
})

test('a misspelt word does not cause a second complaint', () => {
  expect(problems(withCache({ override: true, ttl: '1m', cookies: 'dorp' })).length).toBe(1)
})

test('a route that can never be reached is told', () => {
  expect(problems({ services, routes: [{ path: '/*' }, { path: '/a' }] })).toEqual([
    'routes[1]: never reached: routes[0] takes every request before it',
  ])
})

test('several services need routes that name them', () => {
  const two = { a: { origin: 'http://a' }, b: { origin: 'http://b' } }
  expect(problems({ services: two })).toEqual(['routes: missing: needed where there are several services'])
  expect(problems({ services: two, routes: [{ path: '/*' }] })).toEqual([
    "routes[0].service: missing: expected one of 'a' or 'b'",
  ])
})

test('a service with a wrong origin may still be named by routes', () => {
  const two = { a: { origin: 'nowhere' }, b: { origin: 'http://b' } }
  expect(problems({ services: two, routes: [{ path: '/*', service: 'a' }] }).length).toBe(1)
})

test('TLS settings belong to https, client certificates to their keys, and files exist', () => {
  expect(problems(withOrigin({ http: 'http://a', tls: {} }))).toEqual([
    'services.site.origin.tls: needs an https:// URL',
  ])
  expect(problems(withOrigin({ http: 'http://a', host: 'b c' }))).toEqual([
    "services.site.origin.host = 'b c': expected a host, with a port or without, such as 'shop.example'",
  ])
  expect(problems(withOrigin({ http: 'http://a', host: 'b.example:8080' }))).toEqual([])
  expect(problems(withOrigin({ http: 'https://a', tls: { cert: 'c.pem' } }))).toEqual([
    "services.site.origin.tls: 'cert' and 'key' go together: set both or neither",
  ])
  expect(problems(withOrigin({ http: 'https://a', tls: { ca: 'missing.pem' } }))).toEqual([
    "services.site.origin.tls.ca = 'missing.pem': no such file",
  ])
})

test('the password of a URL is not told', () => {
  const told = problems({ services: { site: { origin: 'http://user:secret@a' } } }).join()
  expect(told).toContain('***@a')
  expect(told).not.toContain('secret')
})

test('an entity tag and the names of cookies and methods are checked', () => {
  expect(
    problems(withCache({ etag: '"v1"', cookies: { ignore: 'a b' }, bypass: { method: 'GET /' } })).length,
  ).toBe(3)
})

test('a site is frozen', () => {
  const frozen = site({ services })
  expect(() => Object.assign(frozen.edge, { idleTime: 1 })).toThrow()
  expect(() => Object.assign(frozen.routes.routes[0]!.policy, { override: true })).toThrow()
})

test('every default is accepted when it is written out', () => {
  for (const [section, rows] of Object.entries({ edge: edgeRows, limits: limitRows, tiers: memoryRows })) {
    const written = Object.fromEntries(
      Object.entries(rows).map(([name, row]) => [
        name,
        row.kind === 'durationMs' ? `${Number(row.default)}ms` : row.default,
      ]),
    )
    expect(problems({ services, [section]: written })).toEqual([])
  }
})

/** The value at a path such as 'routes[1].cache.ttl', if there is one. */
function reachable(value: unknown, path: string): boolean {
  const keys = [...path.matchAll(/\[("(?:[^"\\]|\\.)*"|\d+)\]|([^.[\]]+)/g)].map((part) =>
    part[1] === undefined ? part[2]! : String(JSON.parse(part[1])),
  )
  // The last part may be what is missing.
  return keys.slice(0, -1).every((key) => {
    const inner = Object(value) as Record<string, unknown>
    if (!Object.hasOwn(inner, key)) return false
    value = inner[key]
    return true
  })
}

test('any JSON value in: a site or problems with reachable paths out, and never an exception', () => {
  const anything = fc.jsonValue({ maxDepth: 4 })
  const section = (names: readonly string[]) =>
    fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 8 })), anything, { maxKeys: 4 })
  const cache = fc.oneof(
    anything,
    section(['ttl', 'override', 'cookies', 'etag', 'bypass', 'stale', '__proto__']),
  )
  const route = fc.oneof(
    anything,
    fc.record(
      { path: fc.oneof(anything, fc.constant('/*')), service: anything, cache },
      { requiredKeys: [] },
    ),
  )
  const config = fc.oneof(
    anything,
    fc.record(
      {
        listen: anything,
        services: fc.oneof(
          anything,
          fc.dictionary(
            fc.string(),
            fc.record({ origin: fc.oneof(anything, section(['http', 'tls', 'queueMax'])) }),
          ),
        ),
        routes: fc.oneof(anything, fc.array(route, { maxLength: 3 })),
        edge: fc.oneof(anything, section(Object.keys(edgeRows))),
        limits: fc.oneof(anything, section(Object.keys(limitRows))),
        tiers: anything,
      },
      { requiredKeys: [] },
    ),
  )
  fc.assert(
    fc.property(config, (value) => {
      const resolved = resolveSite(value, around)
      if (resolved.kind === 'site') return
      expect(resolved.problems.length).toBeGreaterThan(0)
      for (const problem of resolved.problems) {
        expect(problem.expected).not.toBe('')
        expect(formatProblem(problem)).not.toContain('\n')
      }
    }),
    { numRuns: 500 },
  )
})

test('the path of a problem leads to its value', () => {
  const valid: ConfigInput = {
    services,
    routes: [{ path: '/a' }, { path: '/*', cache: { ttl: '1s' } }],
    edge: {},
  }
  const places = fc.constantFrom(
    ['edge', 'idleTime'],
    ['limits', 'headTime'],
    ['tiers', 'memory'],
    ['routes', 1, 'cache', 'ttl'],
    ['routes', 0, 'path'],
    ['services', 'site', 'origin'],
    ['services', 'a b', 'origin'],
  )
  fc.assert(
    fc.property(places, fc.jsonValue({ maxDepth: 1 }), (place, bad) => {
      const config = structuredClone(valid) as unknown as Record<string, unknown>
      let inner = config
      for (const key of place.slice(0, -1)) inner = (inner[key] ??= {}) as Record<string, unknown>
      inner[place.at(-1)!] = bad
      const resolved = resolveSite(config, around)
      if (resolved.kind === 'wrong')
        for (const { path } of resolved.problems)
          expect([path, reachable(config, path)]).toEqual([path, true])
    }),
  )
})

test('a file of bans is read before anybody is served, and found wrong by its line', () => {
  const withBans = (text: string) =>
    resolveSite({ services, edge: { banFile: 'bans.txt' } }, { ...around, readFile: () => Buffer.from(text) })
  const good = withBans('192.0.2.1\n2001:db8::/32 # a network\n')
  expect(good.kind === 'site' && good.site.edge.banFile).toBe('/site/bans.txt')
  const wrong = withBans('192.0.2.1\nexample.com\n')
  expect(wrong.kind === 'wrong' && wrong.problems.map(formatProblem)).toEqual([
    "edge.banFile = 'bans.txt': line 2: expected an address or a range such as '192.0.2.0/24', not 'example.com'",
  ])
  expect(problems({ services, edge: { banFile: 'missing.txt' } })).toEqual([
    "edge.banFile = 'missing.txt': no such file",
  ])
})

test('a rule that looks at countries needs their data', () => {
  const config = { services, rules: [{ country: 'DE', bypass: true }] }
  expect(site(config).edge.countryData).toBe('/site/node_modules/@ip-location-db/asn-country')
  const missing = { ...config, edge: { countryData: './missing' } }
  expect(problems(missing)).toEqual([
    "edge.countryData: missing: a rule looks at 'country', and /site/missing does not hold 'asn-country-ipv4.csv' and 'asn-country-ipv6.csv'; npm install @ip-location-db/asn-country in the folder of the configuration, or name the folder that has them",
  ])
  expect(problems({ ...missing, rules: [] })).toEqual([])
})
