// Certificates of tests, made by openssl in a folder of their own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate and its key, as files. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** A folder with certificates in it. */
export class Certificates implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'myriad-certificates-'))

  /** One that is signed by itself. */
  selfSigned(name: string, names: readonly string[]): CertificateFiles {
    const files = this.#files(name)
    const alternative = names.map((each) => `DNS:${each}`).join(',')
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      files.key,
      '-out',
      files.cert,
      '-subj',
      `/CN=${name}`,
      '-days',
      '30',
      ...(names.length === 0 ? [] : ['-addext', `subjectAltName=${alternative}`]),
    )
    return files
  }

  /** One that is signed by another. */
  signed(name: string, by: CertificateFiles, names: readonly string[] = [name]): CertificateFiles {
    const files = this.#files(name)
    const request = join(this.folder, `${name}.csr`)
    const extensions = join(this.folder, `${name}.ext`)
    writeFileSync(extensions, `subjectAltName=${names.map((each) => `DNS:${each}`).join(',')}\n`)
    this.#openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      files.key,
      '-out',
      request,
      '-subj',
      `/CN=${name}`,
    )
    this.#openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      by.cert,
      '-CAkey',
      by.key,
      '-CAcreateserial',
      '-days',
      '30',
      '-extfile',
      extensions,
      '-out',
      files.cert,
    )
    return files
  }

  read(file: string): string {
    return readFileSync(file, 'latin1')
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #files(name: string): CertificateFiles {
    return { cert: join(this.folder, `${name}.cert.pem`), key: join(this.folder, `${name}.key.pem`) }
  }

  #openssl(...args: readonly string[]): void {
    const { success, stderr } = Bun.spawnSync(['openssl', ...args])
    if (!success) throw new Error(`openssl ${args[0]}: ${stderr.toString()}`)
  }
}
