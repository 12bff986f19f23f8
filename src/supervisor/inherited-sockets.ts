// Sockets that listen before this process does: handed over by a service manager, such as systemd with a socket unit
// (sd_listen_fds(3)), or by processes that go on without their supervisor (orphans.ts). They are used for the addresses
// that they are bound to, and what waits in their queues is answered.
import { closeSync } from 'node:fs'
import { duplicate, listensAt, makeOwn, type InternetAddress } from './descriptors.ts'

/** The first descriptor that a service manager hands over (SD_LISTEN_FDS_START). */
const FIRST = 3
/** More are taken for a mistake. */
const DESCRIPTORS_MAX = 1024

/** A socket, and where it is bound. */
interface Inherited {
  readonly descriptor: number
  readonly at: InternetAddress
}

/** What a service manager says that it hands over. */
export interface HandedOver {
  readonly descriptor: number
  readonly name: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** The descriptors that are meant for the process with this id, as its environment has them. */
export function handedOver(env: Environment, pid: number): readonly HandedOver[] {
  const count = env['LISTEN_FDS'] ?? ''
  if (env['LISTEN_PID'] !== String(pid) || !/^\d{1,4}$/.test(count) || Number(count) > DESCRIPTORS_MAX)
    return []
  const names = env['LISTEN_FDNAMES']?.split(':') ?? []
  return Array.from({ length: Number(count) }, (_, i) => ({
    descriptor: FIRST + i,
    // As the manual has it for one without a name.
    name: names[i] || 'unknown',
  }))
}

/** The sockets that there are for whoever listens on their addresses. */
export class InheritedSockets {
  /** A service manager goes on listening on them, so they are kept here to the end. */
  readonly #kept: Inherited[] = []
  readonly #left: Inherited[] = []

  /**
   * Takes what a service manager hands over, and removes it from the environment, so that nobody else takes it for his.
   * `say` takes a line for each descriptor that cannot be used.
   */
  takeHandedOver(env: Record<string, string | undefined>, pid: number, say: (line: string) => void): void {
    const all = handedOver(env, pid)
    for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete env[name]
    for (const { descriptor, name } of all) {
      const at = listensAt(descriptor)
      if (at === undefined) {
        say(`descriptor ${descriptor} (${name}), which was handed over, is no socket that listens for TCP`)
        continue
      }
      makeOwn(descriptor)
      this.#kept.push({ descriptor, at })
    }
  }

  /** Adds one that is used up when it is taken. */
  add(descriptor: number, at: InternetAddress): void {
    this.#left.push({ descriptor, at })
  }

  /**
   * Descriptors of the sockets that are bound there, which are the caller's to close: up to `count` for one process each,
   * and those that are for all.
   */
  take(at: InternetAddress, count: number): readonly [own: readonly number[], shared: readonly number[]] {
    const kept = this.#kept.filter((each) => isSameAddress(each.at, at))
    if (kept.length > 0) return [[], kept.map(({ descriptor }) => duplicate(descriptor))]
    const taken = this.#left.filter((each) => isSameAddress(each.at, at)).map(({ descriptor }) => descriptor)
    for (let i = this.#left.length - 1; i >= 0; i--)
      if (isSameAddress(this.#left[i]!.at, at)) this.#left.splice(i, 1)
    return [taken.slice(0, count), taken.slice(count)]
  }

  /** Where those are bound that a service manager has handed over. */
  get kept(): readonly InternetAddress[] {
    return this.#kept.map(({ at }) => at)
  }

  /** Closes what nobody has taken and nobody will. */
  closeLeft(): void {
    for (const { descriptor } of this.#left.splice(0)) closeSync(descriptor)
  }
}

/** Whether both are one address; IPv6 has several spellings. */
export function isSameAddress(one: InternetAddress, other: InternetAddress): boolean {
  return one.port === other.port && normal(one.address) === normal(other.address)
}

function normal(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]`).hostname : address
}
