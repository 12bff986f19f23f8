// The site: a configuration that has been validated and resolved. Frozen; a changed configuration is another Site.
import type { RuleTable } from '../cube/y/rule-table.ts'
import type { RouteTable } from '../cube/y/table.ts'
import type { Service } from '../cube/y/route.ts'
import type { AcmeConfig } from '../edge/acme/settings.ts'
import type { EdgeSettings, ListenAddress, PurgeSettings } from '../edge/settings.ts'
import type { TlsSettings } from '../edge/tls-settings.ts'
import type { Http1Limits } from '../http1/limits.ts'
import type { LogConfig } from '../logs/open.ts'
import type { FastCgiAddress, FastCgiSettings } from '../origin/fastcgi/settings.ts'
import type { FilesOriginConfig, FilesSettings } from '../origin/files/settings.ts'
import type { HttpOriginConfig } from '../origin/http/settings.ts'
import type { PhpSiteSettings } from '../origin/php-site-settings.ts'
import type { MemorySettings } from '../store/memory/settings.ts'
import type { Preset } from './presets/preset.ts'

/** A folder whose scripts PHP executes, with files beside them. */
export interface PhpOriginConfig {
  readonly kind: 'php'
  /** An absolute path. */
  readonly root: string
  /** Where php-fpm listens; undefined: it is found, or started, when the site is served. */
  readonly address: FastCgiAddress | undefined
  readonly site: PhpSiteSettings
  readonly files: FilesSettings
  readonly settings: FastCgiSettings
}

/** Where the application of a service is. */
export type OriginConfig = HttpOriginConfig | FilesOriginConfig | PhpOriginConfig

/** A service with where its application is. */
export interface SiteService {
  readonly service: Service
  readonly origin: OriginConfig
  /** The settings that were laid under its own. */
  readonly preset: Preset | undefined
}

export interface Site {
  readonly listen: readonly ListenAddress[]
  /** Undefined: no certificates are got. */
  readonly acme: AcmeConfig | undefined
  /** Of the addresses that speak TLS. */
  readonly tls: TlsSettings
  /** Undefined: one for each core. */
  readonly processes: number | undefined
  readonly edge: EdgeSettings
  readonly purge: PurgeSettings
  readonly limits: Http1Limits
  readonly log: LogConfig
  /** In the order of `service.index`. */
  readonly services: readonly SiteService[]
  readonly routes: RouteTable
  /** Undefined: there are none. */
  readonly rules: RuleTable | undefined
  readonly tiers: MemorySettings
}
