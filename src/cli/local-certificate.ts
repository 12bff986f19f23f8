// The certificate for localhost of a site that has none of its own, kept between starts so that whoever has told a browser to
// accept it is not asked again. Its key is its owner's alone.
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { makePrivate } from '../base/private-folder.ts'
import { assert } from '../base/assert.ts'
import { readCertificate, type Certificate } from '../edge/certificates.ts'
import { selfSigned } from '../edge/self-signed.ts'

/** A new one is made so long before the kept one expires. */
const RENEW_MS = 7 * 86_400_000

/** Where this user's Myriad keeps what it needs again: as systemd says, or the XDG base directories. */
export function stateFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const given = env['STATE_DIRECTORY']
  return given || join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'myriad')
}

/** The kept certificate, or a new one. Throws when the folder is not this user's alone, or cannot be written. */
export function localCertificate(folder: string, nowMs: number): Certificate {
  makePrivate(folder)
  const certFile = join(folder, 'localhost.cert.pem')
  const keyFile = join(folder, 'localhost.key.pem')
  if (existsSync(certFile) && existsSync(keyFile)) {
    const kept = readCertificate(readFileSync(certFile, 'latin1'), readFileSync(keyFile, 'latin1'), nowMs)
    if (kept.kind === 'certificate' && kept.certificate.validToMs - nowMs > RENEW_MS) return kept.certificate
  }
  const made = selfSigned(nowMs)
  write(keyFile, made.key)
  write(certFile, made.cert)
  const read = readCertificate(made.cert, made.key, nowMs)
  assert(read.kind === 'certificate', 'a certificate that was just made is a good one')
  return read.certificate
}

/** Whole or not at all: another Myriad may be reading it. */
function write(file: string, text: string): void {
  const next = `${file}.${process.pid}`
  writeFileSync(next, text, { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, file)
}
