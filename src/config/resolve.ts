// From whatever a configuration file holds to a Site, or to everything that is wrong with it.
import { join } from 'node:path'
import { optionalInteger, texts } from '../base/setting.ts'
import { RuleTable } from '../cube/y/rule-table.ts'
import { RouteTable } from '../cube/y/table.ts'
import { purgeRows, type ListenAddress } from '../edge/settings.ts'
import { limitRows } from '../http1/limits.ts'
import { memoryRows } from '../store/memory/settings.ts'
import type { Service } from '../cube/y/route.ts'
import { listenExpected, originExpected, parseListen } from './address.ts'
import { Report, type Problem } from './problem.ts'
import {
  member,
  memberOf,
  members,
  readRow,
  readRows,
  readSection,
  refuseUnknown,
  type Found,
} from './read.ts'
import { readAcme } from './read-acme.ts'
import { readEdge, requireCountries } from './read-edge.ts'
import { readLog } from './read-log.ts'
import { readOrigin, type Surroundings } from './read-origin.ts'
import { readRoutes } from './read-route.ts'
import { readRules } from './read-rule.ts'
import { readTls } from './read-tls.ts'
import { withRows } from './presets/defaults.ts'
import { presetRows, type Preset } from './presets/preset.ts'
import { presets } from './presets/presets.ts'
import type { OriginConfig, Site, SiteService } from './site.ts'

export type Resolved =
  | { readonly kind: 'site'; readonly site: Site }
  | { readonly kind: 'wrong'; readonly problems: readonly Problem[] }

const names = [
  'listen',
  'processes',
  'services',
  'routes',
  'rules',
  'tls',
  'edge',
  'purge',
  'limits',
  'log',
  'tiers',
]

export const siteRows = {
  listen: texts(
    ['http://127.0.0.1:8080'],
    "Where to listen, such as 'http://0.0.0.0:80', 'https://0.0.0.0:443' or 'http://[::1]:8080'; port 0 takes a free one.",
  ),
  processes: optionalInteger(
    'How many processes serve; unset: one for each core. They share the memory budget and the limits of connections between them. 1 does without a supervisor.',
    { min: 1, max: 256 },
  ),
}

interface NamedService {
  readonly service: Service
  readonly origin: OriginConfig | undefined
  readonly preset: Preset | undefined
  /** As it stands in the configuration. */
  readonly written: unknown
}

/** Validates a configuration and resolves it; never throws, whatever the value. */
export function resolveSite(value: unknown, around: Surroundings): Resolved {
  const report = new Report()
  const root: Found = { value, path: '', report }
  const all = members(root, "an object with 'services'")
  if (all === undefined) return { kind: 'wrong', problems: report.problems }
  refuseUnknown(all, names)
  const at = (name: string): Found => memberOf(all, root, name)
  const services = readServices(at('services'), around)
  const listen = readListen(at('listen'))
  const limits = readSection(limitRows, at('limits'))
  const routes = new RouteTable(
    freeze(readRoutes(routesOf(at('routes'), services), services, at('rules').value, limits.bodyBytes)),
  )
  const rules = readRules(at('rules'), around)
  const edge = readEdge(at('edge'), around)
  if (rules.some(({ match }) => match.countries !== undefined)) requireCountries(edge, at('edge'), around)
  const site: Site = {
    listen,
    acme: readAcme(acmeOf(at('tls')), all.get('routes')?.value, around),
    processes: readOptional(at('processes')),
    services: services.flatMap(({ service, origin, preset }) =>
      origin === undefined ? [] : [{ service, origin, preset } satisfies SiteService],
    ),
    routes,
    rules: rules.length === 0 ? undefined : new RuleTable(rules, routes.routes),
    tls: readTls(at('tls'), around),
    edge,
    purge: readSection(purgeRows, at('purge')),
    // The reader does not know routes: it lets through what any of them takes.
    limits: { ...limits, bodyBytes: Math.max(...routes.routes.map((route) => route.bodyBytesMax)) },
    log: readLog(at('log'), around),
    tiers: readSection(memoryRows, at('tiers')),
  }
  return report.problems.length === 0
    ? { kind: 'site', site: freeze(site) }
    : { kind: 'wrong', problems: report.problems }
}

/** What is wrong with `tls` itself, `readTls` tells. */
function acmeOf(tls: Found): Found {
  const { value } = tls
  const acme = typeof value === 'object' && value !== null && 'acme' in value ? value.acme : undefined
  return member(tls, 'acme', acme)
}

function readListen(found: Found): readonly ListenAddress[] {
  const written = found.value === undefined ? siteRows.listen.default : readRow(siteRows.listen, found)
  if (written.length === 0) found.report.amiss(found.path, listenExpected)
  return written.flatMap((text) => {
    const address = parseListen(text)
    if (address === undefined) found.report.wrong(found.path, text, listenExpected)
    return address ?? []
  })
}

const readOptional = (found: Found): number | undefined =>
  found.value === undefined ? undefined : readRow(siteRows.processes, found)

/** Without routes, every request goes to the only service. */
function routesOf(found: Found, services: readonly NamedService[]): Found {
  if (found.value !== undefined) return found
  if (services.length > 1) found.report.amiss(found.path, 'missing: needed where there are several services')
  return { ...found, value: [{ path: '/*', service: services[0]?.service.name }] }
}

/** The services that were named; one without an origin has a problem, but routes may name it. */
function readServices(found: Found, around: Surroundings): readonly NamedService[] {
  if (found.value === undefined) {
    found.report.amiss(
      found.path,
      "missing: expected the applications by name, such as { site: { origin: 'http://127.0.0.1:9000' } }",
    )
    return []
  }
  const all = members(found, 'an object with a service for each name')
  if (all?.size === 0) found.report.amiss(found.path, 'expected at least one service')
  const read: NamedService[] = []
  for (const [name, inner] of all ?? []) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))
      found.report.amiss(inner.path, "the name of a service has letters, digits, '-' and '_'")
    read.push({ service: { name, index: read.length }, written: inner.value, ...readService(inner, around) })
  }
  return read
}

function readService(found: Found, around: Surroundings): Omit<NamedService, 'service' | 'written'> {
  const all = members(found, "an object with 'origin'")
  if (all === undefined) return { origin: undefined, preset: undefined }
  refuseUnknown(all, ['origin', ...Object.keys(presetRows)])
  const { preset: name } = readRows(presetRows, all, found)
  const preset = presets.find((known) => known.name === name)
  const origin = memberOf(all, found, 'origin')
  if (origin.value === undefined) {
    found.report.amiss(origin.path, `missing: ${originExpected}`)
    return { origin: undefined, preset }
  }
  return { origin: readOrigin(withPreset(origin, preset), around), preset }
}

/** What a preset says about an origin is about a folder: its scripts, where they are executed, and its files. */
function withPreset(origin: Found, preset: Preset | undefined): Found {
  const { value } = origin
  if (typeof value !== 'object' || value === null || preset === undefined) return origin
  const isPhp = 'php' in value
  const folder = isPhp ? value.php : 'files' in value ? value.files : undefined
  if (folder === undefined) return origin
  const rows = preset.origin
    .filter(({ setting }) => isPhp || setting !== 'noExec')
    .map((row) =>
      row.setting === 'linkTargets' && typeof folder === 'string'
        ? { ...row, value: [row.value].flat().map((path) => join(folder, String(path))) }
        : row,
    )
  return { ...origin, value: withRows(value, rows) }
}

/** A site is never changed: a new configuration is a new site. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  Object.values(value).forEach(freeze)
  return value
}
