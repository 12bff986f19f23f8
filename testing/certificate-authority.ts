// A certificate authority for tests, by the openssl command: certificates with their keys, as many as a test wants.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate with its key, in PEM. */
export interface IssuedCertificate {
  readonly cert: string
  readonly key: string
}

/** An authority whose files lie in a folder. */
export class TestAuthority {
  readonly #folder: string
  readonly cert: string
  /** The file of its own certificate. */
  readonly path: string
  #serial = 0

  constructor(folder: string) {
    this.#folder = folder
    this.path = join(folder, 'authority.pem')
    this.#openssl('authority', ['-subj', '/O=Test Authority/CN=Test Root', '-days', '30'])
    this.cert = readFileSync(this.path, 'utf8')
  }

  /** Issues a certificate; `serial` in hexadecimal digits. */
  issue(names: readonly string[], { days = 90, serial = '' } = {}): IssuedCertificate {
    const file = `issued-${++this.#serial}`
    const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')
    this.#openssl(file, [
      '-CA',
      this.path,
      '-CAkey',
      join(this.#folder, 'authority.key'),
      '-subj',
      '/',
      '-days',
      String(days),
      '-addext',
      `subjectAltName=critical,${alternatives}`,
      ...(serial === '' ? [] : ['-set_serial', `0x${serial}`]),
    ])
    const read = (ending: string): string => readFileSync(join(this.#folder, `${file}.${ending}`), 'utf8')
    return { cert: read('pem'), key: read('key') }
  }

  #openssl(file: string, more: readonly string[]): void {
    const command = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const out = ['-out', join(this.#folder, `${file}.pem`), '-keyout', join(this.#folder, `${file}.key`)]
    const { status, stderr } = spawnSync('openssl', [...command, ...out, ...more], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl: ${stderr}`)
  }
}
