// What the supervisor and its edge processes say to one another. Both are of one user; an order is checked for its shape
// all the same, because the other side may be another version of the program.
import type { ListenAddress } from '../edge/settings.ts'
import type { FunnelCounters } from '../observe/counters.ts'
import type { RunningPool } from './php-fpm-running.ts'

/** A configuration as its owner wrote it, and what it needs beside. */
export interface Order {
  /** The value of the configuration, valid. */
  readonly value: unknown
  /** Where its relative paths start. */
  readonly folder: string
  /** In place of the configuration's addresses: with the ports that the system chose. */
  readonly listen: readonly ListenAddress[]
  /** How many processes share what the machine has. */
  readonly processes: number
  /** Tells this Myriad from others. */
  readonly instance: string
  /** For TLS, in base64: the same ones in all processes (net/tls-context.ts). */
  readonly ticketKeys: string
  /** The file with the table of rates that all of them count in; undefined: no route limits the rate of requests. */
  readonly rates: string | undefined
  /** Where PHP answers, by folder. */
  readonly php: readonly (readonly [folder: string, pool: RunningPool])[]
}

/** An order, and which sockets for it lie in the channel: the places of their addresses in `listen`. */
export interface Handed {
  readonly order: Order
  readonly descriptors: readonly number[]
}

/** What an edge process tells of itself. */
export interface Figures {
  readonly counters: FunnelCounters
  /** The memory tier. */
  readonly memory: { readonly objects: number; readonly usedBytes: number; readonly budgetBytes: number }
  /** Connections of clients that are open. */
  readonly connections: number
}

/** What the supervisor asks an edge. */
export type EdgeQuestion =
  /** Another order is to be got ready; it is not served yet. */
  | ({ readonly kind: 'prepare' } & Handed)
  /** What was got ready is to be served. */
  | { readonly kind: 'commit' }
  | { readonly kind: 'figures' }
  | { readonly kind: 'purge'; readonly asked: unknown }

/** What the supervisor tells an edge. */
export type EdgeTold =
  /** What was got ready is not served after all. */
  | { readonly kind: 'abandon' }
  /** The files of the logs have been renamed: what follows goes to new ones. */
  | { readonly kind: 'reopen' }
  /** Others answer in its place, now or soon: it ends when its connections have. */
  | { readonly kind: 'retire' }

/** What an edge tells the supervisor. */
export type SupervisorTold =
  /** It accepts. */
  { readonly kind: 'ready' } | ({ readonly kind: 'figures' } & Figures)

/** The order in a message; throws when it is none. */
export function readHanded(value: unknown): Handed {
  const { order, descriptors } = value as { order?: Partial<Order>; descriptors?: unknown }
  if (
    typeof order !== 'object' ||
    typeof order.folder !== 'string' ||
    typeof order.instance !== 'string' ||
    typeof order.ticketKeys !== 'string' ||
    !Number.isSafeInteger(order.processes) ||
    !Array.isArray(order.listen) ||
    !Array.isArray(order.php) ||
    !Array.isArray(descriptors)
  )
    throw new Error('the order is not one that this version of the program understands')
  return value as Handed
}
