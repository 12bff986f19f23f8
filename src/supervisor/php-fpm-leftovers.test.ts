// Which processes are ours: nothing else is ever ended.
import { expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claim, fpmFolder, isFpmOf, poolName, removeLeftovers } from './php-fpm-leftovers.ts'

const folder = '/run/user/1/myriad/php-7'
const pools = 'myriad-7-4711-'

test('php-fpm with our configuration file, as started and as it entitles itself, and the workers of our pools', () => {
  const ours = [
    `php-fpm: master process (${folder}/php-fpm.conf)\0\0\0`,
    `/usr/sbin/php-fpm8.2\0--nodaemonize\0-y\0${folder}/php-fpm.conf\0-d\0expose_php=0\0`,
    'php-fpm: pool myriad-7-4711-0\0\0\0\0',
  ]
  expect(ours.map((line) => isFpmOf(line, folder, pools))).toEqual([true, true, true])
})

test('nothing else: other pools, other folders, other programs that name the file', () => {
  const others = [
    'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)\0',
    `php-fpm: master process (${folder}0/php-fpm.conf)\0`,
    'php-fpm: pool www\0',
    'php-fpm: pool myriad-7-4712-0\0',
    'php-fpm: pool myriad-77-4711-0\0',
    `vi\0${folder}/php-fpm.conf\0`,
    `vi\0-y\0${folder}/php-fpm.conf\0`,
    `php-fpm8.2\0-y\0/etc/php-fpm.conf\0`,
    '',
  ]
  expect(others.filter((line) => isFpmOf(line, folder, pools))).toEqual([])
  expect(isFpmOf('php-fpm: pool myriad-7-4711-0', folder, undefined)).toBe(false)
})

test('the folder of a Myriad that runs is left alone; those of others are removed', () => {
  const base = mkdtempSync(join(tmpdir(), 'myriad-left-'))
  const [mine, reused, unwritten] = [process.pid, 1, 99_999_999].map((pid) => fpmFolder(base, pid))
  for (const path of [mine!, reused!, unwritten!, join(base, 'php-x')]) mkdirSync(path)
  claim(mine!, process.pid)
  // The process with this id is another one than the folder's owner was.
  writeFileSync(join(reused!, 'owner'), '1 0\n')
  expect(removeLeftovers(base)).toBe(0)
  expect([mine!, reused!, unwritten!, join(base, 'php-x')].map((path) => existsSync(path))).toEqual([
    true,
    false,
    false,
    true,
  ])
  expect(poolName(process.pid, 0)).toMatch(new RegExp(`^myriad-${process.pid}-\\d+-0$`))
  rmSync(base, { recursive: true })
})

test('the folder of one that is starting is left alone, though nothing is written in it yet', () => {
  const base = mkdtempSync(join(tmpdir(), 'myriad-left-'))
  const starting = fpmFolder(base, process.ppid)
  mkdirSync(starting)
  removeLeftovers(base)
  expect(existsSync(starting)).toBe(true)
  rmSync(base, { recursive: true })
})

test('nothing is removed where others can write, or below a link', () => {
  const base = mkdtempSync(join(tmpdir(), 'myriad-left-'))
  const old = fpmFolder(base, 99_999_999)
  mkdirSync(old)
  const link = `${base}-link`
  symlinkSync(base, link)
  removeLeftovers(link)
  chmodSync(base, 0o777)
  removeLeftovers(base)
  expect(existsSync(old)).toBe(true)
  rmSync(link)
  rmSync(base, { recursive: true })
})
