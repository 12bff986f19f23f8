// How many processes serve a site.
import { availableParallelism } from 'node:os'
import { siteRows } from '../config/resolve.ts'
import type { Site } from '../config/site.ts'
import { canShareSockets } from '../supervisor/descriptors.ts'
import type { Given } from './command.ts'

const { max = 1 } = siteRows.processes

/** The number of processes; `--processes` before the setting before the number of cores. */
export function processesOf(given: Given, site: Site): number {
  return needsOneProcess(site) ? 1 : wanted(given, site)
}

/** Why a site is served by one process although more would be; undefined: it is not. */
export function whyOneProcess(given: Given, site: Site): string | undefined {
  return needsOneProcess(site) && wanted(given, site) > 1 ? `one process serves: ${onlyAlone}` : undefined
}

/** Why a site cannot be served by several processes; undefined: it can. */
export function whyNotSeveral(site: Site): string | undefined {
  return needsOneProcess(site) ? onlyAlone : undefined
}

const onlyAlone = 'https addresses and certificates by ACME are served by one in this version'

/**
 * The runtime's TLS listener takes no socket that was opened elsewhere, so that connections would be lost with each
 * process that is replaced.
 */
function needsOneProcess({ listen, acme }: Site): boolean {
  return acme !== undefined || listen.some(({ scheme }) => scheme === 'https')
}

function wanted(given: Given, { processes }: Site): number {
  if (!canShareSockets()) return 1
  return Number(given.value('processes') ?? processes ?? Math.min(max, availableParallelism()))
}
