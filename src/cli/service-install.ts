// Puts the units where systemd finds them and has it start them, and takes them away again. What somebody else has written
// or changed there is left alone, unless that is meant.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAsWritten, SERVICE_UNIT, SOCKET_UNIT, type UnitFile } from './service-units.ts'

/** What installing needs of the machine. */
export interface ServiceMachine {
  /** The folder for units of the machine's owner. */
  readonly unitFolder: string
  /** Runs a program and returns whether it was content, and what it said. */
  readonly run: (command: readonly string[]) => { readonly done: boolean; readonly said: string }
}

/** How a unit's file is. */
type UnitState = 'absent' | 'as installed' | 'changed by hand'

/** What went wrong, in words. */
export class ServiceError extends Error {
  override name = 'ServiceError'
}

const allUnits = [SERVICE_UNIT, SOCKET_UNIT] as const

/** The user that the service runs as unless another is named. */
export const SERVICE_USER = 'myriad'

/** The service on this machine. */
export class InstalledService {
  constructor(private readonly machine: ServiceMachine) {}

  /** The state of each unit's file, by its path. */
  get units(): readonly (readonly [path: string, state: UnitState])[] {
    return allUnits.map((name) => [this.pathOf(name), this.#stateOf(name)])
  }

  /**
   * Writes the units and starts them; throws a ServiceError. `force`: also where they have been changed by hand. Returns
   * what was done, in words.
   */
  install(units: readonly UnitFile[], user: string, force: boolean): readonly string[] {
    this.#refuseChanged(force)
    const lines = this.#makeUser(user)
    const changed = allUnits.filter((name) => {
      const text = units.find((unit) => unit.name === name)?.text
      return this.#read(name) !== text
    })
    // Sockets cannot be replaced while their service runs.
    if (changed.includes(SOCKET_UNIT) && this.#read(SOCKET_UNIT) !== undefined)
      this.#systemctl('stop', SERVICE_UNIT, SOCKET_UNIT)
    const names = units.map(({ name }) => name)
    if (this.#read(SOCKET_UNIT) !== undefined && !names.includes(SOCKET_UNIT))
      this.#systemctl('disable', SOCKET_UNIT)
    for (const name of changed) {
      const unit = units.find((each) => each.name === name)
      this.#write(name, unit?.text)
      lines.push(`${unit === undefined ? 'removed' : 'wrote'} ${this.pathOf(name)}`)
    }
    this.#systemctl('daemon-reload')
    this.#systemctl('enable', ...names)
    // What runs already has been started by what was written before.
    this.#systemctl(changed.length > 0 ? 'restart' : 'start', SERVICE_UNIT)
    return [...lines, `${SERVICE_UNIT} is enabled, and runs`]
  }

  /** Stops the units and removes them; throws a ServiceError. Returns what was done, in words. */
  uninstall(force: boolean): readonly string[] {
    this.#refuseChanged(force)
    const there = allUnits.filter((name) => this.#stateOf(name) !== 'absent')
    if (there.length === 0) throw new ServiceError('the service is not installed')
    // Together: a socket that stays would start the service again.
    this.#systemctl('disable', '--now', ...there)
    for (const name of there) this.#write(name, undefined)
    this.#systemctl('daemon-reload')
    return there.map((name) => `removed ${this.pathOf(name)}`)
  }

  /** Properties of a unit, as systemd has them; throws a ServiceError. */
  properties(name: string, properties: readonly string[]): ReadonlyMap<string, string> {
    const said = this.#systemctl('show', name, `--property=${properties.join()}`)
    return new Map(
      said.split('\n').flatMap((line) => {
        const at = line.indexOf('=')
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
      }),
    )
  }

  pathOf(name: string): string {
    return join(this.machine.unitFolder, name)
  }

  #makeUser(user: string): string[] {
    if (this.machine.run(['id', '-u', user]).done) return []
    if (user !== SERVICE_USER) throw new ServiceError(`there is no user ${user}`)
    this.#run('useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', user)
    return [`made the user ${user}`]
  }

  #refuseChanged(force: boolean): void {
    const changed = this.units.filter(([, state]) => state === 'changed by hand').map(([path]) => path)
    if (changed.length > 0 && !force)
      throw new ServiceError(
        `${changed.join(' and ')}: changed by hand; --force does it all the same, and what was written there is lost`,
      )
  }

  #stateOf(name: string): UnitState {
    const text = this.#read(name)
    if (text === undefined) return 'absent'
    return isAsWritten(text) ? 'as installed' : 'changed by hand'
  }

  #read(name: string): string | undefined {
    const path = this.pathOf(name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  /** Whole or not at all; undefined removes it. */
  #write(name: string, text: string | undefined): void {
    const path = this.pathOf(name)
    if (text === undefined) return rmSync(path, { force: true })
    const next = `${path}.${process.pid}`
    writeFileSync(next, text, { mode: 0o644 })
    renameSync(next, path)
  }

  #systemctl(...words: readonly string[]): string {
    return this.#run('systemctl', ...words)
  }

  #run(...command: readonly string[]): string {
    const { done, said } = this.machine.run(command)
    if (!done) throw new ServiceError(`${command.join(' ')}: ${said.trim()}`)
    return said
  }
}
