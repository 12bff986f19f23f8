// Whether OPcache takes no more scripts. PHP's own flag (`cache_full`) is raised only when the largest free piece of memory
// is below 64 KB, so a site of large scripts can be out of memory long before: then little is free, and scripts are
// missed again and again. Pure.
import type { OpcacheOn } from './reading.ts'

/** What there is no room left for. */
export interface Fullness {
  readonly memory: boolean
  readonly keys: boolean
}

/** Less than this share free is near the end. */
export const scarceShare = 0.1

/** With less than this free, a cache that is full by keys is full by memory too. */
const nothingShare = 0.02

/** Of what was asked for: more misses than the first use of each script explains. */
const missedShare = 0.01

/** What OPcache has no room left for. */
export function fullness(opcache: OpcacheOn): Fullness {
  const { isFull, keys, keysMax, memory, settings } = opcache
  const free = settings.memoryBytes === 0 ? 1 : memory.freeBytes / settings.memoryBytes
  const isOutOfKeys = keysMax > 0 && keys >= keysMax
  return {
    memory: (isFull && (!isOutOfKeys || free < nothingShare)) || (free < scarceShare && missesAgain(opcache)),
    keys: isOutOfKeys,
  }
}

/** Scripts that are compiled anew, and not because they have changed: that would show as waste, or have led to a restart. */
function missesAgain({ hits, misses, scripts, memory, settings }: OpcacheOn): boolean {
  const again = misses - scripts
  const isWasteful = memory.wastedBytes * 100 >= settings.memoryBytes * settings.maxWastedPercent
  return !isWasteful && again > scripts / 4 && again > (hits + misses) * missedShare
}
