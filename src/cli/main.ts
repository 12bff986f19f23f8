// The program: finds the command, reads its arguments, and gives it the real clock and the real terminal.
import { realClock, realTimers } from '../base/clock.ts'
import { nearest } from '../config/spelling.ts'
import { check } from './check.ts'
import { readArguments, type Command, type ExitCode, type World } from './command.ts'
import { completion } from './completion.ts'
import { demo } from './demo.ts'
import { commandHelp, programHelp } from './help.ts'
import { writeText } from './output.ts'
import { php } from './php.ts'
import { purge } from './purge.ts'
import { reload, upgrade } from './change.ts'
import { edge } from './edge.ts'
import { serve } from './serve.ts'
import { status } from './status.ts'
import { version } from './version.ts'

const served: readonly Command[] = [serve, check, status, purge, reload, upgrade, php, demo]
const commands: readonly Command[] = [...served, completion(served)]
/** Called by Myriad itself. */
const internal: readonly Command[] = [edge]

async function main(args: readonly string[], world: World): Promise<ExitCode> {
  const [name = '--help', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') {
    world.out(programHelp(commands))
    return args.length === 0 ? 2 : 0
  }
  if (name === '--version') {
    world.out(`myriad ${version}\n`)
    return 0
  }
  const command = [...commands, ...internal].find((known) => known.name === name)
  if (command === undefined) {
    const near = nearest(
      name,
      commands.map((known) => known.name),
    )
    world.err(`myriad: no such command: ${name}${near === undefined ? '' : `; did you mean '${near}'?`}\n`)
    return 2
  }
  const given = readArguments(command, rest)
  if ('error' in given) {
    world.err(`myriad: ${given.error}\n`)
    return 2
  }
  if (given.has('help')) {
    world.out(commandHelp(command))
    return 0
  }
  return await command.run(given, world)
}

const world: World = {
  clock: realClock,
  timers: realTimers,
  out: (text) => writeText(1, text),
  err: (text) => writeText(2, text),
  folder: process.cwd(),
  // Asked for each time: windows are resized.
  get columns() {
    return process.stdout.isTTY ? process.stdout.columns : undefined
  },
}

process.exit(await main(process.argv.slice(2), world))
