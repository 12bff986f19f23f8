// Certificates in files that somebody renews: shown as soon as they are right, and never when they are not.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { Certificates } from '../../testing/certificates.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { readCertificate, type Certificate, type CertificateFiles } from '../edge/certificates.ts'
import { selfSigned } from '../edge/self-signed.ts'
import { followCertificates } from './certificate-files.ts'

let made: Certificates
let clock: FakeClock
let files: CertificateFiles
const shown: (readonly Certificate[])[] = []
const told: string[] = []
let refuses = false

const write = ({ cert, key }: ReturnType<typeof selfSigned>): void => {
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
}

const look = (): void => clock.advance(60_000)

/** Follows a certificate that was made at this time, and one from no file. */
function follow(madeMs: number): void {
  const first = selfSigned(madeMs)
  write(first)
  const read = readCertificate(first.cert, first.key, clock.nowMs(), files)
  if (read.kind === 'wrong') throw new Error(read.problem)
  const deps = {
    clock,
    timers: clock,
    tell: (_: string, text: string) => void told.push(`myriad: ${text}\n`),
    replace(certificates: readonly Certificate[]) {
      if (refuses) throw new Error('no')
      shown.push(certificates)
    },
  }
  followCertificates([read.certificate, { ...read.certificate, files: undefined }], deps)
}

beforeEach(() => {
  made = new Certificates()
  clock = new FakeClock()
  files = { cert: `${made.folder}/a.pem`, key: `${made.folder}/a.key` }
  shown.length = told.length = 0
  refuses = false
})
afterEach(() => made[Symbol.dispose]())

test('as long as the files are as they were, nothing is replaced', () => {
  follow(clock.nowMs())
  look()
  look()
  expect([shown.length, told]).toEqual([0, []])
})

test('other certificates are shown once they are there, those from no file stay', () => {
  follow(clock.nowMs())
  const next = selfSigned(clock.nowMs())
  write(next)
  look()
  look()
  expect(shown.length).toBe(1)
  expect(shown[0]!.map(({ key }) => key === next.key)).toEqual([true, false])
})

test('what is wrong at one look alone is not told, what stays wrong is told once', () => {
  follow(clock.nowMs())
  const next = selfSigned(clock.nowMs())
  writeFileSync(files.cert, next.cert)
  look()
  expect([shown.length, told]).toEqual([0, []])
  look()
  look()
  look()
  expect(told).toEqual([
    `myriad: ${files.key}: is not the key of the certificate; the certificate before it is shown on\n`,
  ])
  write(next)
  look()
  expect(shown.length).toBe(1)
})

test('a file that is gone changes nothing', () => {
  follow(clock.nowMs())
  rmSync(files.cert)
  look()
  look()
  expect([shown.length, told.length]).toEqual([0, 1])
  expect(told[0]).toContain('cannot be read')
})

test('a certificate that expires while it is shown is shown on', () => {
  // It is valid for 397 days.
  follow(clock.nowMs() - 396.9 * 86_400_000)
  clock.advance(86_400_000)
  expect([shown.length, told]).toEqual([0, []])
})

test('what the listener does not take is tried again', () => {
  follow(clock.nowMs())
  refuses = true
  write(selfSigned(clock.nowMs()))
  look()
  expect([shown.length, told]).toEqual([0, ['myriad: certificates could not be replaced: Error: no\n']])
  refuses = false
  look()
  expect(shown.length).toBe(1)
})
