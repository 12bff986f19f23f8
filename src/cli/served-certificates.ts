// The certificates of a site while it is served: from files, which are followed; from an authority by ACME; and one for
// this machine alone where there is none.
import type { Clock, Timer, Timers } from '../base/clock.ts'
import type { Site } from '../config/site.ts'
import type { AcmeCertificates, ServedCertificate } from '../edge/acme/certificates.ts'
import type { Certificate } from '../edge/certificates.ts'
import type { TlsSettings } from '../edge/tls-settings.ts'
import type { Tell } from '../logs/error-log.ts'
import { followCertificates } from './certificate-files.ts'

/** What certificates need of the server around them. */
export interface CertificatesDeps {
  readonly clock: Clock
  readonly timers: Timers
  readonly tell: Tell
  /** A certificate for this machine alone, for a site that is to speak TLS and has none. */
  localCertificate(): Certificate
  /** Shows these from now on. */
  show(certificates: readonly Certificate[]): void
}

/** Certificates, from wherever they come. */
export class ServedCertificates {
  /** Undefined: none are got. What a configuration says of them holds until the end of the process. */
  readonly acme: AcmeCertificates | undefined
  readonly #deps: CertificatesDeps
  #site: Site
  #fromFiles: readonly Certificate[]
  #fromAuthority: readonly ServedCertificate[] = []
  #following: Timer | undefined

  constructor(site: Site, deps: CertificatesDeps) {
    this.#deps = deps
    this.#site = site
    this.#fromFiles = site.tls.certificates
    this.acme =
      site.acme &&
      acmeParts().acmeCertificates(site.acme, deps, (got) => {
        this.#fromAuthority = got
        this.#show()
      })
    this.acme?.load()
    this.#fromAuthority = this.acme?.current() ?? []
  }

  /** The settings of TLS with the certificates that a site has, and one in any case where one is needed. */
  settings(site: Site, fromFiles = site.tls.certificates): TlsSettings {
    const all = [...fromFiles, ...this.#fromAuthority.map((each) => ({ ...each, files: undefined }))]
    return {
      ...site.tls,
      certificates: all.length === 0 && hasTls(site) ? [this.#deps.localCertificate()] : all,
    }
  }

  /** This site is served from now on: its files are followed. */
  follow(site: Site): void {
    this.#following?.cancel()
    this.#site = site
    this.#fromFiles = site.tls.certificates
    this.#following = followCertificates(hasTls(site) ? this.#fromFiles : [], {
      ...this.#deps,
      replace: (certificates) => {
        this.#fromFiles = certificates
        this.#show()
      },
    })
  }

  /** Begins to get and to renew. */
  start(): void {
    if (this.acme !== undefined) acmeParts().startAcme(this.acme, this.#deps)
  }

  stop(): void {
    this.acme?.stop()
    this.#following?.cancel()
  }

  #show(): void {
    // What is there before the site is served is shown with it.
    if (this.#following === undefined) return
    this.#deps.show(this.settings(this.#site, this.#fromFiles).certificates)
  }
}

const hasTls = ({ listen }: Site): boolean => listen.some(({ scheme }) => scheme === 'https')

/** Loaded where a site has its certificates from an authority. */
function acmeParts(): typeof import('./acme.ts') {
  return require('./acme.ts')
}
