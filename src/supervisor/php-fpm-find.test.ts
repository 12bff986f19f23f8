// Finding the program of php-fpm by its name.
import { expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fpmVersion, installedFpm } from './php-fpm-find.ts'

test('names of the program, with and without a version', () => {
  expect(['php-fpm', 'php-fpm8.2', 'php-fpm83', 'php-fpm8.10'].map(fpmVersion)).toEqual([0, 802, 803, 810])
  expect(['php-fpmx', 'php8.2', 'php-fpm8', 'php-fpm8.2.bak'].map(fpmVersion)).toEqual(
    Array.from({ length: 4 }, () => undefined),
  )
})

test('of several the newest is taken, and only what may be executed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-fpm-'))
  for (const name of ['php-fpm97.1', 'php-fpm9.1', 'php-fpm9.12', 'php-fpm9.2', 'php-fpm9.99'])
    writeFileSync(join(folder, name), '', { mode: 0o755 })
  chmodSync(join(folder, 'php-fpm9.99'), 0o644)
  expect(installedFpm(folder)).toBe(join(folder, 'php-fpm9.12'))
  rmSync(folder, { recursive: true })
})

test('no PATH, no program', () => {
  expect(installedFpm('')).toBeUndefined()
})
