import { expect, test } from 'bun:test'
import { LineBuffer } from './line-buffer.ts'

const write = (text: string, into: Buffer, at: number): number => at + into.write(text, at)

test('lines come out as they went in; what finds no room is counted', () => {
  const buffer = new LineBuffer(16)
  expect(buffer.add(8, write, 'one\n')).toBe(true)
  expect(buffer.add(8, write, 'two\n')).toBe(true)
  // It might have fitted: the most that it can take did not.
  expect(buffer.add(9, write, 'three\n')).toBe(false)
  const first = buffer.take()!
  expect(first.bytes.toString('latin1', 0, first.length)).toBe('one\ntwo\n')
  expect(buffer.add(16, write, 'four\n')).toBe(true)
  // The first are not back yet.
  expect(buffer.take()).toBeUndefined()
  buffer.giveBack(first)
  const second = buffer.take()!
  expect(second.bytes.toString('latin1', 0, second.length)).toBe('four\n')
  expect(second.bytes).not.toBe(first.bytes)
  buffer.giveBack(second)
  expect(buffer.take()).toBeUndefined()
  expect(buffer.dropped).toBe(1)
})
