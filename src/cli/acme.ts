// Certificates by ACME with the machine's clock, chance and folders.
import { randomBytes } from 'node:crypto'
import { homedir, userInfo } from 'node:os'
import type { Clock, Timers } from '../base/clock.ts'
import { messageOf } from '../base/thrown.ts'
import { CertificateFolder } from '../edge/acme/certificate-folder.ts'
import { AcmeCertificates, type ServedCertificate } from '../edge/acme/certificates.ts'
import type { AcmeConfig } from '../edge/acme/settings.ts'
import { stateFolder } from '../edge/acme/state-folder.ts'
import type { Tell } from '../logs/error-log.ts'

/** What certificates need of the machine. */
export interface AcmeDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly tell: Tell
}

const random = (): string => randomBytes(12).toString('hex')

/** The certificates of a site; nothing is asked for and nothing written before they are started. */
export function acmeCertificates(
  config: AcmeConfig,
  { clock, timers, tell }: AcmeDeps,
  changed: (certificates: readonly ServedCertificate[]) => void,
): AcmeCertificates {
  const log = (text: string): void => tell('warning', text)
  const around = { env: process.env, uid: userInfo().uid, homedir: homedir() }
  return new AcmeCertificates({
    config,
    folder: new CertificateFolder(stateFolder(config, around), random),
    clock,
    timers,
    chance: () => randomBytes(4).readUInt32BE() / 2 ** 32,
    random,
    // What is only needed for an order, seldom and in one process of many, is loaded with the first.
    async authority(accountKey, solver) {
      const { AcmeAuthority } = await import('../edge/acme/authority.ts')
      return new AcmeAuthority({ ...config, accountKey, solver, clock, timers, log })
    },
    log,
    changed,
  })
}

/** Starts them; a folder that is not private is told, and the site is served without. */
export function startAcme(certificates: AcmeCertificates, { tell }: Pick<AcmeDeps, 'tell'>): void {
  try {
    certificates.start()
  } catch (error) {
    tell('error', `no certificates by ACME: ${messageOf(error)}`)
  }
}
