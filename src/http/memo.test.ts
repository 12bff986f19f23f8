// Remembering results, within a bound.
import { expect, test } from 'bun:test'
import { remembered } from './memo.ts'

test('computes once, forgets at its bound, and does not keep long texts', () => {
  let computed = 0
  const length = remembered((text) => {
    computed++
    return { length: text.length }
  }, 2)
  expect(length('a')).toBe(length('a'))
  expect(computed).toBe(1)
  length('b')
  length('c')
  length('a')
  expect(computed).toBe(4)
  const long = 'x'.repeat(10_000)
  expect(length(long)).not.toBe(length(long))
})

test('what is computed is computed from the same text, whatever its characters', () => {
  const same = remembered((text) => ({ text }), 10)
  for (const text of ['', 'a', '\u00ff', '\u20ac', '\ud800', '😀']) {
    expect(same(text).text).toBe(text)
    expect(same(text)).toBe(same(text))
  }
})
