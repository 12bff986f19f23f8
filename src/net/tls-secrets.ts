// What protects the records of TLS 1.3 once a handshake is over: its cipher suites, and the keys that follow from a
// traffic secret (RFC 8446 §7). Pure.
import { createHmac } from 'node:crypto'

/** A cipher suite of TLS 1.3 (RFC 8446 §B.4). */
export interface CipherSuite {
  /** As the crypto library calls it. */
  readonly cipher: string
  readonly hash: 'sha256' | 'sha384'
  readonly secretBytes: number
  readonly keyBytes: number
}

export const IV_BYTES = 12

const suites: ReadonlyMap<number, CipherSuite> = new Map([
  [0x1301, { cipher: 'AES-128-GCM', hash: 'sha256', secretBytes: 32, keyBytes: 16 }],
  [0x1302, { cipher: 'AES-256-GCM', hash: 'sha384', secretBytes: 48, keyBytes: 32 }],
  [0x1303, { cipher: 'ChaCha20-Poly1305', hash: 'sha256', secretBytes: 32, keyBytes: 32 }],
])

/** A suite by its number; undefined: it is not one of TLS 1.3 that servers speak. */
export function cipherSuite(number: number): CipherSuite | undefined {
  return suites.get(number)
}

/** Writes the key and the initialization vector of a secret, one behind the other (RFC 8446 §7.3). */
export function writeTrafficKey(suite: CipherSuite, secret: Uint8Array, into: Uint8Array): void {
  into.set(expanded(suite, secret, 'key', suite.keyBytes))
  into.set(expanded(suite, secret, 'iv', IV_BYTES), suite.keyBytes)
}

/** The secret that follows another one after a KeyUpdate (RFC 8446 §7.2). */
export function nextSecret(suite: CipherSuite, secret: Uint8Array): Uint8Array {
  return expanded(suite, secret, 'traffic upd', suite.secretBytes)
}

/** HKDF-Expand-Label without a context (RFC 8446 §7.1), of no more octets than one hash has (RFC 5869 §2.3). */
function expanded({ hash }: CipherSuite, secret: Uint8Array, label: string, bytes: number): Uint8Array {
  const name = `tls13 ${label}`
  const info = Buffer.from(`\0${String.fromCharCode(bytes, name.length)}${name}\0\x01`, 'latin1')
  return createHmac(hash, secret).update(info).digest().subarray(0, bytes)
}
