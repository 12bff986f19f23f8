// The listening sockets of a site that several processes serve: for each address one socket for each of them, so that the
// kernel spreads new connections evenly. They are opened and kept here: what waits in the queue of a process that ends is
// taken up by the one that follows in its place.
import { closeSync } from 'node:fs'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ListenAddress } from '../edge/settings.ts'
import { SystemError } from '../net/socket.ts'
import { listenOn } from './descriptors.ts'

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

/** The sockets of one address. */
export interface Sockets {
  /** As asked for, with a number where the same is asked for twice. */
  readonly key: string
  /** With the port that the system chose. */
  readonly address: ListenAddress
  /** An IP address. */
  readonly ip: string
  /** By the place of their process; undefined while that is closed. */
  readonly places: (number | undefined)[]
}

/** Opens `count` sockets for each address that is not among `known`. Throws an AddressError; then none has been opened. */
export async function openSockets(
  listen: readonly ListenAddress[],
  known: readonly Sockets[],
  count: number,
): Promise<readonly Sockets[]> {
  const result: Sockets[] = []
  const opened: Sockets[] = []
  try {
    for (const address of listen) {
      const key = keyOf(address, result)
      let sockets = known.find((each) => each.key === key)
      if (sockets === undefined) opened.push((sockets = await open(address, key, count)))
      result.push(sockets)
    }
    return result
  } catch (error) {
    closeSockets(opened)
    throw error
  }
}

/** Closes them in this process; others that hold them go on. */
export function closeSockets(all: readonly Sockets[]): void {
  for (const { places } of all) for (const i of places.keys()) closePlace(places, i)
}

/** Closes the sockets of one place: the kernel gives its connections to the others. */
export function closePlaceOf(all: readonly Sockets[], place: number): void {
  for (const { places } of all) closePlace(places, place)
}

/** Opens what is closed of one place. Throws an AddressError. */
export function openPlaceOf(all: readonly Sockets[], place: number): void {
  for (const { places, ip, address } of all)
    places[place] ??= attempt(
      address,
      () => listenOn({ address: ip, port: address.port }, 'further').descriptor,
    )
}

async function open(address: ListenAddress, key: string, count: number): Promise<Sockets> {
  const ip = await resolved(address)
  const places: (number | undefined)[] = []
  try {
    return attempt(address, () => {
      const first = listenOn({ address: ip, port: address.port }, 'first')
      places.push(first.descriptor)
      for (let i = 1; i < count; i++)
        places.push(listenOn({ address: ip, port: first.port }, 'further').descriptor)
      return { key, address: { ...address, port: first.port }, ip, places }
    })
  } catch (error) {
    for (const i of places.keys()) closePlace(places, i)
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

async function resolved(address: ListenAddress): Promise<string> {
  if (isIP(address.hostname) !== 0) return address.hostname
  try {
    return (await lookup(address.hostname)).address
  } catch {
    throw new AddressError(address, 'ENOTFOUND')
  }
}

function closePlace(places: (number | undefined)[], place: number): void {
  const descriptor = places[place]
  if (descriptor === undefined) return
  closeSync(descriptor)
  places[place] = undefined
}

function keyOf({ scheme, hostname, port }: ListenAddress, taken: readonly Sockets[]): string {
  for (let n = 0; ; n++) {
    const key = `${scheme} ${hostname} ${port} ${n}`
    if (!taken.some((each) => each.key === key)) return key
  }
}
