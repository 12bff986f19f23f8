// Which of the Myriads that run on this machine, under this user, a command is for.
import { running, statusOf } from '../admin/client.ts'
import { socketFolder } from '../admin/folder.ts'
import type { Status } from '../admin/status.ts'
import type { ExitCode, Flag, Given, World } from './command.ts'

export const pidFlag: Flag = { name: 'pid', value: 'PID', text: 'Which one to ask, by its process id.' }

/** What `--pid` chooses, or what runs. */
export type Chosen =
  | { readonly kind: 'one'; readonly status: Status }
  | { readonly kind: 'several'; readonly all: readonly Status[] }
  /** There is none: what is wrong has been written. */
  | { readonly kind: 'none'; readonly code: ExitCode }

/** Finds the running Myriad that is meant. */
export async function findRunning(given: Given, world: World): Promise<Chosen> {
  const folder = socketFolder()
  const none = (code: ExitCode, text: string): Chosen => {
    world.err(`myriad: ${text}\n`)
    return { kind: 'none', code }
  }
  const pid = given.value('pid')
  if (pid !== undefined) {
    if (!/^\d+$/.test(pid)) return none(2, `--pid ${pid}: expected a process id`)
    const found = await statusOf(folder, Number(pid), world.timers)
    return found === undefined
      ? none(1, `no Myriad of this user runs as process ${pid}`)
      : { kind: 'one', status: found }
  }
  const all = await running(folder, world.timers)
  if (all.length === 0) return none(1, 'no Myriad of this user is running')
  return all.length === 1 ? { kind: 'one', status: all[0]! } : { kind: 'several', all }
}

/** Says that one of several has to be chosen. */
export function tellSeveral(all: readonly Status[], world: World): void {
  world.err('myriad: several are running: choose one with --pid\n')
  for (const each of all) world.err(`  ${String(each.pid).padStart(8)}  ${each.addresses.join(', ')}\n`)
}
