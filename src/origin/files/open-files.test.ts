import {
  closeSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { OpenFile, OpenFiles } from './open-files.ts'
import { DocumentRoot, type ResolvedFile } from './root.ts'

let folder: string
let clock: FakeClock
let files: OpenFiles

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'open-')))
  clock = new FakeClock()
  files = new OpenFiles(3, clock)
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, name), `content of ${name}`)
})
afterEach(() => {
  files.closeIdle()
  rmSync(folder, { recursive: true })
})

function look(name: string): ResolvedFile {
  const found = new DocumentRoot({ root: folder, linkTargets: [], deny: [] }).resolve(`/${name}`)
  if (found.kind !== 'file') throw new Error(`${name} is ${found.kind}`)
  return found.file
}

function open(file: ResolvedFile): OpenFile {
  const opened = files.open(file)
  if (typeof opened === 'string') throw new Error(opened)
  return opened
}

function text(file: OpenFile): string {
  const buffer = Buffer.alloc(100)
  return buffer.toString('utf8', 0, file.read(buffer, 100, 0))
}

test('those who read the same version share it', () => {
  const seen = look('a')
  const [first, second] = [open(seen), open(look('a'))]
  expect(second).toBe(first)
  expect([files.count, text(first)]).toEqual([1, 'content of a'])
  first.release()
  expect(text(second)).toBe('content of a')
  second.release()
})

test('a file that is replaced is another one; who reads the old goes on', () => {
  const old = open(look('a'))
  writeFileSync(join(folder, 'new'), 'a new content')
  renameSync(join(folder, 'new'), join(folder, 'a'))
  const current = open(look('a'))
  expect([text(old), text(current), files.count]).toEqual(['content of a', 'a new content', 2])
  old.release()
  current.release()
  expect([files.count, files.idleCount]).toEqual([1, 1])
})

test('a file is closed some time after the last reader has gone', () => {
  const first = open(look('a'))
  first.release()
  expect([files.count, files.idleCount]).toEqual([1, 1])
  const again = open(look('a'))
  expect([again, files.idleCount]).toEqual([first, 0])
  clock.advance(5000)
  expect(text(again)).toBe('content of a')
  again.release()
  clock.advance(5000)
  expect([files.count, files.idleCount]).toEqual([0, 0])
})

test('what has changed since the look is not opened', () => {
  const seen = look('a')
  truncateSync(join(folder, 'a'), 3)
  expect(files.open(seen)).toBe('gone')
  const gone = look('b')
  unlinkSync(join(folder, 'b'))
  expect(files.open(gone)).toBe('gone')
  const link = look('c')
  unlinkSync(join(folder, 'c'))
  symlinkSync('d', join(folder, 'c'))
  expect(files.open(link)).toBe('gone')
  const pipe = look('d')
  unlinkSync(join(folder, 'd'))
  Bun.spawnSync(['mkfifo', join(folder, 'd')])
  expect(files.open(pipe)).toBe('gone')
  expect(files.count).toBe(0)
})

test('a file that is written to is no longer unchanged', () => {
  const file = open(look('a'))
  expect(file.unchanged).toBe(true)
  truncateSync(join(folder, 'a'), 3)
  expect(file.unchanged).toBe(false)
  file.release()
})

test('a file that the disk does not tell of any more has changed, and is let go of without a word', () => {
  const file = open(look('a'))
  closeSync(file.fd)
  expect([file.unchanged, text(file)]).toEqual([false, ''])
  file.release()
  clock.advance(5000)
  expect([files.count, files.idleCount]).toEqual([0, 0])
})

test('there is a limit, for which those that nobody reads make room', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => open(look(name)))
  expect(files.open(look('d'))).toBe('too-many')
  b!.release()
  const d = open(look('d'))
  expect([text(d), files.count]).toEqual(['content of d', 3])
  for (const file of [a, c, d]) file!.release()
  files.closeIdle()
  expect(files.count).toBe(0)
})
