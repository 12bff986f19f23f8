// Asks the running Myriads of this user how they are, and has them empty their caches.
import type { Timers } from '../base/clock.ts'
import { forget, socketPath, socketPids } from './folder.ts'
import type { ChangeOutcome } from './change.ts'
import type { PurgeAsked, PurgeOutcome } from './purge.ts'
import type { Status } from './status.ts'

const answerTimeMs = 2000
/** Purging waits for every process; a change for new ones to start, or for PHP. */
const purgeTimeMs = 15_000
const changeTimeMs = 90_000

/** The status of every Myriad that runs under this user, by process id. */
export async function running(folder: string, timers: Timers): Promise<readonly Status[]> {
  const asked = await Promise.all(socketPids(folder).map((pid) => statusOf(folder, pid, timers)))
  return asked.filter((status) => status !== undefined)
}

/** The status of one process; undefined when it is gone or does not answer. */
export async function statusOf(folder: string, pid: number, timers: Timers): Promise<Status | undefined> {
  return (await ask(folder, pid, timers, '/status', { method: 'GET' })) as Status | undefined
}

/** Has one process drop what is stored; undefined when it is gone or does not answer. */
export async function purgeAt(
  folder: string,
  pid: number,
  timers: Timers,
  asked: PurgeAsked,
): Promise<PurgeOutcome | undefined> {
  const order = { method: 'POST', body: JSON.stringify(asked) }
  return (await ask(folder, pid, timers, '/purge', order, purgeTimeMs)) as PurgeOutcome | undefined
}

/** Has one process read its configuration anew, or start the program anew; undefined when it is gone. */
export async function changeAt(
  folder: string,
  pid: number,
  timers: Timers,
  what: 'reload' | 'upgrade',
): Promise<ChangeOutcome | undefined> {
  const asked = ask(folder, pid, timers, `/${what}`, { method: 'POST' }, changeTimeMs)
  return (await asked) as ChangeOutcome | undefined
}

async function ask(
  folder: string,
  pid: number,
  timers: Timers,
  path: string,
  what: { readonly method: string; readonly body?: string },
  timeMs = answerTimeMs,
): Promise<unknown> {
  const abort = new AbortController()
  const timer = timers.after(timeMs, () => abort.abort())
  try {
    const response = await fetch(`http://localhost${path}`, {
      ...what,
      unix: socketPath(folder, pid),
      signal: abort.signal,
    })
    return response.ok ? await response.json() : undefined
  } catch {
    // Nobody answers: a process that was killed leaves its socket behind.
    if (!isAlive(pid)) forget(folder, pid)
    return undefined
  } finally {
    timer.cancel()
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    // ESRCH: no such process. Another user's process of that id is none of ours either.
    return false
  }
}
