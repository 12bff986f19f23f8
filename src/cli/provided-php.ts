// PHP for the folders of a site that name no socket: found or started before the site is served, ended after it.
import { makePrivate, socketFolder } from '../admin/folder.ts'
import type { Site } from '../config/site.ts'
import { providePhp, type ProvidedPhp } from '../supervisor/php-fpm-provide.ts'
import type { ExitCode, World } from './command.ts'

const MB = 2 ** 20

/** The folders of a site whose PHP is to be found or started. */
function foldersWithoutSocket(site: Site): readonly string[] {
  return site.services.flatMap(({ origin }) =>
    origin.kind === 'php' && origin.address === undefined ? [origin.root] : [],
  )
}

/** Finds or starts PHP for a site; an exit code when there is none, and why has been written. */
export async function phpFor(site: Site, world: World): Promise<ProvidedPhp | ExitCode> {
  const base = socketFolder()
  const folders = foldersWithoutSocket(site)
  const refuse = (text: string, code: ExitCode): ExitCode => {
    world.err(`myriad: ${text}\n`)
    return code
  }
  try {
    if (folders.length > 0) makePrivate(base)
  } catch (error) {
    return refuse(`cannot start php-fpm: ${error instanceof Error ? error.message : String(error)}`, 1)
  }
  const php = await providePhp(folders, {
    clock: world.clock,
    timers: world.timers,
    say: (line) => void world.err(`myriad: ${line}\n`),
    base,
    path: process.env['PATH'] ?? '',
    // The memory tier with what it takes beside its budget, and the program.
    reservedBytes: site.tiers.memory * 1.2 + 96 * MB,
  })
  if (php.kind === 'provided') return php
  return refuse(php.text, php.kind === 'wrong' ? 2 : 1)
}
