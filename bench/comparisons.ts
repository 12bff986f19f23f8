// All comparisons, in the order in which they run and in which the README shows them.
import { accessLog } from './access-log.ts'
import { allOn } from './all-on.ts'
import { bodies } from './bodies.ts'
import { collapse } from './collapse.ts'
import type { Comparison } from './comparison.ts'
import { compressed } from './compressed.ts'
import { connections, tlsConnections } from './connections.ts'
import { files } from './files.ts'
import { hits } from './hits.ts'
import { memoryBudget } from './memory-budget.ts'
import { misses } from './misses.ts'
import { php } from './php.ts'
import { sizesOfHits } from './sizes.ts'
import { start } from './start.ts'
import { tls } from './tls.ts'
import { wordpress } from './wordpress.ts'

export const comparisons: readonly Comparison[] = [
  hits,
  sizesOfHits,
  compressed,
  accessLog,
  misses,
  tls,
  allOn,
  connections,
  tlsConnections,
  bodies,
  files,
  php,
  wordpress,
  collapse,
  memoryBudget,
  start,
]
