// The text of the pool file, and that php-fpm itself takes it.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installedFpm } from './php-fpm-find.ts'
import { phpArguments, poolText, type Pool } from './php-fpm-pool.ts'

const pool: Pool = {
  name: 'myriad-1',
  socket: '/run/myriad/php-1/fpm.sock',
  user: { uid: 33, gid: 33 },
  size: { workersMax: 16, pm: { kind: 'dynamic', start: 4, spareMin: 2, spareMax: 8 } },
}

test('a pool runs as its user, behind a socket that nobody else can open, and only .php', () => {
  const lines = poolText('/run/myriad/php-1', [pool]).split('\n')
  expect(lines).toContain('[myriad-1]')
  expect(lines).toContain('user = 33')
  expect(lines).toContain('listen = /run/myriad/php-1/fpm.sock')
  expect(lines).toContain('listen.mode = 0600')
  expect(lines).toContain('security.limit_extensions = .php')
  expect(lines).toContain('pm.max_children = 16')
  expect(lines).toContain('pm.start_servers = 4')
  expect(lines).toContain('pm.status_listen = /run/myriad/php-1/fpm-status.sock')
})

test('without a user none is named', () => {
  expect(poolText('/run', [{ ...pool, user: undefined }])).not.toContain('user =')
})

test('a path that could end its line is refused', () => {
  expect(() => poolText('/run/a\nuser = root', [pool])).toThrow('cannot use the folder')
  expect(() => poolText('/run', [{ ...pool, socket: '/run/$pool.sock' }])).toThrow('cannot use the folder')
})

const fpm = installedFpm(process.env['PATH'] ?? '')

test.skipIf(fpm === undefined)('php-fpm takes the file, for every way to keep workers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-pool-'))
  const file = join(folder, 'php-fpm.conf')
  const ondemand = { workersMax: 2, pm: { kind: 'ondemand' } } as const
  const user = process.getuid!() === 0 ? { uid: 33, gid: 33 } : undefined
  const pools = [
    { ...pool, user, socket: join(folder, 'a.sock') },
    { name: 'myriad-2', user, socket: join(folder, 'b.sock'), size: ondemand },
  ]
  writeFileSync(file, poolText(folder, pools))
  const { exitCode, stderr } = Bun.spawnSync([fpm!, '-t', '-y', file, ...phpArguments(pools.length)])
  expect([stderr.toString(), exitCode]).toEqual(['', 0])
  rmSync(folder, { recursive: true })
})
