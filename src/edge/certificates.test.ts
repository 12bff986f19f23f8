// Certificates are checked before they are used, and each name has one.
import { afterAll, describe, expect, test } from 'bun:test'
import { Certificates } from '../../testing/certificates.ts'
import { realClock } from '../base/clock.ts'
import { authoritiesProblem, byName, readCertificate, type Certificate } from './certificates.ts'
import { selfSigned } from './self-signed.ts'

const made = new Certificates()
afterAll(() => made[Symbol.dispose]())
const nowMs = realClock.nowMs()
const dayMs = 86_400_000

const site = made.selfSigned('site', ['Site.test', '*.site.test'])
const other = made.selfSigned('other', ['other.test'])
const [cert, key] = [made.read(site.cert), made.read(site.key)]
const [otherCert, otherKey] = [made.read(other.cert), made.read(other.key)]

const problemOf = (...args: Parameters<typeof readCertificate>): string => {
  const read = readCertificate(...args)
  return read.kind === 'wrong' ? `${read.in} ${read.problem}` : 'none'
}

test('a certificate with its key', () => {
  const read = readCertificate(cert, key, nowMs)
  expect(read.kind === 'certificate' && read.certificate.names).toEqual(['site.test', '*.site.test'])
  expect(problemOf(cert, key, nowMs + 29 * dayMs)).toBe('none')
})

test('what lies around a certificate is left out, and its chain is kept', () => {
  const read = readCertificate(`Bag Attributes\n${cert}\n# authority\n${otherCert}`, key, nowMs)
  expect(read.kind === 'certificate' && read.certificate.cert).toBe(`${cert.trim()}\n${otherCert.trim()}`)
})

test('what is wrong, and in which file', () => {
  expect(problemOf(key, key, nowMs)).toBe('cert holds no certificate in PEM form')
  expect(problemOf(cert.replace('MII', 'MIX'), key, nowMs)).toBe('cert its certificate 1 cannot be read')
  expect(problemOf(cert, cert, nowMs)).toBe('key holds no private key in PEM form')
  expect(problemOf(cert, otherKey, nowMs)).toBe('key is not the key of the certificate')
  expect(problemOf(otherCert + cert, key, nowMs)).toBe(
    'cert its certificate 2 is the one of the key: it must stand first',
  )
  expect(problemOf(cert, '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII', nowMs)).toBe(
    'key is protected by a passphrase: give the key without one',
  )
  expect(problemOf(cert, key, nowMs + 31 * dayMs)).toMatch(/^cert has expired: /)
  expect(problemOf(cert, key, nowMs - dayMs)).toMatch(/^cert is not valid before /)
})

test('authorities', () => {
  expect(authoritiesProblem(cert + otherCert)).toBe(undefined)
  expect(authoritiesProblem('nothing')).toBe('holds no certificate in PEM form')
  expect(authoritiesProblem(cert + otherCert.replace('MII', 'MIX'))).toBe('its certificate 2 cannot be read')
})

const of = (...names: string[]): Certificate => ({
  files: undefined,
  names,
  validFromMs: 0,
  validToMs: 1,
  cert,
  key,
})

test('of two certificates for one name the earlier one is shown', () => {
  const [one, two] = [of('a.test', 'b.test'), of('b.test', 'c.test')]
  expect([...byName([one, two])]).toEqual([
    ['a.test', one],
    ['b.test', one],
    ['c.test', two],
  ])
})

describe('the certificate for this machine', () => {
  const local = selfSigned(nowMs)

  test('is a good one, for localhost, for about a year', () => {
    const read = readCertificate(local.cert, local.key, nowMs)
    expect(read.kind === 'certificate' && read.certificate.names).toEqual(['localhost'])
    expect(problemOf(local.cert, local.key, nowMs + 396 * dayMs)).toBe('none')
    expect(problemOf(local.cert, local.key, nowMs + 398 * dayMs)).toMatch(/^cert has expired/)
  })

  test('is so for openssl, too', async () => {
    const file = `${made.folder}/local.pem`
    await Bun.write(file, local.cert)
    const { stdout } = Bun.spawnSync(['openssl', 'verify', '-CAfile', file, '-verify_ip', '127.0.0.1', file])
    expect(stdout.toString()).toContain('OK')
    const text = Bun.spawnSync(['openssl', 'x509', '-in', file, '-noout', '-text']).stdout.toString()
    expect(text).toContain('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    expect(text).toContain('CA:FALSE')
  })

  test('is signed for years beyond 2049, too', () => {
    const late = Date.UTC(2050, 1, 1)
    const { cert: pem, key: secret } = selfSigned(late)
    expect(problemOf(pem, secret, late)).toBe('none')
  })

  test('is another one each time', () => {
    expect(selfSigned(nowMs).cert).not.toBe(local.cert)
  })
})
