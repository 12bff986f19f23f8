// A certificate with its key, as it lies in one PEM file: read, and proven to be what it is taken for before anybody
// sees it (RFC 5280; RFC 8555 §7.4.2 for the chain; RFC 9773 §4.1 for the name that renewal information goes by).
// Whether browsers trust the chain is the authority's affair: it is not asked here.
import { createPrivateKey, X509Certificate } from 'node:crypto'

/** A certificate that is good to serve. */
export interface Certificate {
  /** The DNS names that it holds. */
  readonly names: readonly string[]
  /** Who issued it, in words. */
  readonly issuer: string
  /** In hexadecimal digits. */
  readonly serial: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** By what name the authority tells when to renew it; undefined when it has no key identifier. */
  readonly renewalId: string | undefined
  /** It and what it was issued by, in PEM. */
  readonly chainPem: string
  readonly keyPem: string
}

/** More than the longest chain that anybody issues. */
const CERTIFICATES_MAX = 10
export const PEM_BYTES_MAX = 262_144

const block = /-----BEGIN ([A-Z ]{1,40})-----\r?\n[A-Za-z0-9+/=\r\n]+-----END \1-----/g

/** Reads key and chain; throws an error that says what is wrong with them, and holds nothing of the key. */
export function readCertificate(pem: string): Certificate {
  if (pem.length > PEM_BYTES_MAX) throw new Error('is too large for a certificate')
  const blocks = [...pem.matchAll(block)]
  const keys = blocks.filter(([, label]) => label!.endsWith('PRIVATE KEY')).map(([text]) => text)
  const chain = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([text]) => text)
  const [keyPem] = keys
  const [leafPem] = chain
  if (keyPem === undefined || leafPem === undefined || keys.length > 1 || chain.length > CERTIFICATES_MAX)
    throw new Error('does not hold one key and its certificates')
  const certificates = chain.map((text) => parsed(() => new X509Certificate(text), 'a certificate'))
  const key = parsed(() => createPrivateKey(keyPem), 'the key')
  const leaf = certificates[0]!
  if (!leaf.checkPrivateKey(key)) throw new Error('its key belongs to another certificate')
  for (const [i, issuer] of certificates.slice(1).entries())
    if (!certificates[i]!.verify(issuer.publicKey)) throw new Error('its certificates are not a chain')
  return {
    names: namesIn(leaf.subjectAltName ?? ''),
    issuer: nameOf(leaf.issuer),
    serial: leaf.serialNumber,
    notBeforeMs: Date.parse(leaf.validFrom),
    notAfterMs: Date.parse(leaf.validTo),
    renewalId: renewalId(leaf),
    chainPem: chain.map((text) => `${text}\n`).join(''),
    keyPem: `${keyPem}\n`,
  }
}

function parsed<T>(read: () => T, what: string): T {
  try {
    return read()
  } catch {
    // The library's words may hold what it could not read.
    throw new Error(`${what} in it cannot be read`)
  }
}

/** Node writes 'DNS:a.example, DNS:b.example' (RFC 5280 §4.2.1.6), and quotes what is none of these. */
function namesIn(subjectAltName: string): readonly string[] {
  return subjectAltName.split(', ').flatMap((part) => /^DNS:([\w.*-]+)$/.exec(part)?.[1] ?? [])
}

/** The common name, or whatever there is, of a name that has one attribute a line. */
function nameOf(distinguished: string): string {
  const lines = distinguished.split('\n')
  const named = (type: string): string | undefined =>
    lines.find((line) => line.startsWith(`${type}=`))?.slice(type.length + 1)
  return [named('O'), named('CN')].filter((text) => text !== undefined).join(' ') || lines.join(', ')
}

/** RFC 9773 §4.1: key identifier and serial number, each in base64url. */
function renewalId(leaf: X509Certificate): string | undefined {
  const identifier = authorityKeyIdentifier(leaf.raw)
  if (identifier === undefined) return undefined
  const digits = leaf.serialNumber.length % 2 === 0 ? leaf.serialNumber : `0${leaf.serialNumber}`
  const serial = Buffer.from(digits, 'hex')
  // A positive INTEGER in DER never begins with a bit that is set (X.690 §8.3).
  const octets = (serial[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), serial]) : serial
  return `${identifier.toString('base64url')}.${octets.toString('base64url')}`
}

/** OBJECT IDENTIFIER 2.5.29.35 in DER (RFC 5280 §4.2.1.1). */
const authorityKeyIdentifierOid = Buffer.from('0603551d23', 'hex')

/**
 * The keyIdentifier: extension value OCTET STRING { SEQUENCE { [0] keyIdentifier … } }. Found by its object identifier,
 * since every length on the way to it is short.
 */
function authorityKeyIdentifier(der: Uint8Array): Buffer | undefined {
  const octets = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const found = octets.indexOf(authorityKeyIdentifierOid)
  if (found < 0) return undefined
  let at = found + authorityKeyIdentifierOid.length
  // critical BOOLEAN DEFAULT FALSE
  if (octets[at] === 0x01) at += 3
  if (octets[at] !== 0x04 || octets[at + 2] !== 0x30 || octets[at + 4] !== 0x80) return undefined
  const length = octets[at + 5]!
  const identifier = octets.subarray(at + 6, at + 6 + length)
  return length > 0 && length < 0x80 && identifier.length === length ? identifier : undefined
}
