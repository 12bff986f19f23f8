// Follows the files that certificates were read from: whoever renews them (certbot and the like) only writes them, and the
// listeners show the new ones without a restart. Looked at by the clock and not by events, which links to folders do not
// give.
import { readFileSync } from 'node:fs'
import type { Clock, Timer, Timers } from '../base/clock.ts'
import type { Tell } from '../logs/error-log.ts'
import { readCertificate, type Certificate, type CertificateFiles } from '../edge/certificates.ts'

/** How often the files are looked at. */
const LOOK_MS = 60_000

/** What following needs. */
export interface FollowDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly tell: Tell
  /** Shows these from now on; throws when that cannot be. */
  replace(certificates: readonly Certificate[]): void
}

/** Follows the files of certificates; those that come from no file stay as they are. */
export function followCertificates(certificates: readonly Certificate[], deps: FollowDeps): Timer {
  let shown = certificates
  /** What was wrong at the last look, and what has been told. */
  let seen: string | undefined
  let told: string | undefined
  return deps.timers.every(LOOK_MS, () => {
    const read = shown.map((each) => readAgain(each, deps.clock.nowMs()))
    const wrong = read.find((each) => typeof each === 'string')
    if (wrong !== undefined) {
      // The two files change one after the other: what is wrong at one look alone is nothing to tell.
      if (wrong === seen && wrong !== told) {
        deps.tell('error', `${wrong}; the certificate before it is shown on`)
        told = wrong
      }
      seen = wrong
      return
    }
    seen = told = undefined
    const next = read.filter((each) => typeof each !== 'string')
    if (next.every((each, i) => each === shown[i])) return
    try {
      deps.replace(next)
      shown = next
    } catch (error) {
      deps.tell('error', `certificates could not be replaced: ${String(error)}`)
    }
  })
}

/** A certificate as its files hold it now, the same one when they have not changed; a text: what is wrong. */
function readAgain(certificate: Certificate, nowMs: number): Certificate | string {
  const { files } = certificate
  if (files === undefined) return certificate
  const cert = text(files.cert)
  const key = text(files.key)
  if (cert === undefined || key === undefined)
    return `${cert === undefined ? files.cert : files.key} cannot be read`
  const read = readCertificate(cert, key, nowMs, files)
  if (read.kind === 'wrong') return isShown(certificate, cert, key) ? certificate : problem(files, read)
  const { certificate: next } = read
  return next.cert === certificate.cert && next.key === certificate.key ? certificate : next
}

/** Whether the files hold what is shown: one that expires while it is shown is not told every minute. */
const isShown = (certificate: Certificate, cert: string, key: string): boolean =>
  cert.includes(certificate.cert) && key === certificate.key

const problem = (
  files: CertificateFiles,
  wrong: { readonly in: 'cert' | 'key'; readonly problem: string },
): string => `${files[wrong.in]}: ${wrong.problem}`

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined // Told by the caller.
  }
}
