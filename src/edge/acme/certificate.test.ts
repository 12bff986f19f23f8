// What a file of a certificate and its key must be before it is used.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { TestAuthority } from '../../../testing/certificate-authority.ts'
import { readCertificate } from './certificate.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const authority = new TestAuthority(folder)
const one = authority.issue(['a.example.com', '*.b.example.com'], { days: 90, serial: '8765432101020304' })
const other = authority.issue(['a.example.com'])
const whole = one.key + one.cert + authority.cert

test('a key with its certificate and chain', () => {
  const read = readCertificate(whole)
  expect(read.names).toEqual(['a.example.com', '*.b.example.com'])
  expect(read.issuer).toBe('Test Authority Test Root')
  expect(read.serial).toBe('8765432101020304')
  expect(Math.round((read.notAfterMs - read.notBeforeMs) / 86_400_000)).toBe(90)
  expect(read.chainPem).toBe(one.cert + authority.cert)
  expect(read.keyPem).toBe(one.key)
})

test('renewal information goes by key identifier and serial number, whose first octet is 0 where its first bit would be set', () => {
  const [identifier, serial, ...rest] = readCertificate(whole).renewalId!.split('.')
  expect(rest).toEqual([])
  expect(Buffer.from(identifier!, 'base64url').length).toBe(20)
  expect(Buffer.from(serial!, 'base64url').toString('hex')).toBe('008765432101020304')
  const small = authority.issue(['a.example.com'], { serial: '0102' })
  const [, short] = readCertificate(small.key + small.cert).renewalId!.split('.')
  expect(Buffer.from(short!, 'base64url').toString('hex')).toBe('0102')
})

test('the order in the file and the line ends do not matter', () => {
  for (const text of [one.cert + one.key, whole.replaceAll('\n', '\r\n'), `a comment\n${whole}`])
    expect(readCertificate(text).names.length).toBe(2)
})

const wrong = (text: string): string => {
  try {
    readCertificate(text)
    return 'fine'
  } catch (error) {
    return (error as Error).message
  }
}

test('what is wrong is told, without the key', () => {
  expect(wrong(other.key + one.cert)).toBe('its key belongs to another certificate')
  expect(wrong(one.key + one.cert + other.cert)).toBe('its certificates are not a chain')
  expect(wrong(one.cert)).toBe('does not hold one key and its certificates')
  expect(wrong(one.key + one.key + one.cert)).toBe('does not hold one key and its certificates')
  expect(wrong('')).toBe('does not hold one key and its certificates')
  expect(wrong(one.key + one.cert + authority.cert.repeat(10))).toBe(
    'does not hold one key and its certificates',
  )
  expect(wrong(one.key.replace(/[A-Za-z0-9+/]{40}/, 'A'.repeat(40)) + one.cert)).toBe(
    'the key in it cannot be read',
  )
  expect(wrong(whole + ' '.repeat(300_000))).toBe('is too large for a certificate')
})

test('property: a file that was cut off is never taken for whole, and what is told holds nothing of the key', () => {
  const lines = one.key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'))
  // Key last: nothing of what is needed is left when the end is missing.
  const text = one.cert + one.key.trimEnd()
  fc.assert(
    fc.property(fc.nat(text.length - 1), (length) => {
      let said = ''
      try {
        readCertificate(text.slice(0, length))
      } catch (error) {
        said = (error as Error).message
      }
      expect(said).not.toBe('')
      for (const line of lines) expect(said).not.toContain(line)
    }),
  )
})
