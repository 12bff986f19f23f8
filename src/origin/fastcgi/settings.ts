// Settings of a FastCGI application: `services.NAME.origin`, beside the folder of its scripts.
import { bytes, defaultsOf, duration, integer, type SettingsOf } from '../../base/setting.ts'

const time = { min: 1, max: 86_400_000 }

export const fastCgiRows = {
  connectionsMax: integer(
    128,
    'Connections to the pool, open at once by one process; further requests wait in a queue. Best is pm.max_children, divided by the number of processes.',
    { min: 1, max: 65_535 },
  ),
  queueMax: integer(1024, 'Requests that may wait for a connection; more are answered with 503.', {
    min: 0,
    max: 1_000_000,
  }),
  queueTime: duration(
    10_000,
    'How long a request may wait for a connection; then it is answered with 503.',
    time,
  ),
  keepTime: duration(
    250,
    'How long a connection, which occupies a PHP worker also while it is not used, is used again; 0 opens a new one for each request.',
    { min: 0, max: 3_600_000 },
  ),
  connectTime: duration(5_000, 'Time to connect; then 504.', time),
  firstByteTime: duration(
    60_000,
    "Time from the request's end to the response's first byte, waiting for a free worker included; then 504.",
    time,
  ),
  betweenBytesTime: duration(
    60_000,
    'Longest pause within a response; then the transfer is broken off.',
    time,
  ),
  totalTime: duration(3_600_000, 'Time for a whole exchange; then the transfer is broken off.', time),
  dnsTime: duration(
    30_000,
    "How long the addresses of the pool's name are used before they are resolved again.",
    time,
  ),
  collectedBytes: bytes(
    8_388_608,
    'The largest request body without a length that is collected, since PHP has to be told its length first; a larger one is answered with 413.',
    { min: 0, max: 1_073_741_824 },
  ),
} as const

export type FastCgiSettings = SettingsOf<typeof fastCgiRows>

export const defaultFastCgi: FastCgiSettings = defaultsOf(fastCgiRows)

/** Where a pool listens. */
export type FastCgiAddress =
  /** A unix socket. */
  | { readonly kind: 'unix'; readonly path: string }
  /** A name or an address, IPv6 without its brackets. */
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number }

/** A FastCGI application, ready to be connected to. */
export interface FastCgiConfig {
  readonly address: FastCgiAddress
  readonly settings: FastCgiSettings
}

/** How an address is told to people: the path of the socket, or host and port. */
export function addressText(address: FastCgiAddress): string {
  if (address.kind === 'unix') return address.path
  const { hostname, port } = address
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`
}
