// OPcache of a real php-fpm, driven into each of its states: the status reads it, the advice names the setting that
// cures it, and with that setting the same site and the same deploys do not bring it back.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { realClock } from '../../src/base/clock.ts'
import { keysFor } from '../../src/php/accelerated-files.ts'
import { fullness } from '../../src/php/fullness.ts'
import type { History } from '../../src/php/history.ts'
import { readAll } from '../../src/php/round.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { pass } from '../../testing/within.ts'
import {
  asking,
  faults,
  iniLines,
  makeRig,
  phpFpm,
  smallCache,
  writePhp,
  writeTree,
  type Rig,
} from './rig.ts'

describe.skipIf(phpFpm === null)('with php8.2-fpm, if it is installed', () => {
  let rig: Rig
  beforeAll(() => {
    rig = makeRig()
  })
  afterAll(() => rig.stop())

  /** Deploys: all files change, and are used. */
  async function deploy(
    times: number,
    files: number,
    methods: number,
    until = () => Promise.resolve(false),
    first = 1,
  ) {
    for (let version = first; version < first + times; version++) {
      writeTree(rig, files, methods, version)
      expect(await rig.run('deployed.php')).toBe('')
      expect(await rig.run('all.php')).toBe('done')
      if (await until()) return
    }
  }

  test.each([
    ['small scripts, by PHP’s own flag', 1200, 8, true],
    ['large scripts, before PHP’s own flag is raised', 60, 200, false],
  ])('full by memory of %s: memory_consumption', async (_, files, methods, flag) => {
    writeTree(rig, files, methods)
    const use = async () => {
      expect(await rig.run('all.php')).toBe('done')
      return await rig.opcache()
    }
    await rig.start(smallCache)
    const full = await use()
    expect(fullness(full)).toEqual({ memory: true, keys: false })
    expect(full.isFull).toBe(flag)
    expect(full.scripts).toBeLessThan(files)
    expect(full.memory.usedBytes + full.memory.freeBytes + full.memory.wastedBytes).toBe(8 << 20)
    const advice = await rig.advice()
    expect(faults(advice)).toEqual(['opcache.memory_consumption'])
    await rig.start(smallCache, iniLines(advice))
    const cured = await use()
    expect(fullness(cured)).toEqual({ memory: false, keys: false })
    expect(cured.scripts).toBe(files + 1)
    expect(faults(await rig.advice())).toEqual([])
  })

  test('full by keys: max_accelerated_files', async () => {
    writeTree(rig, 400, 1)
    const ini = { ...smallCache, max_accelerated_files: 200 }
    await rig.start(ini)
    expect(await rig.run('all.php')).toBe('done')
    const full = await rig.opcache()
    expect([full.isFull, full.keys, full.keysMax]).toEqual([true, 223, 223])
    expect(fullness(full)).toEqual({ memory: false, keys: true })
    const advice = await rig.advice()
    expect(faults(advice)).toEqual(['opcache.max_accelerated_files'])
    await rig.start(ini, iniLines(advice))
    expect(await rig.run('all.php')).toBe('done')
    const cured = await rig.opcache()
    expect([cured.isFull, cured.scripts]).toEqual([false, 401])
    expect(faults(await rig.advice())).toEqual([])
  })

  test('more wasted than its limit, by deploys: memory_consumption', async () => {
    await rig.start(smallCache)
    writeTree(rig, 10, 150)
    expect(await rig.run('all.php')).toBe('done')
    await deploy(1, 10, 150)
    const wasted = await rig.opcache()
    const share = (100 * wasted.memory.wastedBytes) / wasted.settings.memoryBytes
    expect([wasted.isFull, share > wasted.settings.maxWastedPercent]).toEqual([false, true])
    const advice = await rig.advice()
    expect(advice.map(({ subject }) => subject)).toContain('opcache.memory_consumption')
    await rig.start(smallCache, iniLines(advice))
    writeTree(rig, 10, 150)
    expect(await rig.run('all.php')).toBe('done')
    await deploy(1, 10, 150)
    expect((await rig.opcache()).memory.wastedBytes).toBeGreaterThan(0)
    expect((await rig.advice()).map(({ subject }) => subject)).not.toContain('opcache.memory_consumption')
  })

  test('restarting for want of memory, by deploys: memory_consumption', async () => {
    await rig.start(smallCache)
    writeTree(rig, 10, 150)
    expect(await rig.run('all.php')).toBe('done')
    await deploy(20, 10, 150, async () => (await rig.opcache()).restarts.oom > 0)
    const restarted = await rig.opcache()
    expect(restarted.restarts).toEqual({ oom: 1, hash: 0, manual: 0 })
    expect(restarted.restartedAt).toBeGreaterThanOrEqual(restarted.startedAt)
    const advice = await rig.advice()
    expect(faults(advice)).toEqual(['opcache.memory_consumption'])
    await rig.start(smallCache, iniLines(advice))
    await deploy(20, 10, 150)
    expect((await rig.opcache()).restarts.oom).toBe(0)
    expect(faults(await rig.advice())).toEqual([])
  })

  test('the deploy at which memory is full is foretold from the first few, at one an hour', async () => {
    const hourMs = 3_600_000
    await rig.start({ ...smallCache, memory_consumption: 16 })
    writeTree(rig, 10, 60)
    expect(await rig.run('all.php')).toBe('done')
    const clock = new FakeClock(realClock.nowMs())
    let history: History = {}
    let foretold = 0
    let hours = 0
    for (let isEmptied = false; !isEmptied && hours < 60;) {
      clock.advance(hourMs)
      hours++
      await deploy(1, 10, 60, undefined, hours)
      const { report, history: kept } = await readAll([rig.master()], asking, clock, history, undefined)
      history = kept
      const { forecast, opcache } = report.masters[0]!
      isEmptied = opcache?.state === 'on' && opcache.restarts.oom > 0
      if (hours !== 5) continue
      expect(forecast).toMatchObject({ kind: 'full', what: 'memory', overMs: 4 * hourMs, changes: 4 })
      if (forecast.kind === 'full') foretold = hours + forecast.inMs / hourMs
    }
    expect(Math.abs(hours - foretold)).toBeLessThan(1.5)
    expect(hours).toBeGreaterThan(8)
  })

  test('full of waste that may not be collected: max_wasted_percentage', async () => {
    const ini = { ...smallCache, max_wasted_percentage: 50 }
    const fill = async () => {
      writeTree(rig, 100, 34)
      expect(await rig.run('all.php')).toBe('done')
      await deploy(3, 100, 34, async () => (await rig.opcache()).isFull)
    }
    await rig.start(ini)
    await fill()
    const stuck = await rig.opcache()
    expect([stuck.isFull, stuck.restart, stuck.restarts.oom]).toEqual([true, 'none', 0])
    const advice = await rig.advice()
    expect(faults(advice)).toEqual(['opcache.memory_consumption', 'opcache.max_wasted_percentage'])
    // The one line alone gives the memory back.
    const [, wasteLine] = advice.map(({ lines }) => lines[0]!)
    await rig.start(ini, [wasteLine!])
    await fill()
    expect(await rig.run('all.php')).toBe('done')
    const emptied = await rig.opcache()
    expect([emptied.isFull, emptied.restarts.oom > 0]).toEqual([false, true])
    // Both together need no restart.
    await rig.start(ini, iniLines(advice))
    await fill()
    const cured = await rig.opcache()
    expect([cured.isFull, cured.restarts.oom]).toEqual([false, 0])
  })

  test('no room for more interned strings: interned_strings_buffer', async () => {
    const ini = { ...smallCache, memory_consumption: 128, interned_strings_buffer: 1 }
    const strings = Array.from({ length: 12_000 }, (_, i) => `'a string of its own, number ${i} of many'`)
    writePhp(rig, 'strings.php', `$a = [${strings.join(', ')}]; echo count($a);`)
    await rig.start(ini)
    expect(await rig.run('strings.php')).toBe('12000')
    const advice = await rig.advice()
    expect(iniLines(advice)).toContain('opcache.interned_strings_buffer = 8')
    await rig.start(ini, iniLines(advice))
    expect(await rig.run('strings.php')).toBe('12000')
    expect((await rig.advice()).map(({ subject }) => subject)).not.toContain(
      'opcache.interned_strings_buffer',
    )
  })

  test('every request looks at every file: revalidate_freq', async () => {
    writeTree(rig, 3, 1)
    await rig.start(smallCache)
    for (let i = 0; i < 2; i++) await rig.run('all.php')
    const advice = await rig.advice()
    expect(iniLines(advice)).toEqual(['opcache.revalidate_freq = 2'])
    await rig.start(smallCache, iniLines(advice))
    for (let i = 0; i < 2; i++) await rig.run('all.php')
    expect(await rig.advice()).toEqual([])
  })

  test('files that are newer than a cache that does not look: a reset', async () => {
    const ini = { ...smallCache, validate_timestamps: 0 }
    await rig.start(ini)
    expect(await rig.run('all.php')).toBe('done')
    expect(await rig.advice()).toEqual([])
    writePhp(rig, 'all.php', 'echo "new";', 1_000_000_000)
    expect(await rig.run('all.php')).toBe('done')
    const advice = await rig.advice()
    expect(advice.map(({ subject, lines }) => [subject, lines])).toEqual([
      ['opcache.validate_timestamps', []],
    ])
    expect(advice[0]!.reason).toContain('myriad php reset')
  })

  test('switched off: opcache.enable', async () => {
    await rig.start({ ...smallCache, enable: 0 })
    const [master] = (await rig.report()).masters
    expect(master!.opcache).toEqual({ state: 'off', why: 'not enabled' })
    const advice = await rig.advice()
    await rig.start({ ...smallCache, enable: 0 }, iniLines(advice))
    expect((await rig.opcache()).scripts).toBe(0)
  })

  test('emptied by hand, while a request runs: the restart waits for it', async () => {
    await rig.start(smallCache)
    writePhp(rig, 'empty.php', 'var_dump(opcache_reset());')
    writePhp(
      rig,
      'wait.php',
      'touch(__DIR__ . "/began"); while (!file_exists(__DIR__ . "/go")) { clearstatcache(); usleep(5000); } echo "went";',
    )
    const waiting = rig.run('wait.php')
    while (!existsSync(join(rig.site, 'began'))) await pass(5)
    await rig.run('empty.php')
    expect((await rig.opcache()).restart).toBe('pending')
    writePhp(rig, 'go', '')
    expect(await waiting).toBe('went')
    const after = await rig.opcache()
    expect([after.restart, after.restarts.manual]).toEqual(['none', 1])
  })

  test('PHP rounds max_accelerated_files up as is told here', async () => {
    for (const files of [200, 224, 3907, 10_000, 16_230]) {
      await rig.start({ ...smallCache, memory_consumption: 64, max_accelerated_files: files })
      expect((await rig.opcache()).keysMax).toBe(keysFor(files))
    }
  })
})
