// One client for every protocol that a listener speaks: what is asked and what comes back look the same over all of them.
import { askHttp2 } from './http2-client.ts'
import type { Myriad } from './myriad.ts'

/** A protocol, as the runtime's client calls it, and whether over TLS. */
export interface Protocol {
  readonly name: string
  readonly version: 'http1.1' | 'http2' | 'http3'
  readonly scheme: 'http' | 'https'
}

export const protocols: readonly Protocol[] = [
  { name: 'HTTP/1.1 in clear text', version: 'http1.1', scheme: 'http' },
  { name: 'HTTP/1.1 over TLS', version: 'http1.1', scheme: 'https' },
  { name: 'HTTP/2', version: 'http2', scheme: 'https' },
  { name: 'HTTP/3', version: 'http3', scheme: 'https' },
]

/** HTTP/2 without TLS, of a server of the tests' own (http2-server.ts). */
export const http2InClear: Protocol = { name: 'HTTP/2 in clear text', version: 'http2', scheme: 'http' }

export const overTls = protocols.filter(({ scheme }) => scheme === 'https')

/** Asks Myriad for a path; redirects are not followed, and what is coded stays so. */
export function ask(
  { version, scheme }: Protocol,
  myriad: Pick<Myriad, 'urls'>,
  path: string,
  init: BunFetchRequestInit = {},
): Promise<Response> {
  const url = myriad.urls.find((each) => each.startsWith(`${scheme}:`))!
  if (version === 'http2' && scheme === 'http') return askHttp2(url, path, init)
  const options = {
    redirect: 'manual',
    decompress: false,
    ...init,
    ...(scheme === 'https' ? { protocol: version, tls: { rejectUnauthorized: false, ...init.tls } } : {}),
  } as const
  return fetch(`${url}${path}`, options)
}
