import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { answerMark } from './question.ts'
import { readDeed, readStatus, readStatusPage, type PoolReading } from './reading.ts'

const answer = (value: object): string => `${answerMark}${JSON.stringify(value)}\n`

const directives = {
  'opcache.enable': true,
  'opcache.memory_consumption': 134_217_728,
  'opcache.interned_strings_buffer': 8,
  'opcache.max_accelerated_files': 10_000,
  'opcache.max_wasted_percentage': 0.07,
  'opcache.validate_timestamps': true,
  'opcache.revalidate_freq': 2,
}

const told = {
  php: '8.2.29',
  pid: 7,
  parent: 5,
  time: 1_800_000_000,
  loaded: true,
  cached: false,
  errors: [],
  configuration: { directives },
  status: {
    opcache_enabled: true,
    cache_full: false,
    restart_pending: true,
    restart_in_progress: false,
    memory_usage: { used_memory: 10, free_memory: 20, wasted_memory: 30 },
    opcache_statistics: { num_cached_scripts: 1, num_cached_keys: 2, max_cached_keys: 3, oom_restarts: 4 },
  },
  fpm: { pool: 'www', 'process-manager': 'dynamic', 'idle-processes': 0, 'active-processes': 900 },
  idle: 3,
  processes: 4,
}

const read = (value: object): PoolReading => {
  const reading = readStatus(answer(value))
  if ('error' in reading) throw new Error(reading.error)
  return reading
}

test('an answer, also after what a prepended script printed', () => {
  const reading = readStatus(`<html>${answerMark} noise\n${answer(told)}`)
  expect(reading).toMatchObject({
    php: '8.2.29',
    parent: 5,
    isQuestionCached: false,
    opcache: {
      state: 'on',
      memory: { usedBytes: 10, freeBytes: 20, wastedBytes: 30 },
      restart: 'pending',
      keysMax: 3,
      restarts: { oom: 4, hash: 0, manual: 0 },
      interned: undefined,
      settings: { maxWastedPercent: 7, validateTimestamps: true, validatePermission: false },
    },
  })
})

test('workers are counted by what each does: php-fpm’s own counters run ahead where connections are kept', () => {
  expect(read(told).pool).toMatchObject({ name: 'www', manager: 'dynamic', total: 4, idle: 3, active: 1 })
})

test('why there is no status', () => {
  const without = { ...told, status: false }
  expect(read({ ...without, loaded: false }).opcache).toEqual({ state: 'off', why: 'not loaded' })
  const disabled = { directives: { ...directives, 'opcache.enable': false } }
  expect(read({ ...without, configuration: disabled }).opcache).toEqual({ state: 'off', why: 'not enabled' })
  expect(read({ ...without, errors: ['API is\x1b[31m restricted'] }).opcache).toEqual({
    state: 'untold',
    why: 'API is [31m restricted',
  })
})

test('what is not an answer is shown in part, without control characters', () => {
  expect(readStatus('')).toEqual({ error: 'it answered nothing' })
  expect(readStatus(`\x1b[2J Fatal\nerror ${'x'.repeat(200)}`)).toEqual({
    error: `it answered something else: [2J Fatal error ${'x'.repeat(64)}…`,
  })
})

test('what was done, and why not', () => {
  expect(readDeed(answer({ done: true, cached: true }))).toEqual({ done: true, wasCached: true, why: '' })
  expect(readDeed(answer({ done: false, cached: false }))).toMatchObject({
    why: 'the file is not in the cache',
  })
  expect(readDeed(answer({ done: null, errors: ['opcache_reset() is not available'] }))).toEqual({
    done: false,
    wasCached: undefined,
    why: 'opcache_reset() is not available',
  })
})

test('php-fpm’s status page, with blanks in its names', () => {
  const page = { pool: 'www', 'process manager': 'static', 'active processes': 2, 'max children reached': 1 }
  expect(readStatusPage(JSON.stringify(page))).toMatchObject({
    name: 'www',
    manager: 'static',
    active: 2,
    childrenMaxReached: 1,
  })
})

const numbersOf = (value: unknown): readonly number[] => {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : []
}

test('whatever is answered, a reading has numbers that are none below zero, or there is a reason', () => {
  const changed = fc
    .constantFrom(...Object.keys(told))
    .chain((key) => fc.tuple(fc.constant(key), fc.jsonValue()))
  const body = fc.oneof(
    fc.string(),
    fc.json().map((json) => answerMark + json),
    fc.array(changed).map((changes) => answer({ ...told, ...Object.fromEntries(changes) })),
  )
  fc.assert(
    fc.property(body, (text) => {
      for (const reading of [
        readStatus(text),
        readDeed(text),
        readStatusPage(text.replace(answerMark, '')),
      ]) {
        if ('error' in reading) expect(reading.error).not.toBe('')
        for (const number of numbersOf(reading)) expect(number).toBeGreaterThanOrEqual(0)
      }
    }),
    { numRuns: 500 },
  )
})
