// Reads the section `edge`: the listeners, and the file of bans, which has to be right before anybody is served.
import { isAbsolute, join } from 'node:path'
import { countryFiles, countryPackage } from '../edge/countries.ts'
import { BAN_FILE_BYTES_MAX } from '../edge/ban-file.ts'
import { banProblem, parseBans } from '../edge/ban-list.ts'
import { edgeRows, type EdgeSettings } from '../edge/settings.ts'
import { memberPath } from './problem.ts'
import type { Surroundings } from './read-origin.ts'
import { listed, readSection, type Found } from './read.ts'
import { formatBytes } from './units.ts'

/** The settings of the listeners; paths in it are absolute. */
export function readEdge(found: Found, around: Surroundings): EdgeSettings {
  const settings = readSection(edgeRows, found)
  const absolute = (path: string): string => (isAbsolute(path) ? path : join(around.folder, path))
  const edge = { ...settings, countryData: absolute(settings.countryData ?? countryPackage) }
  if (settings.banFile === undefined) return edge
  const path = absolute(settings.banFile)
  const problem = fileProblem(around.readFile(path))
  if (problem !== undefined) found.report.wrong(memberPath(found.path, 'banFile'), settings.banFile, problem)
  return { ...edge, banFile: path }
}

/** Reports that there is no data of countries, which some rule needs. */
export function requireCountries(
  { countryData = '' }: EdgeSettings,
  found: Found,
  around: Surroundings,
): void {
  if (countryFiles.every((file) => around.fileExists(join(countryData, file)))) return
  found.report.amiss(
    memberPath(found.path, 'countryData'),
    `missing: a rule looks at 'country', and ${countryData} does not hold ${listed(countryFiles)}; npm install @ip-location-db/asn-country in the folder of the configuration, or name the folder that has them`,
  )
}

function fileProblem(octets: Uint8Array | undefined): string | undefined {
  if (octets === undefined) return 'no such file'
  if (octets.length > BAN_FILE_BYTES_MAX) return `larger than ${formatBytes(BAN_FILE_BYTES_MAX)}`
  const read = parseBans(Buffer.from(octets).toString())
  return read.kind === 'wrong' ? banProblem(read) : undefined
}
