// `myriad reload` and `myriad upgrade`: have a Myriad that runs on this machine, under this user, serve another
// configuration, or another version of the program.
import { changeAt } from '../admin/client.ts'
import type { Command, ExitCode, Given, World } from './command.ts'
import { findRunning, pidFlag, tellSeveral } from './running.ts'

export const reload: Command = {
  name: 'reload',
  operands: '',
  operandsMax: 0,
  summary: 'Read the configuration anew, and serve from it without closing a connection.',
  text: `A configuration with anything wrong in it is refused as a whole, and everything that is wrong is told; what runs stays as
it is. SIGHUP does the same, and so does a change of the file.`,
  flags: [pidFlag],
  run: (given, world) => change('reload', given, world),
}

export const upgrade: Command = {
  name: 'upgrade',
  operands: '',
  operandsMax: 0,
  summary: 'Start the program anew as it now lies on the disk, without losing a request.',
  text: `New processes are started in place of those that serve; these end when their requests are done. The caches start
empty. Needs several processes. SIGUSR2 does the same.`,
  flags: [pidFlag],
  run: (given, world) => change('upgrade', given, world),
}

async function change(what: 'reload' | 'upgrade', given: Given, world: World): Promise<ExitCode> {
  const chosen = await findRunning(given, world)
  if (chosen.kind === 'none') return chosen.code
  if (chosen.kind === 'several') {
    tellSeveral(chosen.all, world)
    return 1
  }
  const { pid } = chosen.status
  const outcome = await changeAt(chosen.folder, pid, world.timers, what)
  if (outcome === undefined) {
    world.err(`myriad: process ${pid} does not answer\n`)
    return 1
  }
  if (outcome.kind === 'changed') {
    for (const line of outcome.lines) world.out(`${line}\n`)
    return 0
  }
  world.err(`${outcome.error}\n`)
  return outcome.code
}
