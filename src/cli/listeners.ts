// The listeners of a site, one for each of its addresses; a reload adds and removes some and leaves the others alone.
import { EdgeListener, type EdgeListenerParts } from '../edge/edge-listener.ts'
import type { HttpsListener } from '../edge/https-listener.ts'
import type { EdgeSettings, ListenAddress } from '../edge/settings.ts'
import type { TlsSettings } from '../edge/tls-settings.ts'
import type { Http1Limits } from '../http1/limits.ts'
import type { RequestHandler } from '../request/reply.ts'

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

/** What all listeners have in common, whatever a configuration says. */
interface Common extends Omit<EdgeListenerParts, 'engine' | 'settings' | 'limits' | 'descriptor' | 'secure'> {
  /** For TLS: whoever has the same ones resumes sessions that were begun elsewhere (net/tls-context.ts). */
  readonly ticketKeys: Uint8Array
  /** Whether this process speaks HTTP/3: of several one does. */
  readonly hasHttp3: boolean
}

/** What a configuration says about listening. */
export interface Listening {
  readonly listen: readonly ListenAddress[]
  readonly edge: EdgeSettings
  readonly limits: Http1Limits
  /** With a certificate, where an address speaks TLS. */
  readonly tls: TlsSettings
  /** Sockets that listen already, by the place of their address; the others are opened. */
  readonly descriptors: ReadonlyMap<number, number>
  /** Who answers on an address; `httpsPort`: that of the first address with TLS. */
  readonly handler: (scheme: ListenAddress['scheme'], httpsPort: number | undefined) => RequestHandler
}

type Listener = EdgeListener | HttpsListener

const speaksTls = (listener: Listener): listener is HttpsListener => !(listener instanceof EdgeListener)

/** Loaded where TLS is spoken. */
function tlsParts(): typeof import('../edge/https-listener.ts') {
  return require('../edge/https-listener.ts')
}

/** Listens where a site says. */
export class Listeners {
  readonly #common: Common
  /** By address, in the order of the configuration; the same address twice is two listeners. */
  #open = new Map<string, Listener>()
  readonly #closing = new Set<Listener>()

  constructor(common: Common) {
    this.#common = common
  }

  /** Listens on these addresses and on no others. Throws a ListenError; then nothing has changed. */
  listen({ listen, edge, limits, tls, descriptors, handler }: Listening): void {
    const next = new Map<string, Listener | undefined>()
    const places = listen.map((address, place) => {
      const key = keyOf(address, next)
      next.set(key, this.#open.get(key))
      return { address, place, key }
    })
    const portOfTls = (): number | undefined => {
      const first = places.find(({ address }) => address.scheme === 'https')
      return first && next.get(first.key)?.port
    }
    const config = (scheme: ListenAddress['scheme']) => ({
      engine: handler(scheme, portOfTls()),
      settings: edge,
      limits,
      tls,
    })
    const added: Listener[] = []
    // Those that speak TLS first: the others may send visitors to them.
    for (const { address, place, key } of places.toSorted((a, b) => rankOf(a.address) - rankOf(b.address))) {
      if (next.get(key) !== undefined) continue
      try {
        const descriptor = descriptors.get(place)
        const parts = { ...this.#common, ...config(address.scheme), descriptor }
        const listener =
          address.scheme === 'https'
            ? new (tlsParts().HttpsListener)(address, parts)
            : new EdgeListener(address, parts)
        next.set(key, listener)
        added.push(listener)
      } catch (cause) {
        for (const listener of added) void listener.drain()
        throw new ListenError(address, { cause })
      }
    }
    const open = new Map(places.map(({ key }) => [key, next.get(key)!]))
    for (const { address, key } of places) {
      const listener = open.get(key)!
      try {
        if (speaksTls(listener)) listener.configure(config('https'))
      } catch (cause) {
        for (const each of added) void each.drain()
        throw new ListenError(address, { cause })
      }
    }
    for (const [key, listener] of this.#open) if (open.get(key) !== listener) void this.#close(listener)
    this.#open = open
    for (const listener of open.values()) if (!speaksTls(listener)) listener.configure(config('http'))
  }

  /** Shows other certificates where TLS is spoken. */
  replaceCertificates(certificates: TlsSettings['certificates']): void {
    for (const listener of this.#open.values())
      if (speaksTls(listener)) listener.replaceCertificates(certificates)
  }

  /** Where they listen, as URLs, with the ports that the system chose. */
  get addresses(): readonly string[] {
    return [...this.#open.values()].map((listener) => {
      const { scheme, hostname, port } = listener
      return `${scheme}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
    })
  }

  /** Connections of clients. */
  get connections(): number {
    return [...this.#open.values(), ...this.#closing].reduce((sum, { connections }) => sum + connections, 0)
  }

  /** Ends what those do who have been banned since they came. */
  cutBanned(): void {
    for (const listener of [...this.#open.values(), ...this.#closing]) listener.cutBanned()
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

  async #close(listener: Listener, graceMs = GRACE_MS): Promise<void> {
    this.#closing.add(listener)
    await listener.drain(graceMs)
    this.#closing.delete(listener)
  }
}

const rankOf = ({ scheme }: ListenAddress): number => (scheme === 'https' ? 0 : 1)

function keyOf({ scheme, hostname, port }: ListenAddress, taken: ReadonlyMap<string, unknown>): string {
  for (let n = 0; ; n++) {
    const key = `${scheme} ${hostname} ${port} ${n}`
    if (!taken.has(key)) return key
  }
}
