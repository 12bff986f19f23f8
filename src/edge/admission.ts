// Who may connect, decided when a connection is accepted and before anything of it is read: not who is banned, nobody
// while memory is short, and no address more often than `edge.connectionsPerAddress`. One for all listeners of the process.
//
// What it remembers are the addresses that are connected at this moment, so it is bounded by the connections.
import { addressGroup } from '../base/ip-address.ts'
import { IpSet } from '../base/ip-ranges.ts'
import type { ConnectionRefusal } from '../base/record.ts'
import type { BanList } from './ban-list.ts'

/** The connections of one address, or of one network of IPv6. */
export interface AddressCount {
  readonly group: string
  connections: number
}

/** What admission is made of. */
export interface AdmissionParts {
  /** Most connections of one address; 0: any number. */
  readonly perAddressMax: number
  /** Addresses that are not counted: proxies, which connect for many. */
  readonly exempt: readonly string[]
  readonly bans: BanList
}

/** What a configuration says of admission. */
export type AdmissionSettings = Omit<AdmissionParts, 'bans'>

/** Admits connections, and counts them by address. */
export class Admission {
  /** Nobody new is admitted: memory is short. */
  isShort = false
  readonly bans: BanList
  #perAddressMax: number
  #exempt: IpSet
  readonly #counts = new Map<string, AddressCount>()
  /** A proxy in front connects again and again: its address is judged once. */
  #lastAddress: string | undefined
  #isLastExempt = false

  constructor({ perAddressMax, exempt, bans }: AdmissionParts) {
    this.#perAddressMax = perAddressMax
    this.#exempt = IpSet.of(exempt)
    this.bans = bans
  }

  /** Other settings; who is connected stays so, and counted. */
  configure({ perAddressMax, exempt }: AdmissionSettings): void {
    this.#perAddressMax = perAddressMax
    this.#exempt = IpSet.of(exempt)
    this.#lastAddress = undefined
  }

  /** How many addresses are counted. */
  get addresses(): number {
    return this.#counts.size
  }

  /**
   * Why an address may not connect; else where its connection has been counted, to be given back to `leave` when it ends.
   */
  admit(address: string): ConnectionRefusal | AddressCount {
    if (this.bans.has(address)) return 'banned'
    if (this.isShort) return 'memory'
    if (this.#perAddressMax === 0 || this.#isExempt(address)) return uncounted
    const group = addressGroup(address)
    const count = this.#counts.get(group)
    if (count === undefined) {
      const first = { group, connections: 1 }
      this.#counts.set(group, first)
      return first
    }
    if (count.connections >= this.#perAddressMax) return 'per-address'
    count.connections++
    return count
  }

  #isExempt(address: string): boolean {
    if (address !== this.#lastAddress) {
      this.#lastAddress = address
      this.#isLastExempt = this.#exempt.has(address)
    }
    return this.#isLastExempt
  }

  /** A connection that was admitted has ended. */
  leave(count: AddressCount): void {
    if (count === uncounted) return
    count.connections--
    if (count.connections === 0) this.#counts.delete(count.group)
  }
}

const uncounted: AddressCount = { group: '', connections: 0 }
