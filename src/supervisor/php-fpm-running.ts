// A php-fpm that runs already and can serve a folder: one that answers, whose workers may read the folder and see it under
// the same path.
import type { Timers } from '../base/clock.ts'
import type { FastCgiAddress } from '../origin/fastcgi/settings.ts'
import { findMasters } from '../php/discovery.ts'
import { addressText, type Pool, type PoolAddress } from '../php/pool.ts'
import { speaksFastCgi } from './php-fpm-ping.ts'
import { groupsOf, systemTables, unreadable } from './php-fpm-user.ts'

/** A pool that serves what it is asked for. */
export interface RunningPool {
  readonly address: FastCgiAddress
  /** As whom its scripts run; undefined: not known. */
  readonly user: string | undefined
  /** How many requests it works at; undefined: not known. */
  readonly workersMax: number | undefined
}

/**
 * Where the images of PHP for containers listen: their processes are not seen from here. Anybody could listen there, so it
 * is asked last of all.
 */
export const usualAddress: Pool = {
  name: 'port 9000',
  address: { kind: 'tcp', host: '127.0.0.1', port: 9000 },
  account: undefined,
  chroot: undefined,
  statusPath: undefined,
  statusAddress: undefined,
  childrenMax: undefined,
}

/**
 * The pools that run here as part of the system, of a php-fpm of root or of this user: what somebody has started by hand
 * for something else is not taken. Nor are those that a Myriad started for itself, because they end with it.
 */
export function runningPools(): readonly Pool[] {
  return findMasters().flatMap(({ name: configuration, pools }) =>
    pools.filter(
      ({ name, address }) =>
        !name.startsWith('myriad-') &&
        (/^\/(etc|usr|opt)\//.test(configuration) || /^(\/var)?\/run\//.test(addressText(address))),
    ),
  )
}

/** The first of `pools` that can serve `file`; undefined when none can. `pass` is told why one cannot. */
export async function poolFor(
  file: string,
  pools: readonly Pool[],
  timers: Timers,
  pass: (why: string) => void,
): Promise<RunningPool | undefined> {
  const { group } = systemTables()
  for (const { address, account, chroot, childrenMax } of pools) {
    const socket = addressText(address)
    // Its workers know files by other paths.
    if (chroot !== undefined) continue
    if (!(await speaksFastCgi(socket, timers))) continue
    const closed = account === undefined ? undefined : unreadable(file, account, groupsOf(account, group))
    if (closed === undefined)
      return { address: fastCgi(address), user: account?.name, workersMax: childrenMax }
    pass(`php-fpm at ${socket} is not used: it runs as ${account!.name}, who cannot read ${closed}`)
  }
  return undefined
}

function fastCgi(address: PoolAddress): FastCgiAddress {
  return address.kind === 'unix' ? address : { kind: 'tcp', hostname: address.host, port: address.port }
}
