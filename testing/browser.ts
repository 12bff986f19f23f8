// Chromium, as Debian has it, driven over a pipe: it listens on no port, and finds no host but localhost. Each start has a
// profile of its own.
import { createHash, X509Certificate } from 'node:crypto'
import { type Browser, chromium } from 'playwright-core'

export type { Browser, Page } from 'playwright-core'

/** The program; null where it is not installed. */
export const chromiumProgram = Bun.which('chromium')

/**
 * Starts it. It takes a certificate (PEM) for right that nobody vouches for, and asks `localhost:quicPort` by HTTP/3
 * from the first request on. What it is told in `Alt-Svc` it follows for localhost, whatever the port: over QUIC it
 * takes such a certificate only from hosts that are named here.
 */
export function startBrowser(certificate: string, quicPort: number): Promise<Browser> {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  const hash = createHash('sha256').update(key).digest('base64')
  return chromium.launch({
    executablePath: chromiumProgram!,
    args: [
      '--disable-gpu',
      '--enable-quic',
      `--origin-to-force-quic-on=localhost:${quicPort}`,
      `--ignore-certificate-errors-spki-list=${hash}`,
      '--host-resolver-rules=MAP localhost 127.0.0.1, MAP * ~NOTFOUND',
    ],
  })
}
