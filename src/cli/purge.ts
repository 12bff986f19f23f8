// `myriad purge`: empties the cache of a Myriad that runs on this machine, under this user.
import { purgeAt } from '../admin/client.ts'
import type { PurgeAsked, PurgeOutcome } from '../admin/purge.ts'
import { requestForUrl } from '../http/plain-request.ts'
import type { Command, ExitCode, Given, World } from './command.ts'
import { findRunning, pidFlag, tellSeveral, type ChosenOne } from './running.ts'

export const purge: Command = {
  name: 'purge',
  operands: '',
  operandsMax: 0,
  summary: 'Empty the cache: of some URLs, or altogether.',
  text: `A URL is emptied with all its variants, under http and https alike; its query is part of it. What is being fetched
at that moment is not stored. Applications do the same by sending the method PURGE for the URL.`,
  flags: [
    {
      name: 'url',
      value: 'URL',
      many: true,
      text: 'What to empty, such as https://example.com/page; may be repeated.',
    },
    { name: 'all', value: undefined, text: 'Empty everything.' },
    pidFlag,
    { name: 'json', value: undefined, text: 'Print what was done as JSON.' },
  ],
  async run(given, world) {
    const refused = refusal(given)
    if (refused !== undefined) {
      world.err(`myriad: ${refused}\n`)
      return 2
    }
    const chosen = await findRunning(given, world)
    if (chosen.kind === 'none') return chosen.code
    if (chosen.kind === 'several') {
      tellSeveral(chosen.all, world)
      return 1
    }
    return await purgeIn(chosen, given, world)
  },
}

function refusal(given: Given): string | undefined {
  const urls = given.values('url')
  if (given.has('all') === urls.length > 0) return 'expected either --url URL or --all'
  const wrong = urls.find((url) => requestForUrl(url) === undefined)
  if (wrong === undefined) return undefined
  const meant = requestForUrl(`http://${wrong}`) === undefined ? '' : `; did you mean 'http://${wrong}'?`
  return `--url ${wrong}: expected a URL such as https://example.com/page${meant}`
}

/** One line of what `--json` prints. */
interface Purged {
  /** Absent: everything. */
  readonly url?: string
  /** How many stored responses are gone. */
  readonly responses: number
}

async function purgeIn(
  { folder, status: { pid } }: ChosenOne,
  given: Given,
  world: World,
): Promise<ExitCode> {
  const orders: PurgeAsked[] = given.has('all')
    ? [{ kind: 'all' }]
    : given.values('url').map((url) => ({ kind: 'url', url }))
  const purged: Purged[] = []
  let failed = false
  for (const asked of orders) {
    const outcome: PurgeOutcome = (await purgeAt(folder, pid, world.timers, asked)) ?? {
      kind: 'refused',
      error: `process ${pid} does not answer`,
    }
    if (outcome.kind === 'refused') {
      world.err(`myriad: ${asked.kind === 'url' ? `${asked.url}: ` : ''}${outcome.error}\n`)
      failed = true
      continue
    }
    const { responses } = outcome
    purged.push(asked.kind === 'url' ? { url: asked.url, responses } : { responses })
    if (given.has('json')) continue
    const what = `${responses.toLocaleString('en')} stored response${responses === 1 ? '' : 's'}`
    world.out(`purged: ${what}${asked.kind === 'url' ? ` of ${asked.url}` : ''}\n`)
  }
  if (given.has('json')) world.out(`${JSON.stringify({ pid, purged }, null, 2)}\n`)
  return failed ? 1 : 0
}
