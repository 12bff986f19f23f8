// A certificate for this machine alone, signed by itself (RFC 5280), for a listener that has been given none: browsers warn
// of it, and programs can be told to trust it. Made in the one form that is needed, ECDSA with P-256 (RFC 5480), so that
// ASN.1 is written here (DER, X.690) and not by twenty packages.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A name that the certificate is for. */
type Name = { readonly dns: string } | { readonly ip: readonly number[] }

const localNames: readonly Name[] = [
  { dns: 'localhost' },
  { ip: [127, 0, 0, 1] },
  { ip: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
]

/** Browsers refuse those that are valid for longer than this. */
const VALID_MS = 397 * 86_400_000
/** Clocks differ. */
const BEFORE_MS = 86_400_000

/** A new certificate for localhost with its key, both PEM. */
export function selfSigned(nowMs: number): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(42, 840, 10045, 4, 3, 2)) // ecdsa-with-SHA256
  const name = sequence(set(sequence(oid(85, 4, 3), text('localhost')))) // common name
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(serial()),
    algorithm,
    name,
    sequence(time(nowMs - BEFORE_MS), time(nowMs + VALID_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(alternativeNames(), basicConstraints(), serverAuth())),
  )
  const signature = sign('sha256', body, privateKey)
  const der = sequence(body, algorithm, bits(signature))
  const lines = der.toString('base64').match(/.{1,64}/g)!
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** RFC 5280 §4.1.2.2: positive, not guessable, at most 20 octets. */
function serial(): Buffer {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x3f) | 0x40
  return octets
}

function alternativeNames(): Buffer {
  const names = localNames.map((name) =>
    'dns' in name ? value(0x82, Buffer.from(name.dns, 'latin1')) : value(0x87, Buffer.from(name.ip)),
  )
  return extension(oid(85, 29, 17), false, sequence(...names))
}

/** It is no authority: it cannot sign for other names. */
function basicConstraints(): Buffer {
  return extension(oid(85, 29, 19), true, sequence())
}

function serverAuth(): Buffer {
  return extension(oid(85, 29, 37), false, sequence(oid(43, 6, 1, 5, 5, 7, 3, 1)))
}

function extension(id: Buffer, critical: boolean, content: Buffer): Buffer {
  const flag = critical ? [value(0x01, Buffer.from([0xff]))] : []
  return sequence(id, ...flag, value(0x04, content))
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => value(0x30, Buffer.concat(parts))
const set = (...parts: readonly Uint8Array[]): Buffer => value(0x31, Buffer.concat(parts))
const explicit = (tag: number, content: Buffer): Buffer => value(0xa0 | tag, content)
const integer = (octets: Buffer): Buffer => value(0x02, octets)
const text = (characters: string): Buffer => value(0x0c, Buffer.from(characters, 'utf8'))
const bits = (octets: Buffer): Buffer => value(0x03, Buffer.concat([Buffer.from([0]), octets]))

/** An object identifier; `first` holds its first two numbers (X.690 §8.19). */
function oid(first: number, ...rest: readonly number[]): Buffer {
  const octets = rest.flatMap((number) => {
    const groups = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return value(0x06, Buffer.from([first, ...octets]))
}

/** RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime after that. */
function time(ms: number): Buffer {
  const iso = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return Number(iso.slice(0, 4)) < 2050
    ? value(0x17, Buffer.from(iso.slice(2), 'latin1'))
    : value(0x18, Buffer.from(iso, 'latin1'))
}

/** Tag, length and content (X.690 §8.1). */
function value(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}
