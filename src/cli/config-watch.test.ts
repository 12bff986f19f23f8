// A changed configuration file is seen however it was written, once, and only when it is another one.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '../../testing/fake-clock.ts'
import { watchFile } from './config-watch.ts'

let folder: string
let file: string
let clock: FakeClock
let changes: number
let stop: () => void

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-watch-'))
  file = join(folder, 'myriad.config.json')
  writeFileSync(file, '{}')
  clock = new FakeClock()
  changes = 0
  stop = watchFile(file, clock, () => changes++)
})

afterEach(() => {
  stop()
  rmSync(folder, { recursive: true })
})

test('written, replaced, and reached by a link that is switched', () => {
  clock.advance(1000)
  expect(changes).toBe(0)
  writeFileSync(file, '{"a":1}')
  clock.advance(1000)
  expect(changes).toBe(1)
  writeFileSync(join(folder, 'new'), '{"a":2}')
  renameSync(join(folder, 'new'), file)
  clock.advance(1000)
  expect(changes).toBe(2)
  writeFileSync(join(folder, 'other'), '{"a":3}')
  rmSync(file)
  clock.advance(1000)
  expect(changes).toBe(2)
  symlinkSync(join(folder, 'other'), file)
  clock.advance(1000)
  expect(changes).toBe(3)
  clock.advance(10_000)
  expect(changes).toBe(3)
})

test('not while it is being written, and not when it says the same', () => {
  for (let i = 0; i < 10; i++) {
    appendFileSync(file, ' ')
    clock.advance(200)
  }
  expect(changes).toBe(0)
  clock.advance(400)
  expect(changes).toBe(1)
  utimesSync(file, 1, 1)
  clock.advance(1000)
  expect(changes).toBe(1)
})
