// The site: a configuration that has been validated and resolved. Frozen; a changed configuration is another Site.
import type { RuleTable } from '../cube/y/rule-table.ts'
import type { RouteTable } from '../cube/y/table.ts'
import type { Service } from '../cube/y/route.ts'
import type { EdgeSettings, ListenAddress, PurgeSettings } from '../edge/settings.ts'
import type { Http1Limits } from '../http1/limits.ts'
import type { HttpOriginConfig } from '../origin/http/settings.ts'
import type { MemorySettings } from '../store/memory/settings.ts'

/** A service with where its application is. */
export interface SiteService {
  readonly service: Service
  readonly origin: HttpOriginConfig
}

export interface Site {
  readonly listen: readonly ListenAddress[]
  readonly edge: EdgeSettings
  readonly purge: PurgeSettings
  readonly limits: Http1Limits
  /** In the order of `service.index`. */
  readonly services: readonly SiteService[]
  readonly routes: RouteTable
  /** Undefined: there are none. */
  readonly rules: RuleTable | undefined
  readonly tiers: MemorySettings
}
