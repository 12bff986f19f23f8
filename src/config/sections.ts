// All settings with their places in a configuration, in the order of the manual.
import type { SettingRows } from '../base/setting.ts'
import { cacheRows, cookieRows } from '../cache/settings.ts'
import { redirectRows, requestChangeRows, responseChangeRows, ruleRows } from '../cube/y/rule-settings.ts'
import { bypassRows, rateRows, routeRows } from '../cube/y/settings.ts'
import { acmeRows } from '../edge/acme/settings.ts'
import { edgeRows, purgeRows } from '../edge/settings.ts'
import { certificateRows, tlsRows } from '../edge/tls-settings.ts'
import { limitRows } from '../http1/limits.ts'
import { logRows } from '../logs/settings.ts'
import { filesRows } from '../origin/files/settings.ts'
import { httpOriginRows, tlsOriginRows } from '../origin/http/settings.ts'
import { phpRows } from './read-folder.ts'
import { presetRows } from './presets/preset.ts'
import { memoryRows } from '../store/memory/settings.ts'
import { siteRows } from './resolve.ts'

/** The settings of one place. */
export interface Section {
  /** Where its settings stand: 'routes[].cache'; '' at the top. */
  readonly path: string
  readonly text: string
  readonly rows: SettingRows
}

export const sections: readonly Section[] = [
  { path: '', text: 'At the top of the configuration, beside the sections below.', rows: siteRows },
  {
    path: 'tls.acme',
    text: "Certificates from an authority that speaks ACME (RFC 8555), such as Let's Encrypt: got, kept and renewed. See [certificates](certificates.md).",
    rows: acmeRows,
  },
  {
    path: 'services.NAME.origin',
    text: "Where the application of a service is: its URL, `http('http://127.0.0.1:9000')` or `{ http: 'http://127.0.0.1:9000' }`; the latter two take these settings. The URL is `http://` or `https://`, without a path.",
    rows: httpOriginRows,
  },
  {
    path: 'services.NAME.origin.tls',
    text: 'TLS towards an `https://` origin.',
    rows: tlsOriginRows,
  },
  {
    path: 'services.NAME.origin: php',
    text: "A folder with PHP in it: `php('./public')` or `{ php: './public' }`, both with these settings. What is no script, and no file, is answered by the front controller.",
    rows: phpRows,
  },
  {
    path: 'services.NAME.origin: files',
    text: "A folder of files: `files('./public')` or `{ files: './public' }`, both with these settings.",
    rows: filesRows,
  },
  { path: 'services.NAME', text: 'Beside `origin`.', rows: presetRows },
  {
    path: 'routes[]',
    text: 'Which requests go to which service. The first route that matches wins; without `routes`, every request goes to the only service.',
    rows: routeRows,
  },
  {
    path: 'routes[].rate',
    text: 'How many requests one visitor may make; an object, or a list of them that all hold. See [limits](limits.md#rates).',
    rows: rateRows,
  },
  {
    path: 'routes[].cache',
    text: 'How the route uses the cache. Without it: as HTTP says (RFC 9111), safe for any application.',
    rows: cacheRows,
  },
  {
    path: 'routes[].cache.cookies',
    text: '`cookies` may be one of its words, or an object with this setting.',
    rows: cookieRows,
  },
  {
    path: 'routes[].cache.bypass',
    text: 'Requests that go past the cache, straight to the application.',
    rows: bypassRows,
  },
  {
    path: 'rules[]',
    text: 'Page rules: what becomes of some requests, whatever their route says. The first that matches is taken, and no other. `errors` holds pages by status. See [page rules](rules.md).',
    rows: ruleRows,
  },
  {
    path: 'rules[].redirect',
    text: '`redirect` may be a target alone, or an object with these settings.',
    rows: redirectRows,
  },
  {
    path: 'rules[].request',
    text: 'Header fields on their way to the application. `set` is an object of names and values, beside this setting.',
    rows: requestChangeRows,
  },
  {
    path: 'rules[].response',
    text: 'Header fields on their way to visitors. `set` is an object of names and values, beside this setting.',
    rows: responseChangeRows,
  },
  {
    path: 'tls',
    text: 'The listeners that speak TLS: the `https://` addresses of `listen`. `certificates` is a list of certificates with their keys. See [TLS](tls.md).',
    rows: tlsRows,
  },
  {
    path: 'tls.certificates[]',
    text: 'Certificates by the names that they are for; the first is shown where no name fits. Without any, one for localhost is made, of which browsers warn.',
    rows: certificateRows,
  },
  { path: 'edge', text: 'The listeners.', rows: edgeRows },
  { path: 'purge', text: 'Who may empty the cache by the method `PURGE`.', rows: purgeRows },
  { path: 'limits', text: 'How large and how slow a request may be.', rows: limitRows },
  {
    path: 'log',
    text: 'The access log, which is off unless it is asked for, and the error log. See [logs](logs.md).',
    rows: logRows,
  },
  { path: 'tiers', text: 'Where responses are stored.', rows: memoryRows },
]
