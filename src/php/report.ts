// What was found out about all masters and pools in one round: what the status shows, the advice is made from, and the
// output formats are made of. Pure.
import type { Forecast } from './forecast.ts'
import type { Account } from './pool.ts'
import type { Opcache, PoolStatus } from './reading.ts'

/** A pool and how it answered. */
export interface PoolReport {
  readonly name: string
  readonly address: string
  readonly account: Account | undefined
  readonly chroot: string | undefined
  readonly answer: PoolAnswer
  /** `pm.max_children`; undefined: not known. */
  readonly childrenMax: number | undefined
  /** What one of its workers takes of memory; undefined: not known. */
  readonly workerBytes: number | undefined
}

export type PoolAnswer =
  /** `status` undefined: php-fpm did not tell (`fpm_get_status` is switched off). */
  | {
      readonly kind: 'answered'
      readonly status: PoolStatus | undefined
      /** Whether OPcache is on for this pool. */
      readonly opcache: Opcache['state']
    }
  /** `status`: what its status page told nevertheless. */
  | { readonly kind: 'silent'; readonly why: string; readonly status: PoolStatus | undefined }

/** A master, its pools, and the one OPcache that they share. */
export interface MasterReport {
  readonly name: string
  readonly pid: number | undefined
  readonly php: string | undefined
  /** Undefined: none of its pools answered. */
  readonly opcache: Opcache | undefined
  readonly pools: readonly PoolReport[]
  readonly forecast: Forecast
  /** Whether each question takes up an entry of OPcache: both ways in which a file without a time is left out are off. */
  readonly isQuestionCached: boolean
}

/** The PHP files below a folder that its user named. */
export interface Tree {
  readonly root: string
  readonly files: number
  /** When the latest of them changed, seconds since the epoch. */
  readonly changedAt: number
}

/** All of it. */
export interface Report {
  /** Seconds since the epoch. */
  readonly at: number
  readonly masters: readonly MasterReport[]
  /** Memory that this machine can still give to programs; undefined: not known. */
  readonly availableBytes: number | undefined
  readonly tree: Tree | undefined
}
