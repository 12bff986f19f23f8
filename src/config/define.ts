// What an owner may write in `myriad.config.ts`, as types. JSON and YAML have the same shape.
import type { SettingsInput } from '../base/setting.ts'
import type { cacheRows, cookieRows } from '../cache/settings.ts'
import type {
  redirectRows,
  requestChangeRows,
  responseChangeRows,
  ruleRows,
} from '../cube/y/rule-settings.ts'
import type { bypassRows, rateRows, routeRows } from '../cube/y/settings.ts'
import type { acmeRows } from '../edge/acme/settings.ts'
import type { edgeRows, purgeRows } from '../edge/settings.ts'
import type { certificateRows, tlsRows } from '../edge/tls-settings.ts'
import type { limitRows } from '../http1/limits.ts'
import type { logRows } from '../logs/settings.ts'
import type { filesRows } from '../origin/files/settings.ts'
import type { httpOriginRows, tlsOriginRows } from '../origin/http/settings.ts'
import type { phpRows } from './read-folder.ts'
import type { presetRows } from './presets/preset.ts'
import type { memoryRows } from '../store/memory/settings.ts'

/** Settings of an HTTP origin, besides its URL. */
export type HttpOriginOptions = SettingsInput<typeof httpOriginRows> & {
  readonly tls?: SettingsInput<typeof tlsOriginRows>
}

/** An HTTP application: its URL, without a path. */
export type HttpOriginInput = HttpOriginOptions & { readonly http: string }

/** Settings of a PHP site, besides its folder. */
export type PhpOriginOptions = SettingsInput<typeof phpRows>

/** A folder whose scripts PHP executes, with files beside them. */
export type PhpOriginInput = PhpOriginOptions & { readonly php: string }

/** Settings of a folder of files, besides its path. */
export type FilesOriginOptions = SettingsInput<typeof filesRows>

/** A folder of files. */
export type FilesOriginInput = FilesOriginOptions & { readonly files: string }

/** One of the applications behind Myriad. */
export type ServiceInput = SettingsInput<typeof presetRows> & {
  readonly origin: string | HttpOriginInput | PhpOriginInput | FilesOriginInput
}

/** How a route uses the cache. */
export type CacheInput = Omit<SettingsInput<typeof cacheRows>, 'cookies'> & {
  readonly cookies?: 'keep' | 'drop' | SettingsInput<typeof cookieRows>
  readonly bypass?: SettingsInput<typeof bypassRows>
}

/** A limit on the rate of requests. */
export type RateInput = SettingsInput<typeof rateRows> & { readonly requests: number }

/** Which requests go to which service, and how they use the cache. */
export type RouteInput = SettingsInput<typeof routeRows> & {
  readonly path: string
  readonly rate?: RateInput | readonly RateInput[]
  readonly cache?: CacheInput
}

/** Header fields that are set, each in place of all of its name. */
interface SetFields {
  readonly set?: Readonly<Record<string, string>>
}

/** A page rule: which requests it takes, and what becomes of them. */
export type RuleInput = SettingsInput<typeof ruleRows> & {
  /** A target, for now (302). */
  readonly redirect?: string | (SettingsInput<typeof redirectRows> & { readonly to: string })
  readonly request?: SettingsInput<typeof requestChangeRows> & SetFields
  readonly response?: SettingsInput<typeof responseChangeRows> & SetFields
  /** Pages by status ('404') or class ('5xx'): files, or paths of the site. */
  readonly errors?: Readonly<Record<string, string>>
}

/** Certificates that are got by ACME. */
export type AcmeInput = SettingsInput<typeof acmeRows> & { readonly email: string }

/** The listeners that speak TLS. */
export type TlsInput = SettingsInput<typeof tlsRows> & {
  readonly acme?: AcmeInput
  /** Files; the first is shown where no name fits. */
  readonly certificates?: readonly Required<SettingsInput<typeof certificateRows>>[]
}

/** A whole configuration. */
export interface ConfigInput {
  readonly listen?: string | readonly string[]
  /** How many processes serve. */
  readonly processes?: number
  readonly services: Readonly<Record<string, ServiceInput>>
  /** The first that matches wins; without any, every request goes to the only service. */
  readonly routes?: readonly RouteInput[]
  /** The first that matches is taken; it goes before what the route says. */
  readonly rules?: readonly RuleInput[]
  readonly tls?: TlsInput
  readonly edge?: SettingsInput<typeof edgeRows>
  readonly purge?: SettingsInput<typeof purgeRows>
  readonly limits?: SettingsInput<typeof limitRows>
  readonly log?: SettingsInput<typeof logRows>
  readonly tiers?: SettingsInput<typeof memoryRows>
}

/** Gives a configuration its type; returns it as it is. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

/** An application that speaks HTTP, by its URL. */
export function http(url: string, options: HttpOriginOptions = {}): HttpOriginInput {
  return { http: url, ...options }
}

/** A folder whose scripts PHP executes, with files beside them; relative to the configuration. */
export function php(folder: string, options: PhpOriginOptions = {}): PhpOriginInput {
  return { php: folder, ...options }
}

/** A folder of files, relative to the configuration. */
export function files(folder: string, options: FilesOriginOptions = {}): FilesOriginInput {
  return { files: folder, ...options }
}
