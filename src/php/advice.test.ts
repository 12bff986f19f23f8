import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { keysFor } from './accelerated-files.ts'
import { advise, type Advice } from './advice.ts'
import { fullness } from './fullness.ts'
import type { OpcacheOn, PoolStatus } from './reading.ts'
import type { MasterReport, PoolReport, Report } from './report.ts'

const MB = 2 ** 20
const at = 1_800_000_000

const well: OpcacheOn = {
  state: 'on',
  memory: { usedBytes: 40 * MB, freeBytes: 86 * MB, wastedBytes: 2 * MB },
  settings: {
    memoryBytes: 128 * MB,
    internedMb: 8,
    maxAcceleratedFiles: 10_000,
    maxWastedPercent: 5,
    validateTimestamps: true,
    revalidateFreqSeconds: 2,
    validatePermission: false,
    validateRoot: false,
    fileUpdateProtectionSeconds: 2,
    restrictApi: '',
    jit: 'off',
    jitBufferBytes: 0,
  },
  isFull: false,
  restart: 'none',
  scripts: 900,
  keys: 1200,
  keysMax: 16_229,
  hits: 1_000_000,
  misses: 950,
  startedAt: at - 86_400,
  restartedAt: 0,
  restarts: { oom: 0, hash: 0, manual: 0 },
  interned: { bytes: 8 * MB, usedBytes: 3 * MB, strings: 40_000 },
  jit: { on: false, bufferBytes: 0, freeBytes: 0 },
}

const status: PoolStatus = {
  name: 'www',
  manager: 'dynamic',
  startedAt: at - 86_400,
  accepted: 100_000,
  idle: 3,
  active: 1,
  total: 4,
  activeMax: 4,
  childrenMaxReached: 0,
  queue: 0,
  queueMax: 0,
  slow: 0,
}

const pool: PoolReport = {
  name: 'www',
  address: '/run/php/php8.2-fpm.sock',
  account: { uid: 33, gid: 33, name: 'www-data' },
  chroot: undefined,
  answer: { kind: 'answered', status, opcache: 'on' },
  childrenMax: 5,
  workerBytes: 40 * MB,
}

const master: MasterReport = {
  name: '/etc/php/8.2/fpm/php-fpm.conf',
  pid: 100,
  php: '8.2.29',
  opcache: well,
  pools: [pool],
  forecast: { kind: 'unknown', why: 'no reading was kept yet' },
  isQuestionCached: false,
}

const report = (change: Partial<MasterReport>, more: Partial<Report> = {}): Report => ({
  at,
  masters: [{ ...master, ...change }],
  availableBytes: 1024 * MB,
  tree: undefined,
  ...more,
})
const cache = (change: Partial<OpcacheOn>): Report => report({ opcache: { ...well, ...change } })
const pools = (change: Partial<PoolStatus>, more: Partial<PoolReport> = {}): Partial<MasterReport> => ({
  pools: [
    { ...pool, answer: { kind: 'answered', status: { ...status, ...change }, opcache: 'on' }, ...more },
  ],
})
const linesOf = (from: Report): readonly string[] => advise(from).flatMap(({ lines }) => lines)

test('when all is well, nothing is advised', () => {
  expect(advise(report({}))).toEqual([])
})

const fullOf = (mb: number) =>
  cache({
    isFull: true,
    memory: { usedBytes: mb * MB, freeBytes: 0, wastedBytes: 0 },
    settings: { ...well.settings, memoryBytes: mb * MB },
  })

test('memory: at least what PHP has by default, twice of what is full, and four times at most', () => {
  expect([8, 64, 128, 192, 512].map((mb) => linesOf(fullOf(mb))[0])).toEqual(
    [128, 128, 256, 384, 1024].map((mb) => `opcache.memory_consumption = ${mb}`),
  )
})

const fullOfKeys = (keysMax: number, files?: number) =>
  advise(
    report(
      { opcache: { ...well, keys: keysMax, keysMax } },
      files === undefined ? {} : { tree: { root: '/srv/site', files, changedAt: 0 } },
    ),
  )[0]!

test('keys: the next size of PHP’s table that has room, and none where there is no larger one', () => {
  expect(fullOfKeys(223).lines).toEqual(['opcache.max_accelerated_files = 16229'])
  expect(fullOfKeys(16_229).lines).toEqual(['opcache.max_accelerated_files = 32531'])
  expect(fullOfKeys(16_229, 50_000).lines).toEqual(['opcache.max_accelerated_files = 65407'])
  expect(fullOfKeys(524_521).lines).toEqual(['opcache.max_accelerated_files = 1000000'])
  expect(fullOfKeys(1_048_793).lines).toEqual([])
  expect(fullOfKeys(1_048_793).reason).toContain('masters of their own')
})

test('interned strings take from OPcache’s memory, which gets as much more', () => {
  const interned = { bytes: 8 * MB, usedBytes: 8 * MB, strings: 90_000 }
  expect(linesOf(cache({ interned }))).toEqual([
    'opcache.interned_strings_buffer = 16',
    'opcache.memory_consumption = 136',
  ])
})

