// `npm run conformance -- FOLDER`: runs the public suite in FOLDER (suite.ts) through Myriad and scores it (score.ts).
// It ends with 1 when the score is under the bars, or when the suite is not the pinned one.
import { parseArgs } from 'node:util'
import { type Config, startMyriad } from '../../testing/myriad.ts'
import config from './cache-tests.config.json'
import { reachesBars, type Score, scoreOf } from './score.ts'
import { scoreText } from './report.ts'
import {
  loadSuite,
  parseResults,
  runClient,
  startSuiteServer,
  type Suite,
  type SuiteServer,
  suiteCommit,
} from './suite.ts'

const usage = `npm run conformance -- FOLDER [--defaults] [--json] [--id TEST]
npm run conformance -- FOLDER --base URL --origin-port PORT [--json] [--id TEST]

FOLDER  a checkout of http-tests/cache-tests at ${suiteCommit}, after \`npm install\` in it
--defaults     also runs Myriad with its defaults, and prints that score beside
--json         prints the scores as JSON
--id TEST      runs that test alone and shows its messages as the client and the origin saw them
--base URL     tests another cache instead; it must forward to 127.0.0.1:PORT of --origin-port`

type Profile = 'configured' | 'defaults' | 'base'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      base: { type: 'string' },
      'origin-port': { type: 'string' },
      defaults: { type: 'boolean' },
      id: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const folder = positionals[0]
  if (values.help || !folder || positionals.length > 1 || (values.base && !values['origin-port'])) {
    console.error(usage)
    return values.help ? 0 : 2
  }
  const suite = await loadSuite(folder)
  if (!suite.isPinned) console.error(`the tests in ${folder} are not those of commit ${suiteCommit}`)
  const profiles: Profile[] = values.base ? ['base'] : ['configured']
  if (values.defaults && !values.base) profiles.push('defaults')

  const scores = new Map<Profile, Score>()
  for (const profile of profiles) {
    const origin = await startSuiteServer(suite, Number(values['origin-port'] ?? 0))
    try {
      const printed = await runProfile(suite, origin, profile, values.base, values.id)
      if (values.id) console.log(`${origin.output()}\n${printed}`)
      else scores.set(profile, scoreOf(suite, parseResults(printed)))
    } finally {
      await origin.stop()
    }
  }
  if (values.id) return 0
  if (values.json) console.log(JSON.stringify(Object.fromEntries(scores), null, 2))
  else for (const [profile, score] of scores) console.log(scoreText(profile, score))
  const first = scores.get(profiles[0]!)
  return first && suite.isPinned && reachesBars(first) ? 0 : 1
}

async function runProfile(
  suite: Suite,
  origin: SuiteServer,
  profile: Profile,
  base: string | undefined,
  testId: string | undefined,
): Promise<string> {
  if (base) return runClient(suite, base, testId)
  const target = `http://127.0.0.1:${origin.port}`
  const { services, routes } = config
  const site = { ...services.site.origin, http: target }
  const myriad = await startMyriad(
    target,
    profile === 'configured' ? ({ routes, services: { site: { origin: site } } } as Config) : undefined,
  )
  try {
    return await runClient(suite, myriad.url, testId)
  } finally {
    await myriad.stop()
  }
}

// Whoever ends this early must not leave the children behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
