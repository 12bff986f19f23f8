// TLS towards origins: whose certificates are trusted, and what a handshake came to.
import { readFileSync } from 'node:fs'
import type { TlsClient } from '../../net/runtime-sockets.ts'
import type { HttpOriginConfig } from './settings.ts'

/** What a connection is opened with; undefined for http. Reads the files that the settings name. */
export function tlsClient(config: HttpOriginConfig): TlsClient | undefined {
  const { tls } = config
  if (tls === undefined) return undefined
  const servername = tls.servername ?? config.hostname
  const options = {
    rejectUnauthorized: tls.verify,
    servername,
    serverName: servername,
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: readFileSync(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: readFileSync(tls.key) }),
  }
  return {
    options,
    refusal(success, error) {
      const accepted = tls.verify ? success && error === null : success || isUnverified(error)
      return accepted ? undefined : (error ?? new Error('the TLS handshake failed'))
    },
  }
}

/** Whether the handshake was completed, and only the certificate was not found good: Bun tells both as one failure. */
function isUnverified(error: Error | null): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code !== undefined && code !== 'EPROTO' && code !== 'ECONNRESET'
}