const soon = (inMs: number) =>
  report({
    forecast: {
      kind: 'full',
      what: 'memory',
      inMs,
      overMs: 86_400_000,
      perDay: 20 * MB,
      wastedBytes: 20 * MB,
      changes: 3,
    },
  })

test('a forecast within a week is a risk, a later one is not', () => {
  const [advice] = advise(soon(3 * 86_400_000))
  expect([advice!.weight, advice!.subject, advice!.lines]).toEqual([
    'risk',
    'opcache.memory_consumption',
    ['opcache.memory_consumption = 192'],
  ])
  expect(advice!.reason).toContain('3 days')
  expect(advise(soon(30 * 86_400_000))).toEqual([])
})

const quiet = (hits: number, overMs: number) =>
  report({ opcache: { ...well, hits }, forecast: { kind: 'steady', overMs } })

test('looking at files is given up only where that shows, and where they have not changed for long', () => {
  expect(linesOf(quiet(20_000_000, 90_000_000))).toEqual(['opcache.validate_timestamps = 0'])
  expect(linesOf(quiet(1_000_000, 90_000_000))).toEqual([])
  expect(linesOf(quiet(20_000_000, 80_000_000))).toEqual([])
})

test('workers: twice as many, as far as half of the available memory goes', () => {
  const short = { childrenMaxReached: 3 }
  expect(linesOf(report(pools(short)))).toEqual(['pm.max_children = 10'])
  expect(linesOf(report(pools(short), { availableBytes: 160 * MB }))).toEqual(['pm.max_children = 7'])
  expect(linesOf(report(pools(short), { availableBytes: undefined }))).toEqual(['pm.max_children = 8'])
  const [advice] = advise(report(pools(short), { availableBytes: 60 * MB }))
  expect([advice!.lines, advice!.reason]).toEqual([[], expect.stringContaining('no memory for more')])
})

test('a static pool is short of workers when connections had to queue', () => {
  const manager = 'static'
  expect(linesOf(report(pools({ manager, queueMax: 4, activeMax: 5 })))).toEqual(['pm.max_children = 10'])
  expect(linesOf(report(pools({ manager, queueMax: 0, activeMax: 5 })))).toEqual([])
})

test('an on-demand pool counts connections that found an idle worker too', () => {
  const manager = 'ondemand'
  expect(linesOf(report(pools({ manager, childrenMaxReached: 9, activeMax: 4 })))).toEqual([])
  expect(linesOf(report(pools({ manager, childrenMaxReached: 9, activeMax: 5 })))).toHaveLength(1)
})

test('pools of one user share a cache without harm, those of several do not', () => {
  const other = { ...pool, name: 'other' }
  expect(advise(report({ pools: [pool, other] }))).toEqual([])
  const foreign = { ...other, account: { uid: 1001, gid: 1001, name: 'ada' } }
  expect(advise(report({ pools: [pool, foreign] })).map(({ subject }) => subject)).toEqual([
    'opcache.validate_permission',
    'one master for several users',
  ])
  const settings = { ...well.settings, validatePermission: true, restrictApi: '/srv/admin' }
  expect(advise(report({ pools: [pool, foreign], opcache: { ...well, settings } }))).toEqual([])
})

test('a pool in a root of its own asks for validate_root', () => {
  expect(linesOf(report({ pools: [pool, { ...pool, chroot: '/srv/jail' }] }))).toEqual([
    'opcache.validate_root = 1',
  ])
})

test('what could not be read is not advised on', () => {
  const silent = { ...pool, answer: { kind: 'silent', why: 'gone', status: undefined } as const }
  expect(advise(report({ opcache: undefined, pools: [silent] }))).toEqual([])
  expect(advise(report({ opcache: { state: 'untold', why: 'restricted' } }))).toEqual([])
})

test('the weightiest comes first', () => {
  const settings = { ...well.settings, revalidateFreqSeconds: 0 }
  const found = advise(
    report({ opcache: { ...well, settings, isFull: true }, ...pools({ childrenMaxReached: 1 }) }),
  )
  expect(found.map(({ weight }) => weight)).toEqual(['fault', 'fault', 'gain'])
})

