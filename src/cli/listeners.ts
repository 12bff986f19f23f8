// The listeners of a site, one for each of its addresses; a reload adds and removes some and leaves the others alone.
import { Http1Listener, type Http1ListenerParts } from '../edge/http1-listener.ts'
import type { EdgeSettings, ListenAddress } from '../edge/settings.ts'
import type { Http1Limits } from '../http1/limits.ts'

/**
 * How long a connection of a listener that closes may still bring a request. Its client has not heard of it: a request
 * that is on its way when the connection is closed is lost.
 */
export const GRACE_MS = 1_000

/** An address that could not be listened on; its `cause` is the system's error. */
export class ListenError extends Error {
  override name = 'ListenError'

  constructor(
    readonly address: ListenAddress,
    options: { cause: unknown },
  ) {
    super(`cannot listen on ${address.hostname}:${address.port}`, options)
  }
}

/** What all listeners have in common. */
type Common = Omit<Http1ListenerParts, 'settings' | 'limits' | 'descriptor'>

/** What a configuration says about listening. */
export interface Listening {
  readonly listen: readonly ListenAddress[]
  readonly edge: EdgeSettings
  readonly limits: Http1Limits
  /** Sockets that listen already, by the place of their address; the others are opened. */
  readonly descriptors: ReadonlyMap<number, number>
}

/** Listens where a site says. */
export class Listeners {
  readonly #common: Common
  /** By address; the same address twice is two listeners. */
  #open = new Map<string, Http1Listener>()
  readonly #closing = new Set<Http1Listener>()

  constructor(common: Common) {
    this.#common = common
  }

  /** Listens on these addresses and on no others. Throws a ListenError; then nothing has changed. */
  listen({ listen, edge, limits, descriptors }: Listening): void {
    const next = new Map<string, Http1Listener>()
    const added: Http1Listener[] = []
    for (const [i, address] of listen.entries()) {
      const key = keyOf(address, next)
      const known = this.#open.get(key)
      if (known !== undefined) {
        next.set(key, known)
        continue
      }
      try {
        const descriptor = descriptors.get(i)
        const listener = new Http1Listener(address, { ...this.#common, settings: edge, limits, descriptor })
        next.set(key, listener)
        added.push(listener)
      } catch (cause) {
        for (const listener of added) void listener.drain()
        throw new ListenError(address, { cause })
      }
    }
    for (const [key, listener] of this.#open) if (next.get(key) !== listener) void this.#close(listener)
    this.#open = next
    for (const listener of next.values()) listener.configure(edge, limits)
  }

  /** Where they listen, as URLs, with the ports that the system chose. */
  get addresses(): readonly string[] {
    return [...this.#open.values()].map(
      ({ hostname, port }) => `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
    )
  }

  get connections(): number {
    return [...this.#open.values(), ...this.#closing].reduce((sum, { connections }) => sum + connections, 0)
  }

  /** Takes no more requests; resolves when those in progress are done, and `graceMs` over for the rest. */
  async drain(graceMs: number): Promise<void> {
    const all = [...this.#closing].map((listener) => listener.drain())
    for (const listener of this.#open.values()) all.push(this.#close(listener, graceMs))
    this.#open = new Map()
    await Promise.all(all)
  }

  /** Ends every connection that is left. */
  cut(): void {
    for (const listener of this.#closing) listener.cut()
  }

  async #close(listener: Http1Listener, graceMs = GRACE_MS): Promise<void> {
    this.#closing.add(listener)
    await listener.drain(graceMs)
    this.#closing.delete(listener)
  }
}

function keyOf({ hostname, port }: ListenAddress, taken: ReadonlyMap<string, unknown>): string {
  for (let n = 0; ; n++) {
    const key = `${hostname} ${port} ${n}`
    if (!taken.has(key)) return key
  }
}
