// A folder with PHP in it as an origin: scripts are executed by a FastCGI application, everything else is for the files
// that lie beside them. Which is which: fastcgi/script.ts.
import type { Clock } from '../base/clock.ts'
import type { FastCgiOrigin } from './fastcgi/fastcgi-origin.ts'
import { RecentScripts } from './fastcgi/recent-scripts.ts'
import { Scripts } from './fastcgi/script.ts'
import { DocumentRoot } from './files/root.ts'
import type {
  DirectAnswer,
  DirectRequest,
  Origin,
  OriginCall,
  OriginEvents,
  OriginRequest,
} from './origin.ts'
import type { PhpSiteSettings } from './php-site-settings.ts'

/** A folder whose scripts are executed. */
export interface PhpSiteConfig {
  /** An absolute path; may be a symbolic link, which may be switched while Myriad runs. */
  readonly root: string
  /** Folders outside the root that links in it may lead to. Nothing is executed there. */
  readonly linkTargets: readonly string[]
  /** What is kept from visitors: neither executed nor sent. */
  readonly deny: readonly string[]
  readonly settings: PhpSiteSettings
}

/** Who answers. */
export interface PhpSiteParts {
  readonly files: Origin
  readonly php: FastCgiOrigin
  readonly clock: Clock
}

/** A folder, and the two that answer for it. */
export class PhpSite implements Origin {
  readonly #scripts: RecentScripts

  constructor(
    config: PhpSiteConfig,
    private readonly parts: PhpSiteParts,
  ) {
    const { root, linkTargets, deny, settings } = config
    const scripts = new Scripts(new DocumentRoot({ root, linkTargets, deny }), settings)
    this.#scripts = new RecentScripts(root, scripts, parts.clock)
  }

  get connections(): Origin['connections'] {
    return this.parts.php.connections
  }

  direct(request: DirectRequest): DirectAnswer | undefined {
    const { files } = this.parts
    if (files.direct === undefined || this.#scripts.decide(request.pathAndQuery) !== undefined)
      return undefined
    return files.direct(request)
  }

  send(request: OriginRequest, events: OriginEvents): OriginCall {
    const script = this.#scripts.decide(request.pathAndQuery)
    const { files, php } = this.parts
    return script === undefined ? files.send(request, events) : php.run(request, script, events)
  }

  close(): void {
    this.parts.php.close()
    this.parts.files.close()
  }
}
