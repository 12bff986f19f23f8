// Reads the section `edge`: the listeners, and the file of bans, which has to be right before anybody is served.
import { isAbsolute, join } from 'node:path'
import { BAN_FILE_BYTES_MAX } from '../edge/ban-file.ts'
import { banProblem, parseBans } from '../edge/ban-list.ts'
import { edgeRows, type EdgeSettings } from '../edge/settings.ts'
import { memberPath } from './problem.ts'
import type { Surroundings } from './read-origin.ts'
import { readSection, type Found } from './read.ts'
import { formatBytes } from './units.ts'

/** The settings of the listeners; the path of the file is absolute. */
export function readEdge(found: Found, around: Surroundings): EdgeSettings {
  const settings = readSection(edgeRows, found)
  if (settings.banFile === undefined) return settings
  const path = isAbsolute(settings.banFile) ? settings.banFile : join(around.folder, settings.banFile)
  const problem = fileProblem(around.readFile(path))
  if (problem !== undefined) found.report.wrong(memberPath(found.path, 'banFile'), settings.banFile, problem)
  return { ...settings, banFile: path }
}

function fileProblem(octets: Uint8Array | undefined): string | undefined {
  if (octets === undefined) return 'no such file'
  if (octets.length > BAN_FILE_BYTES_MAX) return `larger than ${formatBytes(BAN_FILE_BYTES_MAX)}`
  const read = parseBans(Buffer.from(octets).toString())
  return read.kind === 'wrong' ? banProblem(read) : undefined
}
