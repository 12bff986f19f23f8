// Asks the running Myriads of this user how they are.
import type { Timers } from '../base/clock.ts'
import { forget, socketPath, socketPids } from './folder.ts'
import type { Status } from './status.ts'

const answerTimeMs = 2000

/** The status of every Myriad that runs under this user, by process id. */
export async function running(folder: string, timers: Timers): Promise<readonly Status[]> {
  const asked = await Promise.all(socketPids(folder).map((pid) => statusOf(folder, pid, timers)))
  return asked.filter((status) => status !== undefined)
}

/** The status of one process; undefined when it is gone or does not answer. */
export async function statusOf(folder: string, pid: number, timers: Timers): Promise<Status | undefined> {
  const abort = new AbortController()
  const timer = timers.after(answerTimeMs, () => abort.abort())
  try {
    const response = await fetch('http://localhost/status', {
      unix: socketPath(folder, pid),
      signal: abort.signal,
    })
    return response.ok ? ((await response.json()) as Status) : undefined
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
