// All trials, in the order in which they are run.
import { certificates } from './certificates.ts'
import { floods } from './floods.ts'
import { kills } from './kills.ts'
import { purges } from './purges.ts'
import { reloads } from './reloads.ts'
import { slowReaders } from './slow-readers.ts'
import { slowloris } from './slowloris.ts'
import type { Trial } from './trial.ts'
import { upgrades } from './upgrades.ts'

export const trials: readonly Trial[] = [
  reloads,
  certificates,
  upgrades,
  kills,
  purges,
  slowloris,
  slowReaders,
  floods,
]
