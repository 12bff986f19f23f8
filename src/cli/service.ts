// `myriad service`: Myriad as a service of systemd.
import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '../base/thrown.ts'
import type { Command, ExitCode, Given, World } from './command.ts'
import { program } from './program.ts'
import { InstalledService, SERVICE_USER, ServiceError, type ServiceMachine } from './service-install.ts'
import { SERVICE_UNIT, unitsFor, type UnitFile } from './service-units.ts'
import { configFlag, siteFrom } from './site.ts'

const deeds = ['install', 'uninstall', 'status'] as const

type Deed = (typeof deeds)[number]

/** The flags that only some of them take. */
const flagsOf: Readonly<Record<Deed, readonly string[]>> = {
  install: ['user', 'config', 'dry-run', 'force'],
  uninstall: ['force'],
  status: [],
}

export const service: Command = {
  name: 'service',
  operands: deeds.join('|'),
  operandsMax: 1,
  summary: 'Install Myriad as a service of systemd, remove it, show how it is.',
  text: `install    write the units, enable and start them; the configuration is checked first
uninstall  stop the service and remove its units; its user and /var/lib/myriad stay
status     show whether it is installed, runs, and what it says of itself

Units that were changed by hand are left alone; systemctl edit myriad.service adds to them without changing them.`,
  flags: [
    {
      name: 'user',
      value: 'NAME',
      text: `Who it runs as; ${SERVICE_USER}, who is made where there is none.`,
    },
    configFlag,
    { name: 'dry-run', value: undefined, text: 'Print the units, and change nothing.' },
    { name: 'force', value: undefined, text: 'Replace or remove units that were changed by hand, too.' },
  ],
  async run(given, world) {
    const refuse = (code: ExitCode, text: string): ExitCode => {
      world.err(`myriad: ${text}\n`)
      return code
    }
    const deed = deeds.find((known) => known === given.operands[0])
    if (deed === undefined) return refuse(2, `service: expected one of ${deeds.join(', ')}`)
    const foreign = service.flags.find(({ name }) => given.has(name) && !flagsOf[deed].includes(name))
    if (foreign !== undefined) return refuse(2, `--${foreign.name} does not belong to service ${deed}`)
    const user = given.value('user') ?? SERVICE_USER
    const units = deed === 'install' ? await unitsOf(user, given, world) : []
    if (typeof units === 'number') return units
    if (given.has('dry-run')) {
      for (const { name, text } of units) world.out(`# ${UNIT_FOLDER}/${name}\n${text}\n`)
      return 0
    }
    const missing = whatIsMissing(deed)
    if (missing !== undefined) return refuse(1, missing)
    const installed = new InstalledService(machine)
    try {
      if (deed === 'status') return tellStatus(installed, world)
      const force = given.has('force')
      const lines = deed === 'install' ? installed.install(units, user, force) : installed.uninstall(force)
      for (const line of lines) world.out(`${line}\n`)
      return 0
    } catch (error) {
      if (error instanceof ServiceError) return refuse(1, error.message)
      throw error
    }
  },
}

/** Where the machine's owner has units (systemd.unit(5)). */
const UNIT_FOLDER = '/etc/systemd/system'

const machine: ServiceMachine = {
  unitFolder: UNIT_FOLDER,
  run(command) {
    try {
      const { success, stdout, stderr } = Bun.spawnSync([...command], { stdout: 'pipe', stderr: 'pipe' })
      return { done: success, said: `${stdout.toString()}${stderr.toString()}` }
    } catch (error) {
      return { done: false, said: messageOf(error) }
    }
  },
}

/** Undefined: it can be done. */
function whatIsMissing(deed: Deed): string | undefined {
  // As sd_booted(3) has it.
  if (!existsSync('/run/systemd/system'))
    return 'this system was not started by systemd: there is nothing to install a service in (--dry-run prints the units)'
  if (deed !== 'status' && process.geteuid?.() !== 0)
    return `service ${deed} changes what the system starts, and needs root: run it with sudo`
  return undefined
}

/** The units for the site that is meant; an exit code when there is none. */
async function unitsOf(user: string, given: Given, world: World): Promise<readonly UnitFile[] | ExitCode> {
  const refuse = (text: string): ExitCode => {
    world.err(`myriad: ${text}\n`)
    return 2
  }
  if (!/^[a-z_][a-z0-9_-]{0,31}$/i.test(user)) return refuse(`--user ${user}: expected the name of a user`)
  if (user === 'root')
    return refuse('--user root: the service binds low ports without being root; name another user')
  const found = await siteFrom({ ...given, operands: [] }, world)
  if (found === undefined) return 2
  const { file, folder, site } = found
  const words = [...absoluteProgram(), file ?? folder]
  const odd = words.find((word) => /[\n\r]/.test(word))
  if (odd !== undefined) return refuse(`${JSON.stringify(odd)} cannot stand in a unit`)
  return unitsFor({
    program: absoluteProgram(),
    serve: ['serve', ...(file === undefined ? [folder] : ['--config', file])],
    user,
    folder,
    listen: site.listen,
    drainMs: site.edge.drainTime,
  })
}

/** Its path in the form that systemd takes, without dots, through the same links where that is the same file. */
function absoluteProgram(): readonly string[] {
  const [path = '', ...rest] = program()
  const short = resolve(path)
  const isSame = existsSync(short) && realpathSync(short) === realpathSync(path)
  return [isSame ? short : realpathSync(path), ...rest]
}

function tellStatus(installed: InstalledService, world: World): ExitCode {
  for (const [path, state] of installed.units) world.out(`${path}: ${state}\n`)
  const properties = ['ActiveState', 'SubState', 'MainPID', 'NRestarts', 'StatusText']
  const of = installed.properties(SERVICE_UNIT, properties)
  const isActive = of.get('ActiveState') === 'active' || of.get('ActiveState') === 'reloading'
  const process = of.get('MainPID') === '0' ? '' : `, process ${of.get('MainPID')}`
  const restarts = of.get('NRestarts') === '0' ? '' : `, restarted ${of.get('NRestarts')} times`
  world.out(`${of.get('ActiveState')} (${of.get('SubState')})${process}${restarts}\n`)
  if (of.get('StatusText')) world.out(`${of.get('StatusText')}\n`)
  return isActive ? 0 : 1
}
