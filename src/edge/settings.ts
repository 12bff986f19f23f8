// Settings of the listeners (the section `edge` of the configuration, and the addresses of `listen`).
import { boolean, bytes, cidrs, duration, integer, optionalText, type SettingsOf } from '../base/setting.ts'

export const edgeRows = {
  trust: cidrs(
    [],
    'Addresses whose `Forwarded` and `X-Forwarded-*` are believed, such as a load balancer in front: addresses, ranges, `loopback` or `private`.',
  ),
  connectionsMax: integer(
    20_000,
    'Connections of clients open at once. For one more, one that has waited long for a request, or for the rest of a head, is closed; where there is none, the newcomer.',
    { min: 1, max: 1_000_000 },
  ),
  connectionsPerAddress: integer(
    500,
    'Connections of one address open at once, of IPv6 of one /64; more are closed at once. Of several processes each counts its own. Those of this machine and of `trust` are not counted. 0: any number.',
    { min: 0, max: 1_000_000 },
  ),
  proxyProtocol: cidrs(
    [],
    'Addresses whose connections begin with the PROXY protocol, version 1 or 2, such as a load balancer that passes on TCP: the client is then the one that it tells. They must send it; from all others it is a bad request.',
  ),
  ban: cidrs(
    [],
    'Addresses that are not served: connections from them are closed unread, requests that a trusted proxy passes on for them are answered with 403.',
  ),
  banFile: optionalText(
    'A file with more of them, an address or range in each line, `#` before remarks; read again when it has changed.',
  ),
  countryData: optionalText(
    'The folder with the data of countries that `country` of rules needs: `asn-country-ipv4.csv` and `asn-country-ipv6.csv`. Unset: `node_modules/@ip-location-db/asn-country` beside the configuration.',
  ),
  rateKeysMax: integer(
    65_536,
    'How many addresses and keys are remembered for the limits `rate` of routes, 16 bytes each; of more, those that have asked least are forgotten.',
    { min: 8, max: 1 << 24 },
  ),
  idleTime: duration(75_000, 'How long a connection is kept open without a request.', {
    min: 100,
    max: 3_600_000,
  }),
  bodyRate: bytes(
    256,
    'Slowest body that is waited for, in bytes per second, over the last `bodyTime`; 0 waits for any.',
    { min: 0, max: 1 << 30 },
  ),
  bodyTime: duration(30_000, 'The time over which `bodyRate` is measured, for requests and for responses.', {
    min: 1_000,
    max: 3_600_000,
  }),
  halfCloseTime: duration(
    30_000,
    'How long a client that has ended its side of the connection is still answered. One that has gone altogether cannot be told from one that waits until something is sent to it: once something has been, this limit is over.',
    { min: 1_000, max: 3_600_000 },
  ),
  tunnelIdleTime: duration(
    3_600_000,
    'How long an upgraded connection, such as a WebSocket, is kept although nothing moves in either direction.',
    { min: 1_000, max: 604_800_000 },
  ),
  drainTime: duration(30_000, 'How long requests may go on after SIGTERM before they are cut.', {
    min: 0,
    max: 3_600_000,
  }),
}

export type EdgeSettings = SettingsOf<typeof edgeRows>

export const purgeRows = {
  from: cidrs(
    [],
    'Addresses, beside this machine, whose `PURGE` empties a URL: addresses, ranges, `loopback` or `private`.',
  ),
  loopback: boolean(
    true,
    'Lets this machine (127.0.0.0/8 and ::1) purge; to be turned off where a proxy on it passes requests of strangers on without saying whose they are.',
  ),
}

export type PurgeSettings = SettingsOf<typeof purgeRows>

/** An address to listen on: in clear text, or with TLS. */
export interface ListenAddress {
  readonly scheme: 'http' | 'https'
  /** An address or a name, IPv6 without its brackets. */
  readonly hostname: string
  /** 0 lets the system choose. */
  readonly port: number
}
