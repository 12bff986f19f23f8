// Settings of an HTTP origin: `services.NAME.origin`, as { http: URL, … }, as http(URL, { … }) or as the URL alone.
import { boolean, defaultsOf, duration, integer, optionalText, type SettingsOf } from '../../base/setting.ts'

const time = { min: 1, max: 86_400_000 }

export const httpOriginRows = {
  host: optionalText(
    "Host that is sent to the origin, in place of the client's: for origins that serve by name.",
  ),
  socket: optionalText('Path of a unix socket to connect to, in place of the host and port of the URL.'),
  connectionsMax: integer(256, 'Connections to the origin, open at once.', { min: 1, max: 65_535 }),
  tunnelsMax: integer(
    4096,
    'Tunnels (WebSocket) to the origin, open at once, apart from those connections; more are answered with 503.',
    { min: 0, max: 65_535 },
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
  idleTime: duration(15_000, 'How long an unused connection is kept; 0 keeps none.', {
    min: 0,
    max: 3_600_000,
  }),
  connectTime: duration(5_000, 'Time to connect, TLS included; then 504.', time),
  firstByteTime: duration(
    60_000,
    "Time from the request's end to the response's first byte; then 504.",
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
    "How long the addresses of the origin's name are used before they are resolved again.",
    time,
  ),
  lenientCodings: boolean(
    false,
    'Takes a response with an unknown transfer coding as one that ends with its connection, instead of answering 502.',
  ),
}

export const tlsOriginRows = {
  verify: boolean(true, "Whether the origin's certificate is verified."),
  ca: optionalText('File with the certificates of the authorities to trust, PEM; else those of the system.'),
  cert: optionalText('File with the client certificate to present, PEM.'),
  key: optionalText('File with the key of the client certificate, PEM.'),
  servername: optionalText('Name that is asked for and verified; else the host of the URL.'),
}

export type HttpOriginSettings = SettingsOf<typeof httpOriginRows>

export type TlsOriginSettings = SettingsOf<typeof tlsOriginRows>

export const defaultHttpOrigin: HttpOriginSettings = defaultsOf(httpOriginRows)

export const defaultTlsOrigin: TlsOriginSettings = defaultsOf(tlsOriginRows)

/** An origin that speaks HTTP/1.1, ready to be connected to. */
export interface HttpOriginConfig {
  readonly kind: 'http'
  readonly scheme: 'http' | 'https'
  /** A name or an address, IPv6 without its brackets. */
  readonly hostname: string
  readonly port: number
  /** Of the URL: host and port, default port removed. */
  readonly authority: string
  readonly settings: HttpOriginSettings
  /** Undefined for http. */
  readonly tls: TlsOriginSettings | undefined
}
