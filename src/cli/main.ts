// The program: finds the command, reads its arguments, and gives it the real clock and the real terminal.
import { realClock, realTimers } from '../base/clock.ts'
import { nearest } from '../config/spelling.ts'
import { readArguments, type Command, type ExitCode, type World } from './command.ts'
import { completion } from './completion.ts'
import { commandHelp, programHelp } from './help.ts'
import { writeText } from './output.ts'
import { version } from './version.ts'

/** Loads a command when it is called: a server keeps no memory for the others. */
type Load = () => Promise<Command>

/** In the order in which they are told. */
const shown: Readonly<Record<string, Load>> = {
  serve: async () => (await import('./serve.ts')).serve,
  check: async () => (await import('./check.ts')).check,
  status: async () => (await import('./status.ts')).status,
  purge: async () => (await import('./purge.ts')).purge,
  reload: async () => (await import('./change.ts')).reload,
  upgrade: async () => (await import('./change.ts')).upgrade,
  php: async () => (await import('./php.ts')).php,
  service: async () => (await import('./service.ts')).service,
  demo: async () => (await import('./demo.ts')).demo,
  completion: async () => completion(await allOf(shown, 'completion')),
}

/** Called by Myriad itself. */
const internal: Readonly<Record<string, Load>> = {
  edge: async () => (await import('./edge.ts')).edge,
}

/** All commands, but for one that would have to be made of them. */
function allOf(loads: Readonly<Record<string, Load>>, but?: string): Promise<readonly Command[]> {
  return Promise.all(
    Object.entries(loads)
      .filter(([name]) => name !== but)
      .map(([, load]) => load()),
  )
}

async function main(args: readonly string[], world: World): Promise<ExitCode> {
  const [name = '--help', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') {
    world.out(programHelp(await allOf(shown)))
    return args.length === 0 ? 2 : 0
  }
  if (name === '--version') {
    world.out(`myriad ${version}\n`)
    return 0
  }
  const loads = { ...shown, ...internal }
  const load = Object.hasOwn(loads, name) ? loads[name] : undefined
  if (load === undefined) {
    const near = nearest(name, Object.keys(shown))
    world.err(`myriad: no such command: ${name}${near === undefined ? '' : `; did you mean '${near}'?`}\n`)
    return 2
  }
  const command = await load()
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
