// How long an origin means to keep a connection.
import { expect, test } from 'bun:test'
import { unusedTimeOf } from './keep-alive.ts'

test.each([
  ['timeout=5', 4000],
  ['timeout=5, max=100', 4000],
  ['max=100, Timeout = 60', 59_000],
  ['timeout="15"', 14_000],
  ['timeout=1', 0],
  ['timeout=0', 0],
  ['max=100', Infinity],
  ['timeout=soon', Infinity],
  ['mytimeout=5', Infinity],
  ['', Infinity],
] as const)('%p: %p ms', (field, expected) => {
  expect(unusedTimeOf(field)).toBe(expected)
})
