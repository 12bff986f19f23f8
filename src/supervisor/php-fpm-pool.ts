// The configuration of the php-fpm that Myriad starts itself: one file in a private folder, made anew each time. Follows
// the manual of PHP, "FastCGI Process Manager: Configuration". The machine's php.ini and its extensions stay in force: what
// an owner has set there (upload sizes, memory_limit, the size of OPcache) is not overruled.
import type { PoolSize } from './php-fpm-size.ts'

/** One pool: the workers that run as one user. */
export interface Pool {
  readonly name: string
  /** The unix socket that it listens on. */
  readonly socket: string
  /** The user that its workers become; undefined: they stay the user that started them. */
  readonly user: PoolUser | undefined
  readonly size: PoolSize
}

/** A user by numbers, which need no entry in any table. */
export interface PoolUser {
  readonly uid: number
  readonly gid: number
}

/** Where php-fpm's own status is asked for, over FastCGI. No path of a site: scripts of sites end in `.php`. */
const STATUS_PATH = '/myriad-status'

/** How long workers may take to end when they are asked to. */
export const WORKERS_END_SECONDS = 5

/** No worker is held longer than Myriad waits for an answer: `totalTime` of origins, by default. */
const REQUEST_SECONDS_MAX = 3600
/** Extensions leak; a worker is replaced after so many requests, at some 10 ms each time. */
const REQUESTS_PER_WORKER = 5000

/**
 * The text of `php-fpm.conf` for these pools. Throws when a path could not be written into it: the format knows no
 * escapes.
 */
export function poolText(folder: string, pools: readonly Pool[]): string {
  for (const path of [folder, ...pools.map((pool) => pool.socket)])
    if (/[^\x21-\x7e]|[;"'$`\\]/.test(path)) throw new Error(`php-fpm cannot use the folder ${path}`)
  return [
    '; Made by Myriad at each start.',
    '[global]',
    `pid = ${folder}/php-fpm.pid`,
    // Everything goes to standard error instead (`--force-stderr`).
    'error_log = /dev/null',
    // "ready" and "bye" are Myriad's to say.
    'log_level = warning',
    'daemonize = no',
    `process_control_timeout = ${WORKERS_END_SECONDS}s`,
    ...pools.flatMap(poolLines),
    '',
  ].join('\n')
}

function poolLines({ name, socket, user, size }: Pool): readonly string[] {
  return [
    '',
    `[${name}]`,
    ...(user === undefined ? [] : [`user = ${user.uid}`, `group = ${user.gid}`]),
    `listen = ${socket}`,
    // For whoever started Myriad alone, in a folder that only they can enter.
    'listen.mode = 0600',
    ...sizeLines(size),
    `pm.max_requests = ${REQUESTS_PER_WORKER}`,
    `request_terminate_timeout = ${REQUEST_SECONDS_MAX}s`,
    `pm.status_path = ${STATUS_PATH}`,
    // A listener of its own, so that the status is told also while every worker is busy.
    `pm.status_listen = ${statusSocket(socket)}`,
    // What a worker writes to its standard error is passed on as it is.
    'catch_workers_output = yes',
    'decorate_workers_output = no',
    // Only files with this ending run, whatever a request names.
    'security.limit_extensions = .php',
    // The environment of whoever started Myriad, with its secrets, is not the scripts'.
    'clear_env = yes',
  ]
}

function sizeLines({ workersMax, pm }: PoolSize): readonly string[] {
  const lines = [`pm = ${pm.kind}`, `pm.max_children = ${workersMax}`]
  if (pm.kind === 'ondemand') return [...lines, 'pm.process_idle_timeout = 30s']
  return [
    ...lines,
    `pm.start_servers = ${pm.start}`,
    `pm.min_spare_servers = ${pm.spareMin}`,
    `pm.max_spare_servers = ${pm.spareMax}`,
  ]
}

/** The socket on which a pool tells its status. */
function statusSocket(socket: string): string {
  return socket.replace(/\.sock$/, '') + '-status.sock'
}

/** Settings of PHP itself that Myriad relies on, as arguments. `pools`: how many share this php-fpm's OPcache. */
export function phpArguments(pools: number): readonly string[] {
  return [
    // The path of the script is what Myriad found; PHP does not guess another one from it.
    'cgi.fix_pathinfo=0',
    // Compiled scripts are kept in shared memory: without it every request compiles the whole application anew.
    'opcache.enable=1',
    // Pools run as different users: what one of them has compiled, another gets only if it may read the file itself.
    ...(pools > 1 ? ['opcache.validate_permission=1'] : []),
    // Which PHP this is, is nobody's business.
    'expose_php=0',
  ].flatMap((setting) => ['-d', setting])
}
