// What is written wins over a preset, lists are added to, and nothing that is wrong is hidden.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { withRows } from './defaults.ts'
import type { PresetRow } from './preset.ts'

const rows: readonly PresetRow[] = [
  { setting: 'ttl', value: '60s', why: '' },
  { setting: 'bypass.cookie', value: ['a', 'b'], why: '' },
  { setting: 'bypass.cookie', value: ['c'], why: '' },
]

test('where nothing is written the preset stands', () => {
  const all = { ttl: '60s', bypass: { cookie: ['a', 'b', 'c'] } }
  expect(withRows(undefined, rows)).toEqual(all)
  expect(withRows({}, rows)).toEqual(all)
})

test('a value that is written wins, a list is added to, the rest stays', () => {
  expect(withRows({ ttl: '5s', stale: '1m', bypass: { cookie: ['own', 'a'], path: '/x' } }, rows)).toEqual({
    ttl: '5s',
    stale: '1m',
    bypass: { cookie: ['own', 'a', 'b', 'c'], path: '/x' },
  })
  expect(withRows({ bypass: { cookie: 'own' } }, rows)).toMatchObject({
    bypass: { cookie: ['own', 'a', 'b', 'c'] },
  })
})

test('what is wrong stays as it is, to be told', () => {
  expect(withRows('nonsense', rows)).toBe('nonsense')
  expect(withRows({ bypass: 7, ttl: 5 }, rows)).toEqual({ bypass: 7, ttl: 5 })
  expect(withRows({ bypass: { cookie: 7 } }, rows)).toMatchObject({ bypass: { cookie: 7 } })
})

test('whatever is written, it stays in what comes out', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (written) => {
      const merged = withRows(written, rows) as Record<string, unknown>
      for (const [name, value] of Object.entries(written))
        if (name !== 'bypass' && name !== '__proto__') expect(merged[name]).toEqual(value)
    }),
  )
})
