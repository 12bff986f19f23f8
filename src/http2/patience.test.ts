// How much of what is of no use is put up with.
import { expect, test } from 'bun:test'
import { FrameCost, Patience } from './patience.ts'

test('resets: so many at once, and so many with time', () => {
  const patience = new Patience()
  let count = 0
  while (patience.reset()) count++
  expect(count).toBe(256)
  const slow = new Patience()
  for (let second = 0; second < 600; second++) {
    for (let i = 0; i < 32; i++) expect(slow.reset()).toBe(true)
    for (let i = 0; i < 4; i++) slow.rest(250)
  }
})

test('frames: what moves content is put up with, whatever its number', () => {
  const patience = new Patience()
  let count = 0
  while (patience.spend(FrameCost.other, 0)) count++
  expect(count).toBe(4000)
  const reader = new Patience()
  // A client with the smallest window that widens both windows for each KB.
  for (let bytes = 0; bytes < 100 << 20; bytes += 1024)
    for (let i = 0; i < 2; i++) expect(reader.spend(FrameCost.other, bytes)).toBe(true)
})

test('content earns once', () => {
  const patience = new Patience()
  while (patience.spend(1, 0));
  expect(patience.spend(1, 512 * 10)).toBe(true)
  let count = 0
  while (patience.spend(1, 512 * 10)) count++
  expect(count).toBeLessThan(10)
})
