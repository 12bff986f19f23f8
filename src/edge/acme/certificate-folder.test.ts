// Files of certificates: private, whole or not there, and never taken for what they are not.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { TestAuthority } from '../../../testing/certificate-authority.ts'
import { CertificateFolder } from './certificate-folder.ts'
import { afterAdvice, afterTrouble, wantedSince } from './schedule.ts'

const base = mkdtempSync(join(tmpdir(), 'myriad-test-'))
afterAll(() => rmSync(base, { recursive: true }))
const authority = new TestAuthority(base)
const pemOf = (name: string): string => {
  const { key, cert } = authority.issue([name])
  return key + cert + authority.cert
}
const pem = pemOf('a.example.com')
let count = 0
let path = ''
let folder: CertificateFolder

beforeEach(() => {
  path = join(base, `folder-${++count}`, 'authority')
  folder = new CertificateFolder(path, () => `random-${++count}`)
  folder.make()
})

const filesBelow = (under: string): string[] =>
  readdirSync(under, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  )

test('everything is for this user alone', () => {
  folder.accountKey()
  folder.writeCertificate('a.example.com', pem)
  folder.writeStanding('a.example.com', wantedSince(0))
  folder.writeProof('token', 'token.proof')
  const modes = filesBelow(path).map((file) => [file.slice(path.length), statSync(file).mode & 0o7777])
  expect(modes.length).toBe(7)
  for (const [file, mode] of modes)
    expect([file, mode]).toEqual([file, /\./.test(String(file)) || file === '/proofs/token' ? 0o600 : 0o700])
})

test('a folder that others can open is refused', () => {
  chmodSync(join(path, 'certificates'), 0o750)
  expect(() => folder.make()).toThrow('is not a folder of this user alone')
  const elsewhere = join(base, `elsewhere-${++count}`)
  mkdirSync(elsewhere, { mode: 0o700 })
  const link = join(base, `link-${count}`)
  symlinkSync(elsewhere, link)
  expect(() => new CertificateFolder(link, () => '').make()).toThrow('is not a folder of this user alone')
})

test('a certificate and its key come back as they were written, from another process too', () => {
  folder.writeCertificate('a.example.com', pem)
  const found = new CertificateFolder(path, () => '').certificate('a.example.com', undefined)!
  expect(found.certificate.names).toEqual(['a.example.com'])
  expect(folder.certificate('a.example.com', found)).toBe(found)
  folder.writeCertificate('a.example.com', pemOf('a.example.com'))
  expect(folder.certificate('a.example.com', found)!.certificate.serial).not.toBe(found.certificate.serial)
  expect(folder.certificate('b.example.com', undefined)).toBeUndefined()
})

test('the account key is made once', () => {
  const key = folder.accountKey()
  expect(key).toContain('PRIVATE KEY')
  expect(new CertificateFolder(path, () => '').accountKey()).toBe(key)
})

test('a file for other names, or too large, or no file, is refused', () => {
  folder.writeCertificate('b.example.com', pem)
  expect(() => folder.certificate('b.example.com', undefined)).toThrow('is for other names')
  writeFileSync(join(path, 'certificates', 'a.example.com.pem'), pem + ' '.repeat(300_000))
  expect(() => folder.certificate('a.example.com', undefined)).toThrow('is no file of the expected size')
  mkdirSync(join(path, 'certificates', 'c.example.com.pem'))
  expect(() => folder.certificate('c.example.com', undefined)).toThrow('is no file of the expected size')
})

test('names are those of files, and of nothing that cannot be certified', () => {
  folder.writeCertificate('*.example.com', pem)
  folder.writeStanding('a.example.com', wantedSince(0))
  for (const odd of ['.hidden.pem', 'localhost.pem', 'A.EXAMPLE.pem', 'notes.txt'])
    writeFileSync(join(path, 'certificates', odd), '')
  expect(folder.names()!.toSorted()).toEqual(['*.example.com', 'a.example.com'])
  expect(new CertificateFolder(join(base, 'nowhere'), () => '').names()).toBeUndefined()
})

test('what is remembered about a name survives; what does not fit is forgotten', () => {
  const trouble = { kind: 'refused', text: 'no', retryAfterMs: undefined } as const
  const failed = afterTrouble(wantedSince(5), trouble, undefined, 6, 0.5)
  const window = { startMs: 7, endMs: 8, retryAfterMs: undefined }
  for (const standing of [
    wantedSince(1),
    failed,
    afterAdvice(failed, 'a.b', window, 9, 0),
    afterAdvice(failed, 'a.b', undefined, 9, 0),
  ]) {
    folder.writeStanding('a.example.com', standing)
    expect(folder.standing('a.example.com')).toEqual(standing)
  }
  const file = join(path, 'standings', 'a.example.com.json')
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"failures":1}',
    readFileSync(file, 'utf8').slice(0, -9),
    ' '.repeat(20_000),
  ]) {
    writeFileSync(file, text)
    expect([text, folder.standing('a.example.com')]).toEqual([text, undefined])
  }
  folder.forgetStanding('a.example.com')
  expect(folder.names()).toEqual([])
})

test('property: no token leads to a file that is no proof', () => {
  folder.accountKey()
  folder.writeProof('abc-_09', 'abc-_09.proof')
  expect(folder.proof('abc-_09')).toBe('abc-_09.proof')
  for (const token of [
    '',
    '.',
    '..',
    '../account.pem',
    '../standing',
    'a/b',
    'a%2fb',
    'abc-_09?x=1',
    'a'.repeat(300),
    'a\0',
  ])
    expect([token, folder.proof(token)]).toEqual([token, undefined])
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }),
      (token) => token === 'abc-_09' || folder.proof(token) === undefined,
    ),
  )
  expect(() => folder.writeProof('../x', '')).toThrow('not base64url')
  folder.removeProof('abc-_09')
  expect(folder.proof('abc-_09')).toBeUndefined()
})

test('what an ended process left is removed, and nothing else', () => {
  folder.writeCertificate('a.example.com', pem)
  folder.writeProof('token', 'proof')
  writeFileSync(join(path, 'certificates', '.unfinished'), pem.slice(0, 100))
  folder.tidy()
  expect(readdirSync(join(path, 'certificates'))).toEqual(['a.example.com.pem'])
  expect(readdirSync(join(path, 'proofs'))).toEqual([])
})

test('what cannot be written leaves the file before it, and nothing beside it', () => {
  folder.writeCertificate('a.example.com', pem)
  const taken = new CertificateFolder(path, () => 'taken')
  writeFileSync(join(path, 'certificates', '.taken'), '')
  expect(() => taken.writeCertificate('a.example.com', 'other')).toThrow('EEXIST')
  expect(readFileSync(join(path, 'certificates', 'a.example.com.pem'), 'utf8')).toBe(pem)
})
