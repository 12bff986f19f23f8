// One php-fpm of Myriad's own for the sites of several users: their pools share an OPcache, and the files of one stay closed
// to the scripts of another all the same.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { hasPhpFpm } from '../../testing/php-fpm.ts'
import { realClock, realTimers } from '../../src/base/clock.ts'
import { exchange } from '../../src/php/exchange.ts'
import { FpmProcess } from '../../src/supervisor/php-fpm-process.ts'

const isRoot = process.getuid?.() === 0
const size = { workersMax: 2, pm: { kind: 'ondemand' } } as const

test.skipIf(!hasPhpFpm || !isRoot)(
  'what the pool of one user has compiled is closed to the pool of another',
  async () => {
    const base = realpathSync(mkdtempSync(join(tmpdir(), 'myriad-users-')))
    chmodSync(base, 0o755)
    const folder = join(base, 'fpm')
    const pools = [33, 65_534].map((uid, i) => ({
      name: `pool-${i}`,
      socket: join(folder, `${i}.sock`),
      user: { uid, gid: uid },
      size,
    }))
    const sites = pools.map(({ user: { uid } }, i) => {
      const site = join(base, `site-${i}`)
      mkdirSync(site)
      const secret = join(site, 'secret.php')
      writeFileSync(secret, `<?php return 'secret ${i}';`, { mode: 0o600 })
      chownSync(secret, uid, uid)
      const page = join(site, 'page.php')
      writeFileSync(page, `<?php echo @include '${join(base, 'site-0/secret.php')}';`)
      // Older than what OPcache leaves alone (opcache.file_update_protection).
      for (const path of [secret, page]) utimesSync(path, 1e9, 1e9)
      return page
    })
    const fpm = await FpmProcess.start(
      { program: '/usr/sbin/php-fpm8.2', folder, pools },
      { clock: realClock, timers: realTimers, say: () => undefined },
    )
    const ask = async (i: number): Promise<string> => {
      const params = [
        ['REQUEST_METHOD', 'GET'],
        ['SCRIPT_FILENAME', sites[i]!],
        ['SCRIPT_NAME', '/page.php'],
      ] as const
      const result = await exchange({ kind: 'unix', path: pools[i]!.socket }, params, 5000, realTimers)
      return result.kind === 'answered' ? result.body : result.code
    }
    try {
      expect(await ask(0)).toBe('secret 0')
      expect(await ask(0)).toBe('secret 0')
      expect(await ask(1)).toBe('')
    } finally {
      await fpm.end()
      rmSync(base, { recursive: true })
    }
  },
)
