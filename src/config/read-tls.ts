// Reads `tls`: the settings of the listeners that speak TLS, with their certificates, which are checked here, before
// anything is served with them.
import { isAbsolute, join } from 'node:path'
import { authoritiesProblem, readCertificate, type Certificate } from '../edge/certificates.ts'
import { certificateRows, tlsRows, type TlsSettings } from '../edge/tls-settings.ts'
import { memberPath } from './problem.ts'
import { member, memberOf, members, readRows, refuseUnknown, type Found } from './read.ts'
import type { Surroundings } from './read-origin.ts'

const expected = "an object with 'certificates' and the settings of TLS"

/** The settings of TLS; what is absent has its default. */
export function readTls(found: Found, around: Surroundings): TlsSettings {
  const all = found.value === undefined ? undefined : members(found, expected)
  if (all !== undefined) refuseUnknown(all, ['certificates', 'acme', ...Object.keys(tlsRows)])
  const rows = readRows(tlsRows, all ?? new Map<string, Found>(), found)
  const certificates = readCertificates(
    memberOf(all ?? new Map<string, Found>(), found, 'certificates'),
    around,
  )
  const at = { ...found, path: memberPath(found.path, 'clientCa') }
  return { ...rows, certificates, clientCa: readAuthorities(at, rows.clientCa, around) }
}

function readCertificates(found: Found, around: Surroundings): readonly Certificate[] {
  const { value } = found
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length === 0) {
    found.report.wrong(found.path, value, "expected a list of { cert: 'cert.pem', key: 'key.pem' }")
    return []
  }
  return value.flatMap((each, i) => readOne(member(found, i, each), around) ?? [])
}

function readOne(found: Found, around: Surroundings): Certificate | undefined {
  const all = members(found, "an object with 'cert' and 'key', the names of files")
  if (all === undefined) return undefined
  refuseUnknown(all, Object.keys(certificateRows))
  const files = readRows(certificateRows, all, found)
  if (files.cert === '' || files.key === '') return undefined
  const cert = readText(found, 'cert', files.cert, around)
  const key = readText(found, 'key', files.key, around)
  if (cert === undefined || key === undefined) return undefined
  const paths = { cert: absolute(files.cert, around), key: absolute(files.key, around) }
  const read = readCertificate(cert, key, around.nowMs(), paths)
  if (read.kind === 'certificate') return read.certificate
  found.report.wrong(memberPath(found.path, read.in), files[read.in], read.problem)
  return undefined
}

function readAuthorities(at: Found, path: string | undefined, around: Surroundings): string | undefined {
  if (path === undefined) return undefined
  const text = around.readFile(absolute(path, around))
  if (text === undefined) {
    at.report.wrong(at.path, path, 'no file that can be read')
    return undefined
  }
  const pem = Buffer.from(text).toString('latin1')
  const problem = authoritiesProblem(pem)
  if (problem !== undefined) at.report.wrong(at.path, path, problem)
  return pem
}

function readText(of: Found, name: string, path: string, around: Surroundings): string | undefined {
  const bytes = around.readFile(absolute(path, around))
  if (bytes === undefined) of.report.wrong(memberPath(of.path, name), path, 'no file that can be read')
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1')
}

const absolute = (path: string, around: Surroundings): string =>
  isAbsolute(path) ? path : join(around.folder, path)
