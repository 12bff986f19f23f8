// Addresses as owners write them: where to listen, and where an origin is.
import type { ListenAddress } from '../edge/settings.ts'

/** 'http://HOST:PORT', 'https://HOST:PORT', 'HOST:PORT', ':PORT' or a port alone; undefined when it is none of these. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:(https?):\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*)(?::(\d{1,5}))?\/?$/.exec(text)
  if (match === null) return undefined
  const [, scheme, host = '', portText] = match
  if (portText === undefined && /^\d{1,5}$/.test(host) && scheme === undefined)
    return listenOn('http', '', Number(host))
  if (portText === undefined && (scheme === undefined || host === '')) return undefined
  if (scheme === 'https') return listenOn('https', host, Number(portText ?? 443))
  return listenOn('http', host, Number(portText ?? 80))
}

function listenOn(scheme: 'http' | 'https', host: string, port: number): ListenAddress | undefined {
  if (port > 65_535) return undefined
  // Without a host the machine itself is meant: nothing is opened to the network that nobody asked for.
  return { scheme, hostname: host === '' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1'), port }
}

/** What `parseListen` reads, in words. */
export const listenExpected =
  "expected an address such as 'http://0.0.0.0:80', 'https://0.0.0.0:443' or '127.0.0.1:8080'"

/** Where an origin is. */
export interface OriginAddress {
  readonly scheme: 'http' | 'https'
  readonly hostname: string
  readonly port: number
  readonly authority: string
}

/** An http or https URL that names an origin and nothing below it; undefined when it is none. */
export function parseOrigin(text: string): OriginAddress | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  // The path belongs to the request, and user information to nobody: neither is dropped in silence.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined
  if (url.pathname !== '/' || url.hostname === '') return undefined
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  if (port === 0) return undefined
  return { scheme, hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, authority: url.host }
}

/** What `parseOrigin` reads, in words. */
export const originExpected =
  "expected the URL of an HTTP application such as 'http://127.0.0.1:9000', without a path"
