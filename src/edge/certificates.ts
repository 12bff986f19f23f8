// Certificates that a listener shows: read and checked before any is used, and chosen by the name that the client asks for
// (SNI, RFC 6066 §3; names of certificates, RFC 9525 §6.3). Pure.
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'

/** Where a certificate and its key were read from. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** A certificate with its key. */
export interface Certificate {
  /** Undefined: it comes from no file that its owner named. */
  readonly files: CertificateFiles | undefined
  /** The DNS names that it is for, in lower case; one may begin with '*.'. */
  readonly names: readonly string[]
  readonly validFromMs: number
  readonly validToMs: number
  /** PEM: the own one first, then those that lead to the authority. */
  readonly cert: string
  readonly key: string
}

/** A certificate, or what is wrong with it and with which of the two files. */
export type ReadCertificate =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'wrong'; readonly in: 'cert' | 'key'; readonly problem: string }

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

const wrong = (where: 'cert' | 'key', problem: string): ReadCertificate => ({
  kind: 'wrong',
  in: where,
  problem,
})

/** Reads a certificate and its key, both PEM. */
export function readCertificate(
  cert: string,
  key: string,
  nowMs: number,
  files?: CertificateFiles,
): ReadCertificate {
  const blocks = cert.match(block) ?? []
  if (blocks.length === 0) return wrong('cert', 'holds no certificate in PEM form')
  const chain: X509Certificate[] = []
  for (const [i, pem] of blocks.entries()) {
    const parsed = parsedCertificate(pem)
    if (parsed === undefined) return wrong('cert', `its certificate ${i + 1} cannot be read`)
    chain.push(parsed)
  }
  const own = chain[0]!
  const secret = parsedKey(key)
  if (secret === 'encrypted') return wrong('key', 'is protected by a passphrase: give the key without one')
  if (secret === undefined) return wrong('key', 'holds no private key in PEM form')
  if (!own.checkPrivateKey(secret)) {
    const at = chain.findIndex((other) => other.checkPrivateKey(secret))
    return at < 0
      ? wrong('key', 'is not the key of the certificate')
      : wrong('cert', `its certificate ${at + 1} is the one of the key: it must stand first`)
  }
  const validFromMs = Date.parse(own.validFrom)
  const validToMs = Date.parse(own.validTo)
  if (validToMs <= nowMs) return wrong('cert', `has expired: ${own.validTo}`)
  if (validFromMs > nowMs) return wrong('cert', `is not valid before ${own.validFrom}`)
  const names = namesOf(own)
  return {
    kind: 'certificate',
    certificate: { files, names, validFromMs, validToMs, cert: blocks.join('\n'), key },
  }
}

/** What is wrong with the certificates of authorities, PEM; undefined: they can be read. */
export function authoritiesProblem(ca: string): string | undefined {
  const blocks = ca.match(block) ?? []
  if (blocks.length === 0) return 'holds no certificate in PEM form'
  const at = blocks.findIndex((pem) => parsedCertificate(pem) === undefined)
  return at < 0 ? undefined : `its certificate ${at + 1} cannot be read`
}

function parsedCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined // Told by the caller, with the file's name.
  }
}

function parsedKey(pem: string): KeyObject | 'encrypted' | undefined {
  if (/ENCRYPTED/.test(pem)) return 'encrypted'
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined // Told by the caller, with the file's name.
  }
}

/** The DNS names among the alternative names; the common name counts for nothing (RFC 9525 §2). */
function namesOf(certificate: X509Certificate): readonly string[] {
  const listed = certificate.subjectAltName ?? ''
  // A name that holds what separates names stands in quotes; none of those is a DNS name.
  return listed
    .split(', ')
    .map((entry) => /^DNS:([A-Za-z0-9*._-]+)$/.exec(entry)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined)
}

/**
 * Each name with the certificate that is shown for it: of two certificates for one name the earlier one. The runtime, which
 * is given them for HTTP/3, takes the very name before a wildcard, a '*' for the whole of the first label, and the first
 * certificate for all others.
 */
export function byName(certificates: readonly Certificate[]): ReadonlyMap<string, Certificate> {
  const table = new Map<string, Certificate>()
  for (const certificate of certificates)
    for (const name of certificate.names) if (!table.has(name)) table.set(name, certificate)
  return table
}
