// How many processes serve a site.
import { availableParallelism } from 'node:os'
import { siteRows } from '../config/resolve.ts'
import type { Site } from '../config/site.ts'
import { canShareSockets } from '../supervisor/descriptors.ts'
import type { Given } from './command.ts'

const { max = 1 } = siteRows.processes

/** The number of processes; `--processes` before the setting before the number of cores. */
export function processesOf(given: Given, { processes }: Site): number {
  if (!canShareSockets()) return 1
  return Number(given.value('processes') ?? processes ?? Math.min(max, availableParallelism()))
}
