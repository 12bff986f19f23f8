// Makes the origins that a site describes, wired with the real clock and I/O.
import type { Clock, Timers } from '../base/clock.ts'
import { assert } from '../base/assert.ts'
import type { OriginConfig, PhpOriginConfig } from '../config/site.ts'
import type { Http1Limits } from '../http1/limits.ts'
import { HttpOrigin } from '../origin/http/http-origin.ts'
import type { Tell } from '../logs/error-log.ts'
import type { Origin, OriginNames } from '../origin/origin.ts'
import type { RunningPool } from '../supervisor/php-fpm-running.ts'

/** What origins need of the process around them. */
export interface OriginDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly limits: Http1Limits
  /** Tells this process from others. */
  readonly instance: string
  /** Writes to the error log. */
  readonly tell: Tell
  /** Where PHP answers, for folders that name no socket. */
  readonly php: ReadonlyMap<string, RunningPool>
}

/** An origin with what it is called. */
export interface NamedOrigin {
  readonly origin: Origin
  readonly names: OriginNames
}

/** What answers requests that name no host (HTTP/1.0), where no URL tells. */
const folderNames: OriginNames = { authority: 'localhost', host: undefined }

/** The origin of a service, ready to be asked. */
export function startOrigin(config: OriginConfig, deps: OriginDeps): NamedOrigin {
  const { clock, timers, limits, tell } = deps
  switch (config.kind) {
    case 'http': {
      const names = { authority: config.authority, host: config.settings.host }
      const fault = (error: unknown): void => {
        tell('error', `a fault while an answer of ${config.authority} was read: ${describe(error)}`)
      }
      return { origin: new HttpOrigin(config, { clock, timers, limits, fault }), names }
    }
    case 'files': {
      const { FilesOrigin } = filesParts()
      return { origin: new FilesOrigin(config, { clock, timers }), names: folderNames }
    }
    case 'php':
      return { origin: phpSite(config, deps), names: folderNames }
  }
}

function phpSite(config: PhpOriginConfig, deps: OriginDeps): Origin {
  const { clock, timers, limits, instance, tell } = deps
  const { root, site, files } = config
  const found = deps.php.get(root)
  const address = config.address ?? found?.address
  assert(address !== undefined, `no php-fpm for ${root}`)
  const { FastCgiOrigin, PhpSite } = phpParts()
  const { FilesOrigin } = filesParts()
  // More connections than workers would only wait in the pool's own queue, where nothing limits their time.
  const connectionsMax = Math.min(config.settings.connectionsMax, found?.workersMax ?? Infinity)
  const php = new FastCgiOrigin(
    { address, settings: { ...config.settings, connectionsMax } },
    {
      clock,
      timers,
      limits,
      instance,
      tellError: (line) => tell('warning', line),
      fault: (error) => tell('error', `a fault while a request to PHP was served: ${describe(error)}`),
    },
  )
  const beside = new FilesOrigin({ kind: 'files', root, settings: files }, { clock, timers })
  const { linkTargets, deny } = files
  return new PhpSite({ root, linkTargets, deny, settings: site }, { files: beside, php, clock })
}

// What a site does not use is not loaded: a server keeps no memory for it.

function filesParts(): typeof import('../origin/files/files-origin.ts') {
  return require('../origin/files/files-origin.ts')
}

function phpParts(): typeof import('../origin/fastcgi/fastcgi-origin.ts') &
  typeof import('../origin/php-site.ts') {
  return { ...require('../origin/fastcgi/fastcgi-origin.ts'), ...require('../origin/php-site.ts') }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
