// What a Myriad left behind that was killed together with the script that watches its php-fpm (php-fpm-watch.ts): found by
// the next one that starts. Only what is certainly ours is ended: processes that bear the name of a folder, or of a pool,
// that belongs to a Myriad which is no more. Linux only: elsewhere processes do not tell their names in files.
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const OWNER_FILE = 'owner'

/** The folder of the php-fpm that the Myriad with this id starts. */
export function fpmFolder(base: string, pid: number): string {
  return join(base, `php-${pid}`)
}

/**
 * The name of a pool: it stands in the title of its workers' processes. With the start time of the Myriad that it belongs
 * to, because a process id alone is used again one day.
 */
export function poolName(pid: number, index: number): string {
  return `myriad-${pid}-${startTimeOf(pid) ?? 0}-${index}`
}

/** Writes down to whom a folder belongs. A process id alone would be used again one day; its start time is not. */
export function claim(folder: string, pid: number): void {
  writeFileSync(join(folder, OWNER_FILE), `${pid} ${startTimeOf(pid) ?? ''}\n`)
}

/**
 * Ends what is left of Myriads that are no more, and removes their folders; returns how many processes that were. Only in a
 * base of this user alone: in a folder for temporary files somebody else may have made it, to have root remove things.
 */
export function removeLeftovers(base: string): number {
  if (!isOwn(base)) return 0
  let ended = 0
  for (const name of namesIn(base)) {
    const id = /^php-(\d+)$/.exec(name)?.[1]
    if (id === undefined) continue
    const folder = join(base, name)
    const { pid, startTime } = ownerOf(folder)
    // Nothing is written down of one that is starting at this moment, and where the system tells no start times.
    if (startTime === undefined ? isRunning(Number(id)) : startTimeOf(pid) === startTime) continue
    ended += endProcesses(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  return ended
}

/** Ends every php-fpm that was started with this folder, and its workers; returns how many processes that were. */
export function endProcesses(folder: string): number {
  const { pid, startTime } = ownerOf(folder)
  const pools = startTime === undefined ? undefined : `myriad-${pid}-${startTime}-`
  return namesIn('/proc').filter(
    (name) =>
      /^\d+$/.test(name) &&
      isFpmOf(textOf(`/proc/${name}/cmdline`) ?? '', folder, pools) &&
      kill(Number(name)),
  ).length
}

function ownerOf(folder: string): { readonly pid: number; readonly startTime: string | undefined } {
  const match = /^(\d+) (\d+)\n$/.exec(textOf(join(folder, OWNER_FILE)) ?? '')
  return { pid: Number(match?.[1]), startTime: match?.[2] }
}

/**
 * Whether this is the command line of a php-fpm with its configuration in `folder`, as it was started or as php-fpm
 * entitles itself, or of a worker of a pool whose name begins with `pools`.
 */
export function isFpmOf(commandLine: string, folder: string, pools: string | undefined): boolean {
  const words = commandLine.replace(/\0+$/, '')
  const file = join(folder, 'php-fpm.conf')
  if (words === `php-fpm: master process (${file})`) return true
  if (pools !== undefined && words.startsWith(`php-fpm: pool ${pools}`)) return true
  const [program = '', ...others] = words.split('\0')
  return /(^|\/)php-fpm[\d.]*$/.test(program) && others[others.indexOf('-y') + 1] === file
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    // It has ended meanwhile, as a worker does when its master goes.
    return false
  }
}

function isOwn(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
}

/** Whether this is another process that runs. */
function isRunning(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0)
  } catch {
    // There is none, or it is somebody else's: no Myriad of this user.
    return false
  }
}

/** When a process started, in the kernel's own count (proc(5), field 22 of stat); undefined when there is none. */
function startTimeOf(pid: number): string | undefined {
  // The name of the program, in parentheses, may hold anything.
  return textOf(`/proc/${pid}/stat`)?.replace(/^.*\)/s, '').trim().split(' ')[19]
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Nothing was ever started here, or the system has no such folder.
    return []
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process has ended, or the file was never written.
    return undefined
  }
}
