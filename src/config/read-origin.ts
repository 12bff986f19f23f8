// Reads `services.NAME.origin`: a URL, or an object with `http: URL` and the settings of HTTP origins. Folders are read by
// read-folder.ts.
import { isAbsolute, join } from 'node:path'
import {
  defaultHttpOrigin,
  defaultTlsOrigin,
  httpOriginRows,
  tlsOriginRows,
  type HttpOriginConfig,
  type TlsOriginSettings,
} from '../origin/http/settings.ts'
import { normalAuthority } from '../http/authority.ts'
import { originExpected, parseOrigin, type OriginAddress } from './address.ts'
import { memberPath } from './problem.ts'
import { listed, memberOf, members, readRows, readSection, refuseUnknown, type Found } from './read.ts'
import { readFilesOrigin, readPhpOrigin } from './read-folder.ts'
import type { OriginConfig } from './site.ts'

/** What surrounds a configuration, as far as its values point outside of it. */
export interface Surroundings {
  /** The folder that relative paths start from. */
  readonly folder: string
  readonly fileExists: (path: string) => boolean
  /** The bytes of a file; undefined when it cannot be read. */
  readonly readFile: (path: string) => Uint8Array | undefined
  /** The time, by which certificates are judged. */
  readonly nowMs: () => number
}

const names = ['http', ...Object.keys(httpOriginRows), 'tls']

const folderMeant = "a folder is written as { php: './public' } or { files: './public' }"

const hostExpected = "expected a host, with a port or without, such as 'shop.example'"

/** The origin of a service; undefined, and a problem, when there is none. */
export function readOrigin(found: Found, around: Surroundings): OriginConfig | undefined {
  const { value } = found
  const kinds = ['http', 'php', 'files'].filter((kind) => isObject(value) && Object.hasOwn(value, kind))
  if (kinds.length > 1) found.report.amiss(found.path, `has ${listed(kinds)}: an origin is one of them`)
  switch (kinds[0]) {
    case 'php':
      return readPhpOrigin(found, around)
    case 'files':
      return readFilesOrigin(found, around)
    default:
      return readHttpOrigin(found, around)
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

function readHttpOrigin(found: Found, around: Surroundings): HttpOriginConfig | undefined {
  if (typeof found.value === 'string') {
    const address = readAddress(found)
    return address && httpOrigin(address, defaultHttpOrigin, defaultTlsOrigin)
  }
  const all = members(found, "the URL of an HTTP application, or an object with 'http', 'php' or 'files'")
  if (all === undefined) return undefined
  refuseUnknown(all, names)
  const settings = readRows(httpOriginRows, all, found)
  const tls = readTls(memberOf(all, found, 'tls'), around)
  const url = all.get('http')
  if (url === undefined) found.report.amiss(memberPath(found.path, 'http'), `missing: ${originExpected}`)
  const address = url && readAddress(url)
  if (address === undefined) return undefined
  if (address.scheme === 'http' && all.has('tls'))
    found.report.amiss(memberPath(found.path, 'tls'), 'needs an https:// URL')
  const { host } = settings
  if (host !== undefined && normalAuthority(host, address.scheme) === undefined)
    found.report.wrong(memberPath(found.path, 'host'), host, hostExpected)
  const socket = settings.socket === undefined ? undefined : absolute(settings.socket, around)
  return httpOrigin(address, { ...settings, socket }, tls)
}

function httpOrigin(
  address: OriginAddress,
  settings: HttpOriginConfig['settings'],
  tls: TlsOriginSettings,
): HttpOriginConfig {
  return { kind: 'http', ...address, settings, tls: address.scheme === 'https' ? tls : undefined }
}

function readAddress(found: Found): OriginAddress | undefined {
  const address = typeof found.value === 'string' ? parseOrigin(found.value) : undefined
  const isPath = typeof found.value === 'string' && /^\.{0,2}\//.test(found.value)
  if (address === undefined)
    found.report.wrong(found.path, found.value, isPath ? `${originExpected}; ${folderMeant}` : originExpected)
  return address
}

function readTls(found: Found, around: Surroundings): TlsOriginSettings {
  const tls = readSection(tlsOriginRows, found)
  if ((tls.cert === undefined) !== (tls.key === undefined))
    found.report.amiss(found.path, "'cert' and 'key' go together: set both or neither")
  const files = (['ca', 'cert', 'key'] as const).map((name) => {
    const path = tls[name]
    if (path === undefined) return [name, undefined]
    const file = absolute(path, around)
    if (!around.fileExists(file)) found.report.wrong(memberPath(found.path, name), path, 'no such file')
    return [name, file]
  })
  return { ...tls, ...Object.fromEntries(files) }
}

const absolute = (path: string, around: Surroundings): string =>
  isAbsolute(path) ? path : join(around.folder, path)
