// Reads `tls.acme`: whether names, challenge and hook go together, and what is taken from the rest of the configuration.
import { isAbsolute, join } from 'node:path'
import { isCertifiable } from '../edge/acme/names.ts'
import { acmeRows, directoryUrl, type AcmeConfig } from '../edge/acme/settings.ts'
import type { Surroundings } from './read-origin.ts'
import { memberOf, members, readRows, refuseUnknown, type Found } from './read.ts'

/** The section; undefined when there is none. `routes` is what is written there, right or wrong. */
export function readAcme(found: Found, routes: unknown, around: Surroundings): AcmeConfig | undefined {
  if (found.value === undefined) return undefined
  const all = members(found, "an object with 'email'")
  if (all === undefined) return undefined
  refuseUnknown(all, Object.keys(acmeRows))
  const settings = readRows(acmeRows, all, found)
  const at = (name: string): Found => memberOf(all, found, name)
  const { report } = found
  if (settings.email !== '' && !/^[^\s@,?]+@[^\s@,?]+$/.test(settings.email))
    report.wrong(at('email').path, settings.email, "expected an address such as 'admin@example.com'")
  const directory = directoryUrl(settings.directory)
  if (!/^https:\/\//i.test(directory) || !URL.canParse(directory))
    report.wrong(at('directory').path, settings.directory, "expected an https:// URL or 'staging'")
  const byRecord = settings.challenge === 'dns-01'
  if (byRecord && settings.dnsHook.length === 0)
    report.amiss(at('dnsHook').path, "missing: 'dns-01' needs the program that sets TXT records")
  if (!byRecord && settings.dnsHook.length > 0)
    report.amiss(at('dnsHook').path, "has no use without challenge 'dns-01'")
  const names = (settings.names.length === 0 ? hostsOf(routes, byRecord) : settings.names).map((name) =>
    name.toLowerCase(),
  )
  for (const name of names) {
    if (!isCertifiable(name))
      report.wrong(at('names').path, name, "expected a name such as 'www.example.com'")
    else if (name.startsWith('*.') && !byRecord)
      report.wrong(at('names').path, name, "only challenge 'dns-01' proves a name with '*'")
  }
  const onDemand = settings.onDemand.map((pattern) => pattern.toLowerCase())
  for (const pattern of onDemand)
    if (!isCertifiable(pattern))
      report.wrong(
        at('onDemand').path,
        pattern,
        "expected a name such as 'www.example.com' or '*.example.com'",
      )
  if (names.length === 0 && onDemand.length === 0)
    report.amiss(at('names').path, "missing: no route names a host, so expected names such as 'example.com'")
  return {
    ...settings,
    names: [...new Set(names)],
    onDemand,
    directory,
    ca: fileOf(settings.ca, at('ca'), around),
    folder: settings.folder === undefined ? undefined : absolute(settings.folder, around),
  }
}

/** The hosts that routes name and that can be certified: no addresses or bare words, and patterns only by record. */
function hostsOf(routes: unknown, byRecord: boolean): readonly string[] {
  if (!Array.isArray(routes)) return []
  return routes
    .flatMap((route: unknown) => (route as { host?: unknown } | null)?.host ?? [])
    .filter((host): host is string => typeof host === 'string')
    .map((host) => host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, ''))
    .filter((host) => isCertifiable(host) && (byRecord || !host.startsWith('*.')))
}

function fileOf(path: string | undefined, found: Found, around: Surroundings): string | undefined {
  if (path === undefined) return undefined
  const file = absolute(path, around)
  if (!around.fileExists(file)) found.report.wrong(found.path, path, 'no such file')
  return file
}

const absolute = (path: string, around: Surroundings): string =>
  isAbsolute(path) ? path : join(around.folder, path)
