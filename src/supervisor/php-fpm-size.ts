// How many PHP workers a machine gets, and how php-fpm keeps them (`pm`). A pure rule with few numbers, so that an owner
// can follow it: what memory allows, what the cores can use, and never less than two.
//
// Left out: measuring the workers of the very site. `php-fpm`'s status page tells what it uses; an owner who knows better
// runs a php-fpm of his own and names its socket.

/** What is known of the machine. */
export interface Machine {
  readonly cores: number
  /** All memory that may be used here: the machine's, or the limit of its container. */
  readonly memoryBytes: number
  /** What Myriad itself may take, its memory tier above all. */
  readonly reservedBytes: number
}

/** The sizes of a pool, in php-fpm's words. */
export interface PoolSize {
  /** `pm.max_children`. */
  readonly workersMax: number
  readonly pm:
    | { readonly kind: 'ondemand' }
    | {
        readonly kind: 'dynamic'
        readonly start: number
        readonly spareMin: number
        readonly spareMax: number
      }
}

const MB = 2 ** 20

/** A worker of a large application (WordPress with a shop, MediaWiki) beyond what it shares with the others. */
const WORKER_BYTES = 64 * MB
/** OPcache's shared memory, as PHP has it by default (`opcache.memory_consumption`). */
const OPCACHE_BYTES = 128 * MB
/** The kernel and what else runs on any machine. */
const SYSTEM_BYTES = 256 * MB
/**
 * A PHP worker waits for its database more than it computes, rarely more than seven eighths of its time. More workers
 * than that only make all of them slower: whoever comes then waits better in a queue.
 */
const WORKERS_PER_CORE = 8
/** One that hangs must not stop the site. */
const WORKERS_MIN = 2
const WORKERS_MAX = 512
/** With room for fewer workers than this, memory is too dear for workers that only wait. */
const ROOM_FOR_SPARE = 8

/**
 * The size of a pool. PHP gets at most half of the memory, because its database usually stands beside it, and never
 * what Myriad and the system need.
 */
export function poolSize({ cores, memoryBytes, reservedBytes }: Machine): PoolSize {
  const forPhp = Math.min(memoryBytes / 2, memoryBytes - reservedBytes - SYSTEM_BYTES) - OPCACHE_BYTES
  const byMemory = Math.floor(forPhp / WORKER_BYTES)
  const workersMax = Math.min(
    WORKERS_MAX,
    Math.max(WORKERS_MIN, Math.min(byMemory, cores * WORKERS_PER_CORE)),
  )
  // `ondemand`: workers start when somebody waits and end after a pause, which costs a fork for the first of a burst.
  if (byMemory < ROOM_FOR_SPARE) return { workersMax, pm: { kind: 'ondemand' } }
  // `dynamic`: some stand ready, because what the cache does not answer comes in bursts, after a purge for example; the
  // others give their memory back to the database's page cache. `static` would hold the peak's memory all the time.
  const spareMin = Math.min(cores, workersMax)
  const start = Math.min(cores * 2, workersMax)
  return { workersMax, pm: { kind: 'dynamic', start, spareMin, spareMax: Math.min(cores * 4, workersMax) } }
}

/** The same workers shared out to several pools. */
export function shareOf(size: PoolSize, pools: number): PoolSize {
  if (pools === 1) return size
  const part = (count: number, least: number): number => Math.max(least, Math.floor(count / pools))
  const workersMax = part(size.workersMax, WORKERS_MIN)
  const { pm } = size
  if (pm.kind === 'ondemand') return { workersMax, pm }
  const spareMin = Math.min(workersMax, part(pm.spareMin, 1))
  const start = Math.min(workersMax, Math.max(spareMin, part(pm.start, 1)))
  const spareMax = Math.min(workersMax, Math.max(start, part(pm.spareMax, 1)))
  return { workersMax, pm: { kind: 'dynamic', start, spareMin, spareMax } }
}

/** The size in a few words. */
export function describeSize({ workersMax, pm }: PoolSize): string {
  return pm.kind === 'ondemand'
    ? `up to ${workersMax} workers, started when they are needed`
    : `${pm.start} to ${workersMax} workers`
}
