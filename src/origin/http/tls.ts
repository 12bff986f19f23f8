// TLS towards origins: whose certificates are trusted, and what a handshake came to.
import { readFileSync } from 'node:fs'
import type { HttpOriginConfig } from './settings.ts'

export type TlsOptions = Bun.TLSOptions & { servername?: string }

/** What a connection is opened with; undefined for http. Reads the files that the settings name. */
export function tlsOptions(config: HttpOriginConfig): TlsOptions | undefined {
  const { tls } = config
  if (tls === undefined) return undefined
  const servername = tls.servername ?? config.hostname
  return {
    rejectUnauthorized: tls.verify,
    servername,
    serverName: servername,
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: readFileSync(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: readFileSync(tls.key) }),
  }
}

/** Whether the handshake was completed, and only the certificate was not found good: Bun tells both as one failure. */
export function isUnverified(error: Error | null): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code !== undefined && code !== 'EPROTO' && code !== 'ECONNRESET'
}
