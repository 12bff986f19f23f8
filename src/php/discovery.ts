// Finds the masters of php-fpm that run on this machine, and their pools: masters by the titles of their processes
// (`php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)`), pools by the configuration that the title names. Pools that
// Myriad itself has started are found the same way. Where no master is seen (in a container of its own, or without
// /proc), the sockets in /run/php are what is left.
import { existsSync, globSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { addressText, masterAt, type Account, type Master, type Pool, type PoolAddress } from './pool.ts'
import { readPools, type ConfigFiles, type PoolConfig } from './pool-config.ts'

const processes = '/proc'
const debianSockets = '/run/php'
const configBytesMax = 1 << 20

const configFiles: ConfigFiles = {
  read: (path) => contentOf(path, configBytesMax),
  matching: (pattern) => (/[*?[{]/.test(pattern) ? globSync(pattern).toSorted() : [pattern]),
}

/**
 * The masters of root and of this user that run here with their pools, and whatever else listens in /run/php. Any process
 * can call itself a master: what somebody else's names as its configuration is not read, least of all by root.
 */
export function findMasters(): readonly Master[] {
  const running = processIds()
    .map((pid) => ({ pid, config: masterTitle(pid) }))
    .filter((found): found is { pid: number; config: string } => found.config !== undefined)
    .filter(({ pid }) => isTrusted(pid))
  const masters = running.map(({ pid, config }) => masterOf(pid, config))
  const known = new Set(masters.flatMap(({ pools }) => pools.map(({ address }) => identity(address))))
  return [...masters, ...strangers(known)].filter(({ pools }) => pools.length > 0)
}

/** Memory that each worker of a pool takes on average (its proportional share), and how many were looked at. */
export function workerBytes(master: number, pool: string): number | undefined {
  const sizes = workersOf(master, pool)
    .map((pid) => /^Pss:\s+(\d+) kB/m.exec(contentOf(`${processes}/${pid}/smaps_rollup`) ?? '')?.[1])
    .filter((size) => size !== undefined)
  if (sizes.length === 0) return undefined
  return (sizes.reduce((sum, size) => sum + Number(size), 0) * 1024) / sizes.length
}

/** Memory that this machine can still give to programs. */
export function availableBytes(): number | undefined {
  const found = /^MemAvailable:\s+(\d+) kB/m.exec(contentOf(`${processes}/meminfo`) ?? '')?.[1]
  return found === undefined ? undefined : Number(found) * 1024
}

/** What tells two addresses apart: /run/php/php-fpm.sock is a link to another socket on Debian. */
export function identity(address: PoolAddress): string {
  if (address.kind === 'tcp') return addressText(address)
  try {
    return realpathSync(address.path)
  } catch {
    // Not there any more, or not to be seen: told when it is asked.
    return address.path
  }
}

function masterOf(pid: number, config: string): Master {
  const pools = readPools(config, configFiles).map((pool) => poolOf(pid, pool))
  return { name: config, pid, pools }
}

function poolOf(master: number, config: PoolConfig): Pool {
  const { name, address, chroot, statusPath, statusAddress, childrenMax } = config
  const [worker] = workersOf(master, name)
  const account = worker === undefined ? configuredAccount(master, config) : accountOfProcess(worker)
  return { name, address, account, chroot, statusPath, statusAddress, childrenMax }
}

/** Sockets of masters that are not seen; names that link to one that is known already do not count. */
function strangers(known: Set<string>): readonly Master[] {
  if (!existsSync(debianSockets)) return []
  const masters: Master[] = []
  for (const name of readdirSync(debianSockets).toSorted()) {
    const path = `${debianSockets}/${name}`
    const address: PoolAddress = { kind: 'unix', path }
    const real = identity(address)
    if (known.has(real) || !isSocket(real)) continue
    known.add(real)
    masters.push(masterAt({ kind: 'unix', path: real }))
  }
  return masters
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true
}

function processIds(): readonly number[] {
  if (!existsSync(processes)) return []
  return readdirSync(processes)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)
}

function masterTitle(pid: number): string | undefined {
  return /^php-fpm: master process \((.+)\)$/.exec(titleOf(pid))?.[1]
}

/** By the user who started it: a program that anybody may run as root is called what they like, too. */
function isTrusted(pid: number): boolean {
  const uid = /^Uid:\s+(\d+)/m.exec(contentOf(`${processes}/${pid}/status`) ?? '')?.[1]
  return uid !== undefined && (Number(uid) === 0 || Number(uid) === process.getuid?.())
}

function workersOf(master: number, pool: string): readonly number[] {
  return processIds().filter(
    (pid) => titleOf(pid) === `php-fpm: pool ${pool}` && statusField(pid, 'PPid') === master,
  )
}

/** As it calls itself; php-fpm pads its title. */
function titleOf(pid: number): string {
  return (contentOf(`${processes}/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
}

function statusField(pid: number, name: 'PPid' | 'Uid' | 'Gid'): number | undefined {
  const found = new RegExp(`^${name}:\\s+(?:\\d+\\s+)?(\\d+)`, 'm').exec(
    contentOf(`${processes}/${pid}/status`) ?? '',
  )
  return found === null ? undefined : Number(found[1])
}

function accountOfProcess(pid: number): Account | undefined {
  const [uid, gid] = [statusField(pid, 'Uid'), statusField(pid, 'Gid')]
  return uid === undefined || gid === undefined ? undefined : { uid, gid, name: userName(uid) }
}

/** Of a pool without workers (`pm = ondemand`). A master that is not root cannot change users, whatever is configured. */
function configuredAccount(master: number, { user, group }: PoolConfig): Account | undefined {
  const own = accountOfProcess(master)
  if (own === undefined || own.uid !== 0 || user === undefined) return own
  const entry = /^\d+$/.test(user) ? lookUp('passwd', 2, user) : lookUp('passwd', 0, user)
  const uid = entry === undefined ? Number(user) : Number(entry[2])
  const given = group === undefined ? entry?.[3] : (lookUp('group', 0, group)?.[2] ?? group)
  const gid = Number(given)
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid, name: userName(uid) } : undefined
}

function userName(uid: number): string {
  return lookUp('passwd', 2, String(uid))?.[0] ?? String(uid)
}

function lookUp(table: 'passwd' | 'group', column: number, value: string): readonly string[] | undefined {
  return (contentOf(`/etc/${table}`) ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .find((columns) => columns[column] === value)
}

/** What a file holds; undefined when it may not be read, is gone, or is larger than it may be. */
function contentOf(path: string, bytesMax = Infinity): string | undefined {
  try {
    return statSync(path).size > bytesMax ? undefined : readFileSync(path, 'utf8')
  } catch {
    // A process that has ended, or one of somebody else: as if it were not there.
    return undefined
  }
}
