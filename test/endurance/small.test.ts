// The trials that can be run in seconds, with a few times each: that they still run, and that nothing is lost in what they do.
// Their full lengths are `npm run endurance`.
import { expect, test } from 'bun:test'
import { passes } from './results.ts'
import type { Bench, Trial } from './trial.ts'
import { kills } from './kills.ts'
import { purges } from './purges.ts'
import { reloads } from './reloads.ts'
import { upgrades } from './upgrades.ts'

const bench: Bench = {
  processes: 2,
  protocols: ['http1', 'websocket'],
  connections: 12,
  pinned: false,
  progress: () => undefined,
}

async function expectToPass(trial: Trial, times: number): Promise<void> {
  const outcome = await trial.run(bench, times)
  expect(outcome.failures).toEqual([])
  expect(passes(outcome)).toBe(true)
}

test('3 reloads under load', () => expectToPass(reloads, 3))

test('2 upgrades under load', () => expectToPass(upgrades, 2))

test('2 processes killed under load, then the supervisor', () => expectToPass(kills, 2))

test('a purge and a write while readers ask', () => expectToPass(purges, 2))
