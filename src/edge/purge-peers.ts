// Who may empty the cache by PURGE. A method of no standard: caches have it in common, and applications send it to the
// cache in front of them when a page has changed. It is for this machine and for those whom the owner names, and what a
// stranger says of himself never helps him.
//
// A request that has passed a proxy names whom it is from. All whom it names have to be allowed, not only the one who
// connected: a proxy on this machine that passes everything on would else open the cache to the world, whether the owner
// has told of it (`edge.trust`) or not.
import { isIP } from 'node:net'
import type { Fields } from '../http/fields.ts'
import type { Client } from '../request/reply.ts'
import type { PurgeSettings } from './settings.ts'
import { TrustedPeers } from './trust.ts'

/** Fields that hold a list of addresses, or one. */
const lists = ['x-forwarded-for', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip']

/** Clients that may empty the cache. */
export class PurgePeers {
  readonly #allowed: TrustedPeers
  readonly #trusted: TrustedPeers

  /** `trust`: the setting `edge.trust`. */
  constructor(settings: PurgeSettings, trust: readonly string[]) {
    this.#allowed = new TrustedPeers(settings.loopback ? ['loopback', ...settings.from] : settings.from)
    this.#trusted = new TrustedPeers(trust)
  }

  /** Whether this client may; `fields` are those of its request. */
  allow(client: Client, fields: Fields): boolean {
    const ways = [
      ...lists.map((name) => fields.all(name).flatMap((line) => line.split(',').map(nodeAddress))),
      fields.all('forwarded').flatMap(forwardedFor),
    ].filter((way) => way.length > 0)
    if (ways.length === 0) return this.#allowed.has(client.address)
    return ways.every((way) => this.#allowWay([...way, client.address]))
  }

  /** The first of them asks; the others have passed it on, and may do so when they are trusted. */
  #allowWay([first, ...others]: readonly string[]): boolean {
    return (
      this.#allowed.has(first!) &&
      others.every((address) => this.#allowed.has(address) || this.#trusted.has(address))
    )
  }
}

/**
 * Whom a line of Forwarded (RFC 7239 §4) names. Cut at every comma, also at those in quotes, in which no address stands:
 * what cannot be read allows nobody.
 */
function forwardedFor(line: string): string[] {
  return line.split(',').flatMap((element) => {
    const node = /(?:^|;)\s*for\s*=\s*"?([^";]*)/i.exec(element)?.[1]
    return node === undefined ? [] : nodeAddress(node)
  })
}

/** The address of a node (RFC 7239 §6), without its port; '' for a name that hides it ('unknown', '_secret'). */
function nodeAddress(node: string): string {
  const text = node.trim()
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? '' : bare
}
