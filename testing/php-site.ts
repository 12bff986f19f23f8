// A folder of scripts as an origin, in front of a php-fpm, with the real clock.
import { realClock, realTimers } from '../src/base/clock.ts'
import { defaultsOf } from '../src/base/setting.ts'
import { limitRows } from '../src/http1/limits.ts'
import { FastCgiOrigin } from '../src/origin/fastcgi/fastcgi-origin.ts'
import { defaultFastCgi, type FastCgiAddress, type FastCgiSettings } from '../src/origin/fastcgi/settings.ts'
import { FilesOrigin } from '../src/origin/files/files-origin.ts'
import { defaultFiles } from '../src/origin/files/settings.ts'
import { PhpSite } from '../src/origin/php-site.ts'
import { defaultPhpSite, type PhpSiteSettings } from '../src/origin/php-site-settings.ts'

/** What a test may set; the rest are the defaults. */
export interface PhpSiteOptions {
  readonly root: string
  readonly address: FastCgiAddress
  readonly php?: Partial<FastCgiSettings>
  readonly site?: Partial<PhpSiteSettings>
  readonly linkTargets?: readonly string[]
}

/** The origin, and what PHP has written to its error stream. */
export function phpSite({ root, address, php = {}, site = {}, linkTargets = [] }: PhpSiteOptions): {
  readonly origin: PhpSite
  readonly errors: readonly string[]
} {
  const errors: string[] = []
  const deps = { clock: realClock, timers: realTimers }
  const fastCgi = new FastCgiOrigin(
    { address, settings: { ...defaultFastCgi, ...php } },
    {
      ...deps,
      limits: defaultsOf(limitRows),
      instance: 'test',
      tellError: (line) => errors.push(line),
      fault: (error) => errors.push(String(error)),
    },
  )
  const files = new FilesOrigin({ kind: 'files', root, settings: { ...defaultFiles, linkTargets } }, deps)
  const config = { root, linkTargets, deny: [], settings: { ...defaultPhpSite, ...site } }
  return { origin: new PhpSite(config, { files, php: fastCgi, clock: realClock }), errors }
}
