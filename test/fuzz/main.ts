// `npm run fuzz -- --inputs 10000000`: random inputs against the properties of the codec. It prints its seed; a failure
// prints the seed of its input, which `--side S --only SEED` brings back.
import { parseArgs } from 'node:util'
import { realClock } from '../../src/base/clock.ts'
import { runOne, type Side, sideOf, sides } from './run.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    side: { type: 'string' },
    only: { type: 'string' },
  },
})
const side = values.side as Side | undefined
if (side !== undefined && !(side in sides)) {
  console.error(`--side is one of ${Object.keys(sides).join(', ')}`)
  process.exit(2)
}

const count = values.only === undefined ? Number(values.inputs) : 1
const first = Number(values.only ?? values.seed ?? realClock.nowMs() % 1_000_000_000)
console.log(`${count} inputs, seed ${first}`)
const startMs = realClock.monotonicMs()
const failuresMax = 10
let failures = 0
for (let n = 0; n < count && failures < failuresMax; n++) {
  const found = runOne(side ?? sideOf(n), first + n)
  if (n > 0 && n % 1_000_000 === 0)
    console.log(`${n} inputs, ${Math.round(n / ((realClock.monotonicMs() - startMs) / 1000))} per second`)
  if (!found) continue
  failures++
  console.log(`--side ${found.side} --only ${found.seed}`)
  console.log(`  ${JSON.stringify(found.input.toString('latin1').slice(0, 1000))}\n  ${found.problem}`)
}
const seconds = (realClock.monotonicMs() - startMs) / 1000
console.log(`${failures === 0 ? 'no failure' : `${failures} failures`} in ${seconds.toFixed(1)} s`)
process.exitCode = failures === 0 ? 0 : 1
