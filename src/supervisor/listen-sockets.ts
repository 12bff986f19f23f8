// The listening sockets of a site that several processes serve: for each address one socket for each of them, so that the
// kernel spreads new connections evenly. They are opened and kept here: what waits in the queue of a process that ends is
// taken up by the one that follows in its place. Sockets that listen already (inherited-sockets.ts) are used first; one that
// is for all processes, each of them accepts on.
import { closeSync } from 'node:fs'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ListenAddress } from '../edge/settings.ts'
import { SystemError } from '../net/socket.ts'
import { listenOn } from './descriptors.ts'
import type { InheritedSockets } from './inherited-sockets.ts'

/** An address that cannot be listened on. */
export class AddressError extends Error {
  override name = 'AddressError'

  constructor(
    readonly address: ListenAddress,
    readonly code: string,
  ) {
    super(`cannot listen on ${address.hostname}:${address.port}: ${code}`)
  }
}

/** The sockets of one address; where there are more than processes, the rest are for all of them, one by one. */
export interface Sockets {
  readonly key: string
  /** The address as asked for, with a number where the same is asked for twice. */
  readonly of: string
  /** With the port that the system chose. */
  readonly address: ListenAddress
  /** An IP address. */
  readonly ip: string
  /** By the place of their process; undefined while that is closed. */
  readonly places: (number | undefined)[]
  /** All places have one and the same. */
  readonly isShared: boolean
}

/** Opens `count` sockets for each address that is not among `known`. Throws an AddressError; then none has been opened. */
export async function openSockets(
  listen: readonly ListenAddress[],
  known: readonly Sockets[],
  count: number,
  inherited: InheritedSockets,
): Promise<readonly Sockets[]> {
  const result: Sockets[] = []
  const opened: Sockets[] = []
  try {
    for (const address of listen) {
      const of = keyOf(address, result)
      let sockets = known.filter((each) => each.of === of)
      if (sockets.length === 0) opened.push(...(sockets = await open(address, of, count, inherited)))
      result.push(...sockets)
    }
    return result
  } catch (error) {
    closeSockets(opened)
    throw error
  }
}

/** Closes them in this process; others that hold them go on. */
export function closeSockets(all: readonly Sockets[]): void {
  for (const { places } of all) {
    for (const descriptor of new Set(places)) if (descriptor !== undefined) closeSync(descriptor)
    places.fill(undefined)
  }
}

/** Closes the sockets of one place: the kernel gives its connections to the others. */
export function closePlaceOf(all: readonly Sockets[], place: number): void {
  for (const { places, isShared } of all) {
    const descriptor = places[place]
    // What waits at a shared one the others take up.
    if (isShared || descriptor === undefined) continue
    closeSync(descriptor)
    places[place] = undefined
  }
}

/** Opens what is closed of one place. Throws an AddressError. */
export function openPlaceOf(all: readonly Sockets[], place: number): void {
  for (const { places, ip, address } of all)
    places[place] ??= attempt(
      address,
      () => listenOn({ address: ip, port: address.port }, 'further').descriptor,
    )
}

async function open(
  address: ListenAddress,
  key: string,
  count: number,
  inherited: InheritedSockets,
): Promise<Sockets[]> {
  const ip = await internetAddressOf(address)
  const [own, shared] = inherited.take({ address: ip, port: address.port }, count)
  const of = { of: key, ip }
  const further = shared.map((descriptor, i) => ({
    ...of,
    key: `${key} +${i}`,
    address,
    places: Array.from({ length: count }, () => descriptor),
    isShared: true,
  }))
  if (own.length === 0 && shared.length > 0) return further
  const places: (number | undefined)[] = [...own]
  const listening = (port: number): Sockets => ({
    ...of,
    key,
    address: { ...address, port },
    places,
    isShared: false,
  })
  try {
    return attempt(address, () => {
      let { port } = address
      while (places.length < count) {
        const opened = listenOn({ address: ip, port }, places.length === 0 ? 'first' : 'further')
        places.push(opened.descriptor)
        port = opened.port
      }
      return [listening(port), ...further]
    })
  } catch (error) {
    closeSockets([listening(0), ...further])
    throw error
  }
}

function attempt<T>(address: ListenAddress, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof SystemError) throw new AddressError(address, error.code)
    throw error
  }
}

/** The IP address of a host; rejects with an AddressError. */
export async function internetAddressOf(address: ListenAddress): Promise<string> {
  if (isIP(address.hostname) !== 0) return address.hostname
  try {
    return (await lookup(address.hostname)).address
  } catch {
    throw new AddressError(address, 'ENOTFOUND')
  }
}

function keyOf({ scheme, hostname, port }: ListenAddress, taken: readonly Sockets[]): string {
  for (let n = 0; ; n++) {
    const key = `${scheme} ${hostname} ${port} ${n}`
    if (!taken.some(({ of }) => of === key)) return key
  }
}
