// `npm run endurance [-- NAME…] [--times N] [--processes N] [--protocols LIST] [--json] [--list]`: runs the named trials, or
// all, prints what was found, and leaves test/endurance/results/NAME.json. Progress goes to standard error. It ends with 1
// when a bar is missed.
import { parseArgs } from 'node:util'
import { thisMachine } from '../../bench/machine.ts'
import { myriad } from '../../bench/peers/myriad.ts'
import { moveToLoadCore } from '../../bench/process.ts'
import { realClock } from '../../src/base/clock.ts'
import { type Protocol, protocols } from './load/mixed-load.ts'
import { passes, type Result, saveResult, tableOf } from './results.ts'
import type { Bench, Outcome, Trial } from './trial.ts'
import { trials } from './trials.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string' },
    processes: { type: 'string' },
    protocols: { type: 'string' },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})

function refuse(why: string): never {
  console.error(why)
  process.exit(2)
}

function number(option: 'times' | 'processes'): number | undefined {
  const text = values[option]
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) refuse(`--${option} must be a whole number of at least 1`)
  return Number(text)
}

function chosenProtocols(): readonly Protocol[] {
  const wanted = values.protocols?.split(',') ?? protocols
  const unknown = wanted.find((name) => !protocols.some((protocol) => protocol === name))
  if (unknown !== undefined) refuse(`no protocol is called ${unknown}; there are ${protocols.join(', ')}`)
  return protocols.filter((protocol) => wanted.includes(protocol))
}

async function outcomeOf(trial: Trial, bench: Bench, times: number): Promise<Outcome> {
  try {
    return await trial.run(bench, times)
  } catch (error) {
    return { findings: [], failures: [error instanceof Error ? error.message : String(error)] }
  }
}

if (values.list) {
  for (const { name, sentence, times } of trials)
    console.log(`${name.padEnd(13)} ${times} times: ${sentence}`)
  process.exit(0)
}
const unknown = positionals.find((name) => !trials.some((trial) => trial.name === name))
if (unknown !== undefined) refuse(`no trial is called ${unknown}; --list shows them`)
if (process.platform !== 'linux') refuse('It reads /proc, which only Linux has.')
const machine = thisMachine()
if (machine.cores < 2) refuse('It needs two cores: one for the server, one for the load.')
moveToLoadCore()
const bench: Bench = {
  processes: number('processes'),
  protocols: chosenProtocols(),
  connections: 64,
  pinned: true,
  progress: (line) => console.error(`  ${line}`),
}
const results: Result[] = []
for (const trial of trials.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const times = number('times') ?? trial.times
  console.error(`${trial.name}, ${times} times: ${trial.sentence}`)
  const date = new Date(realClock.nowMs()).toISOString()
  const outcome = await outcomeOf(trial, bench, times)
  for (const failure of outcome.failures.slice(0, 10)) console.error(`  ${failure}`)
  const result = {
    name: trial.name,
    sentence: trial.sentence,
    date,
    machine,
    versions: { Myriad: myriad.version(), Bun: Bun.version },
    settings: { times, processes: bench.processes, protocols: bench.protocols },
    ...outcome,
  }
  await saveResult(result)
  results.push(result)
}
console.log(values.json ? JSON.stringify(results, null, 2) : tableOf(results))
process.exitCode = results.every(passes) ? 0 : 1
