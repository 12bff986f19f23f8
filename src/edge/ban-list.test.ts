// Files of bans are read whole or not at all, and again when they have changed.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '../../testing/fake-clock.ts'
import { BanFile } from './ban-file.ts'
import { BanList, parseBans } from './ban-list.ts'

describe('the text of a file', () => {
  test('has an address or a range in each line, and remarks', () => {
    const read = parseBans('# the worst\n192.0.2.1\r\n\n  198.51.100.0/24 ; SBL123\n2001:db8::/32# all\n')
    expect(read.kind === 'ranges' && read.ranges.length).toBe(3)
  })

  test.each([
    ['192.0.2.1\n192.0.2.0/33\n', 2, '192.0.2.0/33'],
    ['192.0.2.1\n\nexample.com', 3, 'example.com'],
    ['loopback', 1, 'loopback'],
  ])('%j is wrong', (text, line, told) => {
    expect(parseBans(text)).toEqual({ kind: 'wrong', line, text: told })
  })

  test('a long list is read in a moment', () => {
    const text = Array.from(
      { length: 100_000 },
      (_, i) => `10.${(i >> 8) & 255}.${i & 255}.${i >> 16}/32\n`,
    ).join('')
    const begunMs = performance.now()
    const read = parseBans(text)
    expect(read.kind === 'ranges' && read.ranges.length).toBe(100_000)
    expect(performance.now() - begunMs).toBeLessThan(2_000)
  })
})

describe('a file', () => {
  let folder: string
  let path: string
  let list: BanList
  let file: BanFile
  let changes = 0
  const told: string[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'myriad-bans-'))
    path = join(folder, 'bans')
    list = new BanList(['203.0.113.1'])
    changes = 0
    told.length = 0
    writeFileSync(path, '192.0.2.1\n')
    file = new BanFile(path, {
      timers: new FakeClock(),
      list,
      changed: () => changes++,
      tell: (problem) => void told.push(problem),
    })
  })
  afterEach(() => {
    file.stop()
    rmSync(folder, { recursive: true })
  })

  const banned = () => ['192.0.2.1', '192.0.2.2', '203.0.113.1'].filter((address) => list.has(address))

  test('is read at once, beside the setting', () => {
    expect(banned()).toEqual(['192.0.2.1', '203.0.113.1'])
  })

  test('is read again when it has changed, and only then', async () => {
    await file.look()
    expect(changes).toBe(0)
    writeFileSync(path, '192.0.2.0/31\n192.0.2.2\n')
    await file.look()
    expect([changes, banned()]).toEqual([1, ['192.0.2.1', '192.0.2.2', '203.0.113.1']])
    await file.look()
    expect(changes).toBe(1)
  })

  test('that is wrong, or gone, leaves everything as it was, and is told once', async () => {
    writeFileSync(path, '192.0.2.2\nnobody\n')
    await file.look()
    await file.look()
    expect([changes, banned(), told.length]).toEqual([0, ['192.0.2.1', '203.0.113.1'], 1])
    expect(told[0]).toContain('line 2')
    rmSync(path)
    await file.look()
    await file.look()
    expect([changes, banned(), told.length]).toEqual([0, ['192.0.2.1', '203.0.113.1'], 2])
    writeFileSync(path, '192.0.2.2\n')
    await file.look()
    expect([changes, banned()]).toEqual([1, ['192.0.2.2', '203.0.113.1']])
  })
})
