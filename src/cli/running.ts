// Which of the Myriads that run on this machine, under this user, a command is for.
import { running, statusOf } from '../admin/client.ts'
import { foldersToAsk } from '../admin/folder.ts'
import type { Status } from '../admin/status.ts'
import type { ExitCode, Flag, Given, World } from './command.ts'

export const pidFlag: Flag = { name: 'pid', value: 'PID', text: 'Which one to ask, by its process id.' }

/** What `--pid` chooses, or what runs. */
export type Chosen =
  | ChosenOne
  | { readonly kind: 'several'; readonly all: readonly Status[] }
  /** There is none: what is wrong has been written. */
  | { readonly kind: 'none'; readonly code: ExitCode }

/** The one that is meant, and the folder that it is asked in. */
export interface ChosenOne {
  readonly kind: 'one'
  readonly folder: string
  readonly status: Status
}

/** Finds the running Myriad that is meant. */
export async function findRunning(given: Given, world: World): Promise<Chosen> {
  const none = (code: ExitCode, text: string): Chosen => {
    world.err(`myriad: ${text}\n`)
    return { kind: 'none', code }
  }
  const pid = given.value('pid')
  if (pid !== undefined) {
    if (!/^\d+$/.test(pid)) return none(2, `--pid ${pid}: expected a process id`)
    for (const folder of foldersToAsk()) {
      const status = await statusOf(folder, Number(pid), world.timers)
      if (status !== undefined) return { kind: 'one', folder, status }
    }
    return none(1, `no Myriad of this user runs as process ${pid}`)
  }
  const found: ChosenOne[] = []
  for (const folder of foldersToAsk())
    for (const status of await running(folder, world.timers)) found.push({ kind: 'one', folder, status })
  if (found.length === 0) return none(1, 'no Myriad of this user is running')
  return found.length === 1 ? found[0]! : { kind: 'several', all: found.map(({ status }) => status) }
}

/** Says that one of several has to be chosen. */
export function tellSeveral(all: readonly Status[], world: World): void {
  world.err('myriad: several are running: choose one with --pid\n')
  for (const each of all) world.err(`  ${String(each.pid).padStart(8)}  ${each.addresses.join(', ')}\n`)
}
