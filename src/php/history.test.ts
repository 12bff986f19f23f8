import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  markEveryMs,
  marksMax,
  mastersMax,
  readHistory,
  remember,
  type History,
  type Mark,
} from './history.ts'

const mark = (atMs: number): Mark => ({
  atMs,
  emptyAt: 1,
  totalBytes: 10,
  freeBytes: 5,
  wastedBytes: 1,
  keys: 2,
  keysMax: 3,
})

const remembered = (times: readonly number[], master = 'a', from: History = {}): History =>
  times.reduce((history, atMs) => remember(history, master, mark(atMs)), from)

test('readings that follow each other closely replace one another', () => {
  const often = Array.from({ length: 121 }, (_, i) => i * 1000)
  const kept = remembered(often)['a']!.map(({ atMs }) => atMs)
  expect(kept.length).toBeLessThan(6)
  expect([kept[0], kept.at(-1)]).toEqual([0, 120_000])
})

test('it stays bounded and in order, and keeps the first and the last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 * markEveryMs }), { minLength: 1, maxLength: 1500 }),
      (steps) => {
        let atMs = 0
        const times = [0, ...steps.map((step) => (atMs += step))]
        const kept = remembered(times)['a']!.map((each) => each.atMs)
        expect(kept.length).toBeLessThanOrEqual(marksMax)
        expect(kept).toEqual(kept.toSorted((a, b) => a - b))
        expect([kept[0], kept.at(-1)]).toEqual([0, atMs])
      },
    ),
    { numRuns: 20 },
  )
})

test('the masters that were read longest ago are forgotten first', () => {
  let history: History = {}
  for (let i = 0; i < mastersMax + 5; i++) history = remembered([i], `master ${i}`, history)
  expect(Object.keys(history)).toHaveLength(mastersMax)
  expect(history['master 4']).toBeUndefined()
  expect(history['master 5']).toBeDefined()
})

test('a clock that was set back takes what seemed to come later with it', () => {
  expect(remembered([0, 100_000, 200_000, 150_000])['a']!.map(({ atMs }) => atMs)).toEqual([
    0, 100_000, 150_000,
  ])
})

test('what was written is read again, and nothing else is', () => {
  const history = remembered([0, 100_000], 'b', remembered([5]))
  expect(readHistory(JSON.stringify(history))).toEqual(history)
  const wrong = ['', '[]', '1', 'null', '{"a":1}', '{"a":[1]}', '{"a":[{"atMs":"1"}]}', '{"a":[{}]}']
  for (const json of wrong) expect(readHistory(json)).toBeUndefined()
  fc.assert(fc.property(fc.string(), (text) => readHistory(text) === undefined || text.trim() === '{}'))
})
