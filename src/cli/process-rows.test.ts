import { expect, test } from 'bun:test'
import { processRows } from './process-rows.ts'

test('each process has a row, its figures below one another', () => {
  const memory = { objects: 3, usedBytes: 3 << 19, budgetBytes: 1 << 20 }
  expect(
    processRows([
      { pid: 71, runningMs: 3_725_000, restarts: 0, connections: 12, requests: 1_234_567, memory },
      { pid: 1072, runningMs: 900, restarts: 3 },
    ]),
  ).toEqual([
    ' pid     uptime  connections   requests  restarts  stored',
    '  71  1 h 2 min           12  1,234,567         0   1.5MB',
    '1072        0 s            –          –         3       –',
  ])
})
