// The corpus of malformed and ambiguous requests, through Myriad to several origins: nobody may see two requests in
// one, or another target; what is refused reaches nobody.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import type { Case, Outcome } from './corpus/case.ts'
import { corpus } from './corpus/corpus.ts'
import { judge } from './judge.ts'
import { hasPhpFpm } from '../../testing/php-fpm.ts'
import {
  hasNginx,
  startNginxWitness,
  startNodeWitness,
  startPhpWitness,
  startRawWitness,
  type Witness,
} from './witness.ts'

/** Small limits, so that what exceeds them is small too. */
const config = { limits: { headTime: '500ms', bodyBytes: '1MB' } }

const sections = Map.groupBy(corpus, (one) => one.section)

test('the corpus is data: one byte per character, each case and each identifier once', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(300)
  expect(new Set(corpus.map((one) => one.id)).size).toBe(corpus.length)
  expect(new Set(corpus.map((one) => one.bytes + one.after)).size).toBe(corpus.length)
  for (const one of corpus) expect(one.bytes).not.toMatch(/[^\0-\xff]/)
})

/** The case, where the origin would have been asked for what is hidden in front of it. */
function seenThrough(one: Case, witness: Witness): Case {
  const seen = (outcome: Outcome): Outcome =>
    outcome.kind === 'forwarded' && witness.hides?.(outcome.target) === true
      ? { kind: 'answered', statuses: [404] }
      : outcome
  return { ...one, outcomes: one.outcomes.map(seen) }
}

const witnesses: [string, () => Promise<Witness>][] = [
  ['a recording origin', startRawWitness],
  ["Node's server", startNodeWitness],
]
if (hasNginx) witnesses.push(['nginx', startNginxWitness])
else test.skip('nginx as the origin: it is not installed', () => undefined)
if (hasPhpFpm) witnesses.push(['php-fpm', startPhpWitness])
else test.skip('php-fpm as the origin: it is not installed', () => undefined)

for (const [name, start] of witnesses) {
  describe(name, () => {
    let witness: Witness
    let myriad: Myriad
    beforeAll(async () => {
      witness = await start()
      const { url, origin } = witness
      myriad = await startMyriad(
        url,
        origin === undefined ? config : { ...config, services: { site: { origin } } },
      )
    })
    afterAll(async () => {
      await myriad?.stop()
      await witness?.stop()
    })
    for (const [section, cases] of sections) {
      test(
        section,
        async () => {
          const problems: string[] = []
          for (const one of cases) {
            const problem = await judge(seenThrough(one, witness), myriad.port, witness)
            if (problem !== undefined) problems.push(`${one.id} (${one.why}): ${problem}`)
          }
          expect(problems).toEqual([])
        },
        60_000,
      )
    }
  })
}
