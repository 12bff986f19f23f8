import { expect, test } from 'bun:test'
import { bufferBytes } from './cost.ts'

test('a buffer counts as the allocator rounds it', () => {
  const cases: [length: number, counted: number][] = [
    [0, 64],
    [64, 64],
    [1024, 1024],
    [1025, 1280],
    [8192, 8192],
    [8193, 10_240],
    [10_241, 12_288],
    [32_768, 32_768],
    [32_769, 40_960],
    [100_000, 114_688],
  ]
  for (const [length, counted] of cases) expect([length, bufferBytes(length)]).toEqual([length, counted])
})