const count = fc.nat(2_000_000)
const anyCache: fc.Arbitrary<OpcacheOn> = fc
  .record({
    totalMb: fc.integer({ min: 8, max: 2048 }),
    used: fc.double({ min: 0.01, max: 1, noNaN: true }),
    wasted: fc.double({ min: 0, max: 1, noNaN: true }),
    internedMb: fc.constantFrom(1, 8, 64),
    maxAcceleratedFiles: fc.integer({ min: 1, max: 1_000_000 }),
    maxWastedPercent: fc.integer({ min: 1, max: 50 }),
    keys: fc.double({ min: 0, max: 1, noNaN: true }),
    flags: fc.record({ validateTimestamps: fc.boolean(), validatePermission: fc.boolean() }),
    revalidateFreqSeconds: fc.nat(60),
    isFull: fc.boolean(),
    restart: fc.constantFrom('none', 'pending', 'in progress'),
    hits: count,
    misses: count,
    restarts: fc.record({ oom: fc.nat(3), hash: fc.nat(3), manual: fc.nat(3) }),
    jitUsed: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map((any) => {
    const total = any.totalMb * MB
    const usedBytes = Math.floor(any.used * total)
    const wastedBytes = Math.floor(any.wasted * (total - usedBytes))
    const keysMax = keysFor(any.maxAcceleratedFiles)
    const keys = Math.floor(any.keys * keysMax)
    return {
      ...well,
      ...any,
      memory: { usedBytes, wastedBytes, freeBytes: total - usedBytes - wastedBytes },
      settings: {
        ...well.settings,
        ...any.flags,
        memoryBytes: total,
        internedMb: any.internedMb,
        maxAcceleratedFiles: any.maxAcceleratedFiles,
        maxWastedPercent: any.maxWastedPercent,
        revalidateFreqSeconds: any.revalidateFreqSeconds,
      },
      keys,
      scripts: keys,
      keysMax,
      jit: { on: true, bufferBytes: 64 * MB, freeBytes: Math.floor((1 - any.jitUsed) * 64 * MB) },
    }
  })

const setting = ({ lines }: Advice, name: string): number | undefined => {
  const found = lines.map((line) => new RegExp(`^${name} = (\\d+)`).exec(line)?.[1]).find(Boolean)
  return found === undefined ? undefined : Number(found)
}

test('every advice has a reading, speaks of each setting once, and raises what is too small within PHP’s limits', () => {
  fc.assert(
    fc.property(anyCache, fc.option(fc.nat(200_000), { nil: undefined }), (opcache, files) => {
      const tree = files === undefined ? undefined : { root: '/srv/site', files, changedAt: 0 }
      const found = advise(report({ opcache }, { tree }))
      for (const advice of found) {
        expect(advice.readings.length).toBeGreaterThan(0)
        expect(advice.readings.concat(advice.reason).join()).not.toMatch(/NaN|Infinity|undefined/)
        const memory = setting(advice, 'opcache.memory_consumption')
        if (memory !== undefined) expect(memory * MB).toBeGreaterThan(opcache.settings.memoryBytes)
        const keys = setting(advice, 'opcache.max_accelerated_files')
        if (keys !== undefined) expect(keysFor(keys)).toBeGreaterThan(opcache.keysMax)
        const wasted = setting(advice, 'opcache.max_wasted_percentage')
        if (wasted !== undefined) {
          expect(wasted).toBeGreaterThanOrEqual(1)
          expect(wasted).toBeLessThan(opcache.settings.maxWastedPercent)
        }
      }
      const names = found.flatMap(({ lines }) => lines.map((line) => line.split(' ')[0]))
      expect(new Set(names).size).toBe(names.length)
    }),
  )
})

test('whatever is full is a fault with a line that gives it room', () => {
  fc.assert(
    fc.property(anyCache, (opcache) => {
      const subjects = advise(report({ opcache }))
        .filter(({ weight }) => weight === 'fault')
        .map(({ subject }) => subject)
      const full = fullness(opcache)
      if (full.memory || opcache.restarts.oom > 0) expect(subjects).toContain('opcache.memory_consumption')
      if (full.keys || opcache.restarts.hash > 0) expect(subjects).toContain('opcache.max_accelerated_files')
    }),
  )
})

test('advice that is followed is not given again for the same use', () => {
  fc.assert(
    fc.property(anyCache, (opcache) => {
      const found = advise(report({ opcache }))
      const of = (name: string): number | undefined =>
        found.map((advice) => setting(advice, name)).find((value) => value !== undefined)
      const memoryMb = of('opcache.memory_consumption')
      fc.pre(memoryMb !== undefined && opcache.restarts.oom === 0)
      const memoryBytes = memoryMb! * MB
      const { usedBytes, wastedBytes } = opcache.memory
      // At most four times as much is advised at once: a share of waste that needs more takes two steps.
      fc.pre(memoryMb! < 4 * (opcache.settings.memoryBytes / MB))
      const maxAcceleratedFiles = of('opcache.max_accelerated_files') ?? opcache.settings.maxAcceleratedFiles
      const after: OpcacheOn = {
        ...opcache,
        isFull: false,
        restart: 'none',
        misses: opcache.scripts,
        memory: { usedBytes, wastedBytes, freeBytes: memoryBytes - usedBytes - wastedBytes },
        settings: { ...opcache.settings, memoryBytes, maxAcceleratedFiles },
        restarts: { oom: 0, hash: 0, manual: 0 },
        keysMax: keysFor(maxAcceleratedFiles),
      }
      const again = advise(report({ opcache: after })).map(({ subject }) => subject)
      expect(again).not.toContain('opcache.memory_consumption')
    }),
  )
})
