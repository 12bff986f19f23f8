// Finds PHP for folders that name no socket: a php-fpm that runs already, or one of Myriad's own.
import { statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { addressText } from '../origin/fastcgi/settings.ts'
import { installedFpm } from './php-fpm-find.ts'
import { missingText } from './php-fpm-install.ts'
import { fpmFolder, poolName, removeLeftovers } from './php-fpm-leftovers.ts'
import { machineSize } from './php-fpm-machine.ts'
import { FpmError, FpmProcess, type FpmDeps } from './php-fpm-process.ts'
import { poolFor, runningPools, usualAddress, type RunningPool } from './php-fpm-running.ts'
import { describeSize, poolSize, shareOf, type PoolSize } from './php-fpm-size.ts'
import { groupsOf, siteUser, systemTables, unreadable, type SystemUser } from './php-fpm-user.ts'

/** PHP for every folder that was asked for. */
export interface ProvidedPhp {
  readonly kind: 'provided'
  /** By folder. */
  readonly byFolder: ReadonlyMap<string, RunningPool>
  /** Who answers, in words, a line for each. */
  readonly lines: readonly string[]
  /** Ends the php-fpm that was started, if one was. */
  end(): Promise<void>
}

/** Why there is no PHP. `wrong`: it has to be put right first; `failed`: it was tried. */
export interface NoPhp {
  readonly kind: 'wrong' | 'failed'
  readonly text: string
}

/** What providing PHP needs of the world. */
export interface PhpDeps extends FpmDeps {
  /** The private folder of this user's Myriads. */
  readonly base: string
  /** PATH. */
  readonly path: string
  /** What Myriad itself may take of the machine's memory. */
  readonly reservedBytes: number
}

/** Folders whose scripts run as the same user share a pool. */
interface Group {
  readonly user: SystemUser | undefined
  readonly folders: string[]
}

/** Finds or starts PHP for these folders. */
export async function providePhp(folders: readonly string[], deps: PhpDeps): Promise<ProvidedPhp | NoPhp> {
  const byFolder = new Map<string, RunningPool>()
  const lines: string[] = []
  const ended = removeLeftovers(deps.base)
  if (ended > 0) deps.say(`ended ${ended} processes of php-fpm that an earlier Myriad had left behind`)
  const program = installedFpm(deps.path)
  const running = folders.length === 0 ? [] : runningPools()
  const usable = program === undefined ? [...running, usualAddress] : running
  const rest: string[] = []
  for (const folder of new Set(folders)) {
    const found = await poolFor(scriptOf(folder), usable, deps.timers, deps.say)
    if (found === undefined) rest.push(folder)
    else {
      byFolder.set(folder, found)
      lines.push(describePool(found))
    }
  }
  if (rest.length === 0) return { kind: 'provided', byFolder, lines, end: () => Promise.resolve() }
  if (program === undefined)
    return {
      kind: 'wrong',
      text: `PHP is needed for ${rest[0]}, and php-fpm is neither running nor installed: ${missingText(process.platform)}`,
    }
  const groups = groupsFor(rest)
  if (!Array.isArray(groups)) return groups
  return await startOwn(program, groups, byFolder, lines, deps)
}

async function startOwn(
  program: string,
  groups: readonly Group[],
  byFolder: Map<string, RunningPool>,
  lines: string[],
  deps: PhpDeps,
): Promise<ProvidedPhp | NoPhp> {
  const folder = fpmFolder(deps.base, process.pid)
  const size: PoolSize = poolSize({ ...machineSize(), reservedBytes: deps.reservedBytes })
  const share = shareOf(size, groups.length)
  const pools = groups.map(({ user, folders }, i) => {
    const socket = join(folder, `fpm-${i}.sock`)
    const name = user?.name ?? userInfo().username
    for (const served of folders)
      byFolder.set(served, {
        address: { kind: 'unix', path: socket },
        user: name,
        workersMax: share.workersMax,
      })
    lines.push(`php-fpm started: ${program} as ${name}, ${describeSize(share)}`)
    return { name: poolName(process.pid, i), socket, user, size: share }
  })
  try {
    const fpm = await FpmProcess.start({ program, folder, pools }, deps)
    return { kind: 'provided', byFolder, lines, end: () => fpm.end() }
  } catch (error) {
    if (!(error instanceof FpmError)) throw error
    return { kind: 'failed', text: `${program} did not start: ${error.message}` }
  }
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
  return statSync(script, { throwIfNoEntry: false }) === undefined ? folder : script
}
