// `npm run bench [-- NAME…] [--pairs N] [--seconds S] [--json] [--list]`: runs the named comparisons, or all, prints
// a table, and leaves bench/results/NAME.json. Progress goes to standard error.
import { parseArgs } from 'node:util'
import { realClock } from '../src/base/clock.ts'
import type { Bench, Comparison, Row } from './comparison.ts'
import { comparisons } from './comparisons.ts'
import { thisMachine, unfit } from './machine.ts'
import { haproxy } from './peers/haproxy.ts'
import { myriad } from './peers/myriad.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { missing } from './peers/peer.ts'
import { varnish } from './peers/varnish.ts'
import { moveToLoadCore } from './process.ts'
import { terminalTable } from './render.ts'
import { saveResult, type Result } from './results.ts'

function chosenOf(): { chosen: readonly Comparison[]; pairs: number; seconds: number; json: boolean } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      pairs: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  if (values.list) {
    for (const { name, sentence } of comparisons) console.log(`${name.padEnd(12)} ${sentence}`)
    process.exit(0)
  }
  const unknown = positionals.find((name) => !comparisons.some((comparison) => comparison.name === name))
  if (unknown !== undefined) refuse(`no comparison is called ${unknown}; --list shows them`)
  const chosen = comparisons.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const pairs = positive('--pairs', values.pairs)
  return { chosen, pairs, seconds: positive('--seconds', values.seconds), json: values.json }
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) refuse(`${option} must be a whole number of at least 1`)
  return value
}

function refuse(why: string): never {
  console.error(why)
  process.exit(2)
}

function versions(): Record<string, string> {
  const installed = [nginxTuned, varnish, haproxy].filter((peer) => missing(peer) === undefined)
  const peers = installed.map((peer) => [peer.program, peer.version()] as const)
  return { Myriad: myriad.version(), Bun: Bun.version, ...Object.fromEntries(peers) }
}

/** A comparison that cannot be carried through leaves a row that says why, and the others go on. */
async function rowsOf(comparison: Comparison): Promise<readonly Row[]> {
  try {
    return await comparison.run(bench)
  } catch (error) {
    return [{ kind: 'failed', subject: comparison.name, against: '', reason: String(error) }]
  }
}

const { chosen, pairs, seconds, json } = chosenOf()
const reason = unfit()
if (reason !== undefined) refuse(`Nothing can be measured here: ${reason}.`)
moveToLoadCore()
const bench: Bench = { pairs, seconds, warmupSeconds: 6, progress: (line) => console.error(`  ${line}`) }
const results: Result[] = []
for (const comparison of chosen) {
  const { name, sentence } = comparison
  console.error(`${name}: ${sentence}`)
  const about = { name, sentence, date: new Date(realClock.nowMs()).toISOString(), machine: thisMachine() }
  const settings = { pairs, seconds, warmupSeconds: bench.warmupSeconds }
  const result = { ...about, versions: versions(), settings, rows: await rowsOf(comparison) }
  await saveResult(result)
  results.push(result)
}
console.log(json ? JSON.stringify(results, null, 2) : terminalTable(results.flatMap(({ rows }) => rows)))
