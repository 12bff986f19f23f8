// Finds PHP for folders that name no socket: a php-fpm that runs already, or one of Myriad's own.
import { realpathSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Timers } from '../base/clock.ts'
import { addressText } from '../origin/fastcgi/settings.ts'
import { installedFpm } from './php-fpm-find.ts'
import { missingText } from './php-fpm-install.ts'
import { fpmFolder, poolName, removeLeftovers } from './php-fpm-leftovers.ts'
import { machineSize } from './php-fpm-machine.ts'
import { FpmError, FpmProcess, type FpmDeps } from './php-fpm-process.ts'
import { poolFor, runningPools, usualAddress, type RunningPool } from './php-fpm-running.ts'
import { describeSize, poolSize, shareOf, type PoolSize } from './php-fpm-size.ts'
import { groupsOf, siteUser, systemTables, unreadable, type SystemUser } from './php-fpm-user.ts'

/** Why there is no PHP. `wrong`: it has to be put right first; `failed`: it was tried. */
export interface NoPhp {
  readonly kind: 'wrong' | 'failed'
  readonly text: string
}

/** Which php-fpm will answer for which folder. Nothing has been started yet. */
export interface PhpPlan {
  readonly kind: 'plan'
  /** What runs already, by folder. */
  readonly running: ReadonlyMap<string, RunningPool>
  /** The program to start for the other folders; undefined: there are none. */
  readonly own: OwnFpm | undefined
  /** All of that in words, a line for each pool. */
  readonly lines: readonly string[]
}

/** A php-fpm to be started. */
interface OwnFpm {
  readonly program: string
  readonly groups: readonly Group[]
  /** Of each group's pool. */
  readonly size: PoolSize
}

/** Folders whose scripts run as the same user share a pool. */
interface Group {
  readonly user: SystemUser | undefined
  readonly folders: string[]
}

/** PHP for every folder that was asked for. */
export interface ProvidedPhp {
  readonly kind: 'provided'
  /** By folder. */
  readonly byFolder: ReadonlyMap<string, RunningPool>
  /** Ends the php-fpm that was started, if one was. */
  end(): Promise<void>
}

/** What planning needs of the world. */
export interface PlanDeps {
  readonly timers: Timers
  /** PATH. */
  readonly path: string
  /** What Myriad itself may take of the machine's memory. */
  readonly reservedBytes: number
  /** Takes lines to tell the owner. */
  readonly say: (line: string) => void
}

/** What starting needs besides. */
export interface StartDeps extends FpmDeps {
  /** The private folder of this user's Myriads. */
  readonly base: string
}

/** Looks for PHP for these folders: a php-fpm that runs already, or a program to start. */
export async function planPhp(folders: readonly string[], deps: PlanDeps): Promise<PhpPlan | NoPhp> {
  const program = installedFpm(deps.path)
  const found = folders.length === 0 ? [] : runningPools()
  const usable = program === undefined ? [...found, usualAddress] : found
  const running = new Map<string, RunningPool>()
  const rest: string[] = []
  for (const folder of new Set(folders)) {
    const pool = await poolFor(scriptOf(folder), usable, deps.timers, deps.say)
    if (pool === undefined) rest.push(folder)
    else running.set(folder, pool)
  }
  const lines = [...running.values()].map(describePool)
  if (rest.length === 0) return { kind: 'plan', running, own: undefined, lines }
  if (program === undefined)
    return {
      kind: 'wrong',
      text: `PHP is needed for ${rest[0]}, and php-fpm is neither running nor installed: ${missingText(process.platform)}`,
    }
  const groups = groupsFor(rest)
  if (!Array.isArray(groups)) return groups
  const size = shareOf(poolSize({ ...machineSize(), reservedBytes: deps.reservedBytes }), groups.length)
  const own = { program, groups, size }
  const ownLines = groups.map(
    (group) => `php-fpm of its own: ${program} as ${nameOf(group)}, ${describeSize(size)}`,
  )
  return { kind: 'plan', running, own, lines: [...lines, ...ownLines] }
}

/** Carries a plan out: starts the php-fpm that is to be started. */
export async function startPhp(plan: PhpPlan, deps: StartDeps): Promise<ProvidedPhp | NoPhp> {
  const ended = removeLeftovers(deps.base)
  if (ended > 0) deps.say(`ended ${ended} processes of php-fpm that an earlier Myriad had left behind`)
  const byFolder = new Map(plan.running)
  if (plan.own === undefined) return { kind: 'provided', byFolder, end: () => Promise.resolve() }
  const { program, groups, size } = plan.own
  const folder = fpmFolder(deps.base, process.pid)
  const pools = groups.map((group, i) => {
    const socket = join(folder, `fpm-${i}.sock`)
    const address = { kind: 'unix', path: socket } as const
    for (const served of group.folders)
      byFolder.set(served, { address, user: nameOf(group), workersMax: size.workersMax })
    return { name: poolName(process.pid, i), socket, user: group.user, size }
  })
  try {
    const fpm = await FpmProcess.start({ program, folder, pools }, deps)
    return { kind: 'provided', byFolder, end: () => fpm.end() }
  } catch (error) {
    if (!(error instanceof FpmError)) throw error
    return { kind: 'failed', text: `${program} did not start: ${error.message}` }
  }
}

function nameOf({ user }: Group): string {
  return user?.name ?? userInfo().username
}

/** As whom the scripts of each folder run: as the user who started Myriad, unless that is root. */
function groupsFor(folders: readonly string[]): Group[] | NoPhp {
  if (process.getuid?.() !== 0) return [{ user: undefined, folders: [...folders] }]
  const { users, group } = systemTables()
  const groups = new Map<number, { user: SystemUser; folders: string[] }>()
  for (const folder of folders) {
    const user = siteUser(statSync(folder), users)
    if (user === undefined)
      return {
        kind: 'wrong',
        text: `scripts do not run as root: give ${folder} to another user (chown), or start Myriad as one`,
      }
    const closed = unreadable(scriptOf(folder), user, groupsOf(user, group))
    if (closed !== undefined)
      return {
        kind: 'wrong',
        text: `scripts do not run as root but as ${user.name}, who cannot read ${closed}: give the folder to the user whose site it is (chown), or let ${user.name} read it`,
      }
    const known = groups.get(user.uid) ?? { user, folders: [] }
    known.folders.push(folder)
    groups.set(user.uid, known)
  }
  return [...groups.values()]
}

function describePool({ address, user, workersMax }: RunningPool): string {
  const workers = workersMax === undefined ? '' : `, up to ${workersMax} workers`
  return `php-fpm runs already at ${addressText(address)}${user === undefined ? '' : `, as ${user}`}${workers}`
}

/** What has to be readable: the script that nearly every site has, or else the folder. */
function scriptOf(folder: string): string {
  const script = join(folder, 'index.php')
  return realpathSync(statSync(script, { throwIfNoEntry: false }) === undefined ? folder : script)
}
