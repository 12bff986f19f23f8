// The certificate that servers with TLS show while they are measured: the same for all of them, ECDSA with P-256.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realClock } from '../../src/base/clock.ts'
import { selfSigned } from '../../src/edge/self-signed.ts'

let shown: ReturnType<typeof selfSigned> | undefined

/** Writes it into a folder; returns the files. */
export function writeCertificate(folder: string): { readonly cert: string; readonly key: string } {
  shown ??= selfSigned(realClock.nowMs())
  const files = { cert: join(folder, 'shown.cert.pem'), key: join(folder, 'shown.key.pem') }
  writeFileSync(files.cert, shown.cert)
  writeFileSync(files.key, shown.key)
  return files
}
