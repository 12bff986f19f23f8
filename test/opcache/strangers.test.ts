// Anybody can have a process that calls itself a master of php-fpm, and names whatever file as its configuration.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { findMasters } from '../../src/php/discovery.ts'
import { isRoot } from './rig.ts'

const setpriv = '/usr/bin/setpriv'
const canPretend = isRoot && existsSync(setpriv)

test.skipIf(!canPretend)(
  'the configuration that another user names is not read, not even by root',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myriad-stranger-'))
    const config = join(folder, 'fpm.conf')
    writeFileSync(config, '[own]\nlisten = /run/own.sock\n')
    const pretend = (user: number): Bun.Subprocess => {
      const script = `exec -a 'php-fpm: master process (${config})' cat`
      return Bun.spawn([setpriv, `--reuid=${user}`, '--clear-groups', '/bin/bash', '-c', script], {
        stdin: 'pipe',
      })
    }
    for (const [user, pools] of [
      [65_534, []],
      [0, ['own']],
    ] as const) {
      const child = pretend(user)
      while (!readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').startsWith('php-fpm')) await Bun.sleep(5)
      const found = findMasters().filter(({ name }) => name === config)
      expect(found.flatMap((master) => master.pools.map(({ name }) => name))).toEqual([...pools])
      child.kill()
      await child.exited
    }
    rmSync(folder, { recursive: true })
  },
)
