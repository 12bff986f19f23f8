// All trials, in the order in which they are run.
import { certificates } from './certificates.ts'
import { kills } from './kills.ts'
import { purges } from './purges.ts'
import { reloads } from './reloads.ts'
import type { Trial } from './trial.ts'
import { upgrades } from './upgrades.ts'

export const trials: readonly Trial[] = [reloads, certificates, upgrades, kills, purges]
