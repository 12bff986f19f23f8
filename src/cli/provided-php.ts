// PHP for the folders of a site that name no socket: found or started before the site is served, ended after it.
import { socketFolder } from '../admin/folder.ts'
import { makePrivate } from '../base/private-folder.ts'
import { messageOf } from '../base/thrown.ts'
import type { Site } from '../config/site.ts'
import {
  planPhp,
  startPhp,
  type NoPhp,
  type PhpPlan,
  type ProvidedPhp,
} from '../supervisor/php-fpm-provide.ts'
import type { ExitCode, World } from './command.ts'

const MB = 2 ** 20

/** PHP that is provided, and who answers in words. */
export interface ServedPhp extends ProvidedPhp {
  readonly lines: readonly string[]
}

/** The folders of a site whose PHP is to be found or started. */
function foldersWithoutSocket(site: Site, known: ReadonlyMap<string, unknown>): readonly string[] {
  return site.services.flatMap(({ origin }) =>
    origin.kind === 'php' && origin.address === undefined && !known.has(origin.root) ? [origin.root] : [],
  )
}

/** Which php-fpm answers for the folders of a site that are not `known`, or would be started for them. */
export async function phpPlan(
  site: Site,
  world: World,
  known: ReadonlyMap<string, unknown> = new Map(),
): Promise<PhpPlan | NoPhp> {
  return await planPhp(foldersWithoutSocket(site, known), {
    timers: world.timers,
    path: process.env['PATH'] ?? '',
    // The memory tier with what it takes beside its budget, and the program.
    reservedBytes: site.tiers.memory * 1.2 + 96 * MB,
    say: saying(world),
  })
}

/**
 * Finds or starts PHP for the folders of a site that are not `known`; an exit code when there is none, and why has been
 * written. `say` takes what happens to it later.
 */
export async function phpFor(
  site: Site,
  world: World,
  known: ReadonlyMap<string, unknown>,
  say: (line: string) => void,
): Promise<ServedPhp | ExitCode> {
  const refuse = ({ kind, text }: NoPhp): ExitCode => {
    world.err(`myriad: ${text}\n`)
    return kind === 'wrong' ? 2 : 1
  }
  const plan = await phpPlan(site, world, known)
  if (plan.kind !== 'plan') return refuse(plan)
  const base = socketFolder()
  try {
    if (plan.own !== undefined) makePrivate(base)
  } catch (error) {
    return refuse({ kind: 'failed', text: messageOf(error) })
  }
  const php = await startPhp(plan, { clock: world.clock, timers: world.timers, say, base })
  return php.kind === 'provided' ? { ...php, lines: plan.lines } : refuse(php)
}

const saying =
  (world: World) =>
  (line: string): void =>
    void world.err(`myriad: ${line}\n`)
