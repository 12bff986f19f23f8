// Rotation on a real folder, with the time given.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { putAside, tidyUp } from './rotate.ts'
import { asideName, type RotationSettings } from './rotation.ts'

const nowMs = Date.UTC(2026, 10, 28, 4, 7, 40)
const settings: RotationSettings = { rotateSize: 4, rotateTime: undefined, keep: 3, gzip: true }
let folder = ''
let log = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myriad-rotate-'))
  log = join(folder, 'access.log')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const here = (): string[] => readdirSync(folder).toSorted()

/** Writes a file that was last written to at that time. */
function put(name: string, text: string, atMs: number): void {
  writeFileSync(join(folder, name), text)
  utimesSync(join(folder, name), atMs / 1000, atMs / 1000)
}

test('the file that is meant is put aside, and no other', async () => {
  put('access.log', 'lines\n', nowMs)
  const { ino } = statSync(log)
  // Another process was faster: the name has another file now.
  expect(await putAside(log, ino + 1, nowMs, settings)).toBe(false)
  expect(await putAside(log, ino, nowMs, { ...settings, rotateSize: 100 })).toBe(false)
  expect(here()).toEqual(['access.log'])
  expect(await putAside(log, ino, nowMs, settings)).toBe(true)
  expect(here()).toEqual(['access.log.20261128T040740000Z'])
})

test('two files of one moment have two names', async () => {
  for (const text of ['first\n', 'second\n']) {
    put('access.log', text, nowMs)
    expect(await putAside(log, statSync(log).ino, nowMs, settings)).toBe(true)
  }
  expect(here()).toEqual(['access.log.20261128T040740000Z', 'access.log.20261128T040740001Z'])
})

test('one process at a time; the lock of one that has died is no lock for ever', async () => {
  put('access.log', 'lines\n', nowMs)
  const { ino } = statSync(log)
  put('access.log.lock', '', nowMs - 1000)
  expect(await putAside(log, ino, nowMs, settings)).toBe(false)
  put('access.log.lock', '', nowMs - 100_000)
  expect(await putAside(log, ino, nowMs, settings)).toBe(false)
  expect(await putAside(log, ino, nowMs, settings)).toBe(true)
})

test('of the old files the latest are kept, and all but the last are compressed', async () => {
  const names = [50, 40, 30, 20].map((seconds) => asideName('access.log', nowMs - seconds * 1000))
  for (const name of names) put(name, `${name}\n`, nowMs - 20_000)
  await tidyUp(log, nowMs, settings)
  expect(here()).toEqual([`${names[1]}.gz`, `${names[2]}.gz`, names[3]!])
  expect(gunzipSync(readFileSync(join(folder, `${names[1]}.gz`))).toString()).toBe(`${names[1]}\n`)
})

test('what may still be written to is not compressed, nor is anything where nobody wants it', async () => {
  const names = [50, 40].map((seconds) => asideName('access.log', nowMs - seconds * 1000)) as [string, string]
  put(names[0], 'one\n', nowMs - 1000)
  put(names[1], 'two\n', nowMs - 20_000)
  await tidyUp(log, nowMs, settings)
  expect(here()).toEqual(names)
  put(names[0], 'one\n', nowMs - 20_000)
  await tidyUp(log, nowMs, { ...settings, gzip: false })
  expect(here()).toEqual(names)
})
