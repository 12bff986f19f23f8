// What is known of a pool of php-fpm before it is asked: where it listens, and as whom its workers run. Pure.

/** Where a pool listens. */
export type PoolAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** The user that a pool's workers run as. */
export interface Account {
  readonly uid: number
  readonly gid: number
  /** For people. */
  readonly name: string
}

/** A pool that was found, or named by its user. */
export interface Pool {
  /** `www`, or the address where no name is known. */
  readonly name: string
  readonly address: PoolAddress
  /** Undefined: not known. */
  readonly account: Account | undefined
  readonly chroot: string | undefined
  readonly statusPath: string | undefined
  readonly statusAddress: PoolAddress | undefined
  /** `pm.max_children`; undefined: not known. */
  readonly childrenMax: number | undefined
}

/** A process that pools belong to. All its pools share one OPcache. */
export interface Master {
  /** Its configuration file; the address of its one pool where that is all that is known. */
  readonly name: string
  /** Undefined: not known. */
  readonly pid: number | undefined
  readonly pools: readonly Pool[]
}

/** A pool of which only the address is known, and a master for it alone. */
export function masterAt(address: PoolAddress): Master {
  const name = addressText(address)
  const pool: Pool = {
    name,
    address,
    account: undefined,
    chroot: undefined,
    statusPath: undefined,
    statusAddress: undefined,
    childrenMax: undefined,
  }
  return { name, pid: undefined, pools: [pool] }
}

/** An address as people write it. */
export function addressText(address: PoolAddress): string {
  if (address.kind === 'unix') return address.path
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
