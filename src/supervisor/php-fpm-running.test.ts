// A php-fpm that runs already: taken when it answers and can read the folder, with the real one.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realClock, realTimers } from '../base/clock.ts'
import type { Pool } from '../php/pool.ts'
import { installedFpm } from './php-fpm-find.ts'
import { FpmError, FpmProcess } from './php-fpm-process.ts'
import { poolFor } from './php-fpm-running.ts'
import { systemTables } from './php-fpm-user.ts'

const program = installedFpm(process.env['PATH'] ?? '')
const size = { workersMax: 2, pm: { kind: 'ondemand' } } as const
const deps = { clock: realClock, timers: realTimers, say: () => undefined }
const isRoot = process.getuid?.() === 0
const nobody = systemTables().users.find(({ name }) => name === 'nobody')

let base: string
let fpm: FpmProcess
let script: string

/** A pool at a socket, as the system would tell it. */
const pool = (path: string, more: Partial<Pool> = {}): Pool => ({
  name: 'www',
  address: { kind: 'unix', path },
  account: nobody,
  chroot: undefined,
  statusPath: undefined,
  statusAddress: undefined,
  childrenMax: 2,
  ...more,
})

describe.skipIf(program === undefined || nobody === undefined)('a php-fpm that runs already', () => {
  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'myriad-running-'))
    chmodSync(base, 0o755)
    script = join(base, 'site/index.php')
    mkdirSync(join(base, 'site'))
    writeFileSync(script, '<?php')
    const user = isRoot ? nobody : undefined
    const pools = [{ name: 'test', socket: join(base, 'fpm/a.sock'), user, size }]
    fpm = await FpmProcess.start({ program: program!, folder: join(base, 'fpm'), pools }, deps)
  })

  afterAll(async () => {
    await fpm.end()
    rmSync(base, { recursive: true })
  })

  test('is taken when it answers; one that is not there, or sees other paths, is not', async () => {
    const there = join(base, 'fpm/a.sock')
    const pools = [pool(join(base, 'none.sock')), pool(there, { chroot: '/srv' }), pool(there)]
    expect(await poolFor(script, pools, realTimers, () => undefined)).toEqual({
      address: { kind: 'unix', path: there },
      user: 'nobody',
      workersMax: 2,
    })
  })

  test('is not taken when its workers cannot read the folder, and why is told', async () => {
    chmodSync(join(base, 'site'), 0o700)
    const told: string[] = []
    const found = await poolFor(script, [pool(join(base, 'fpm/a.sock'))], realTimers, (why) => told.push(why))
    chmodSync(join(base, 'site'), 0o755)
    expect(found).toBeUndefined()
    expect(told).toEqual([
      `php-fpm at ${join(base, 'fpm/a.sock')} is not used: it runs as nobody, who cannot read ${join(base, 'site')}`,
    ])
  })
})

test.skipIf(program === undefined)(
  'a php-fpm that does not start says why, and leaves nothing behind',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myriad-wrong-'))
    const pools = [{ name: 'test', socket: join(folder, 'no/such/folder/a.sock'), user: undefined, size }]
    const starting = FpmProcess.start({ program: program!, folder: join(folder, 'fpm'), pools }, deps)
    const error = await starting.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(FpmError)
    expect((error as FpmError).message).toMatch(/unable to bind|No such file|user/i)
    rmSync(folder, { recursive: true })
  },
)
