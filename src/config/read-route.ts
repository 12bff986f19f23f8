// Reads `routes`: compiles each route into what a request asks of it.
import { hostMatcher, pathMatcher } from '../cube/y/pattern.ts'
import type { Service } from '../cube/y/route.ts'
import { routeRows } from '../cube/y/settings.ts'
import { everyPath, type RouteRow } from '../cube/y/table.ts'
import { withRows } from './presets/defaults.ts'
import type { Preset } from './presets/preset.ts'
import { compiled, readCache } from './read-cache.ts'
import { readRates } from './read-rate.ts'
import { routeMark } from './route-mark.ts'
import { listed, member, memberOf, members, readRows, refuseUnknown, type Found } from './read.ts'
import { nearest } from './spelling.ts'

const routeNames = [...Object.keys(routeRows), 'rate', 'cache']

/** A service as routes see it. */
interface RoutedService {
  readonly service: Service
  readonly preset: Preset | undefined
  /** As it stands in the configuration. */
  readonly written: unknown
}

/**
 * The routes in order; what is wrong with one is reported, and the route left out. `rules`: the page rules as they stand
 * in the configuration. `bodyBytesMax`: for those that do not say.
 */
export function readRoutes(
  found: Found,
  services: readonly RoutedService[],
  rules: unknown,
  bodyBytesMax: number,
): readonly RouteRow[] {
  if (!Array.isArray(found.value)) {
    found.report.wrong(found.path, found.value, 'expected a list of routes')
    return []
  }
  if (found.value.length === 0) found.report.amiss(found.path, 'expected at least one route')
  const rows: RouteRow[] = []
  let catchAll: string | undefined
  let rates = 0
  for (const [i, value] of found.value.entries()) {
    const route = member(found, i, value)
    if (catchAll !== undefined) {
      found.report.amiss(route.path, `never reached: ${catchAll} takes every request before it`)
      catchAll = undefined
    }
    const row = readRoute(route, services, rules, bodyBytesMax, rates)
    if (row === undefined) continue
    rates += (row.route.rates?.every.length ?? 0) + (row.route.rates?.misses.length ?? 0)
    rows.push(row)
    if (row.path === everyPath && row.hosts === undefined) catchAll = route.path
  }
  return rows
}

function readRoute(
  found: Found,
  services: readonly RoutedService[],
  rules: unknown,
  bodyBytesMax: number,
  ratesBefore: number,
): RouteRow | undefined {
  const all = members(found, "an object with 'path', 'service' and 'cache'")
  if (all === undefined) return undefined
  refuseUnknown(all, routeNames)
  const settings = readRows(routeRows, all, found)
  const path =
    settings.path === '' ? undefined : compiled(memberOf(all, found, 'path'), settings.path, pathMatcher)
  const hosts = settings.host.map((host) => compiled(memberOf(all, found, 'host'), host, hostMatcher))
  const service = readService(
    memberOf(all, found, 'service'),
    settings.service,
    services.map((each) => each.service),
  )
  const rows = services.find((each) => each.service === service)?.preset?.cache ?? []
  const written = memberOf(all, found, 'cache')
  const cache = readCache({ ...written, value: withRows(written.value, rows) })
  const rates = readRates(memberOf(all, found, 'rate'), ratesBefore)
  if (path === undefined || service === undefined || hosts.includes(undefined)) return undefined
  return {
    hosts: hosts.length === 0 ? undefined : hosts.filter((host) => host !== undefined),
    path: settings.path === '/*' || settings.path === '*' ? everyPath : path,
    route: {
      name: `${settings.host.join(',')}${settings.path}`,
      service,
      rates,
      bodyBytesMax: settings.bodyBytes ?? bodyBytesMax,
      rule: undefined,
      mark: routeMark(found.value, services.find((each) => each.service === service)?.written, rules),
      ...cache,
    },
  }
}

function readService(
  found: Found,
  name: string | undefined,
  services: readonly Service[],
): Service | undefined {
  if (name === undefined) {
    if (found.value !== undefined) return undefined
    if (services.length > 1)
      found.report.amiss(found.path, `missing: expected one of ${listed(names(services), 'or')}`)
    return services.length === 1 ? services[0] : undefined
  }
  const service = services.find((candidate) => candidate.name === name)
  if (service === undefined && services.length > 0) {
    const near = nearest(name, names(services))
    found.report.wrong(
      found.path,
      name,
      `expected the name of a service: ${listed(names(services), 'or')}`,
      near,
    )
  }
  return service
}

const names = (services: readonly Service[]): string[] => services.map((service) => service.name)
