// Reads an origin that is a folder: `{ php: FOLDER, … }`, scripts with files beside them, and `{ files: FOLDER, … }`.
import { isAbsolute, join, resolve } from 'node:path'
import { optionalText } from '../base/setting.ts'
import { fastCgiRows, type FastCgiAddress } from '../origin/fastcgi/settings.ts'
import { filesRows, type FilesOriginConfig } from '../origin/files/settings.ts'
import { phpSiteRows } from '../origin/php-site-settings.ts'
import { memberPath } from './problem.ts'
import { memberOf, members, readRows, refuseUnknown, type Found } from './read.ts'
import type { Surroundings } from './read-origin.ts'
import type { PhpOriginConfig } from './site.ts'

/** Where PHP is; the rest of a PHP origin's settings belong to the parts that it is made of. */
const socketRows = {
  socket: optionalText(
    "Where php-fpm listens: the path of a unix socket, or '127.0.0.1:9000'. Unset: a php-fpm that runs on this machine is found, or else started.",
  ),
}

/** The index of a PHP site names scripts. */
const { index: _, ...filesBesideRows } = filesRows

export const phpRows = { ...socketRows, ...phpSiteRows, ...filesBesideRows, ...fastCgiRows }

const socketExpected = "expected the path of a unix socket, or an address such as '127.0.0.1:9000'"

/** A PHP site; undefined, and a problem, when there is no folder for it. */
export function readPhpOrigin(found: Found, around: Surroundings): PhpOriginConfig | undefined {
  const all = members(found, "an object with 'php'") ?? new Map<string, Found>()
  refuseUnknown(all, ['php', ...Object.keys(phpRows)])
  const site = readRows(phpSiteRows, all, found)
  for (const path of site.noExec) {
    const problem = folderProblem(path)
    if (problem !== undefined) found.report.wrong(memberPath(found.path, 'noExec'), path, problem)
  }
  for (const path of site.frontController)
    if (!/^\/[^?#\s]*$/.test(path))
      found.report.wrong(
        memberPath(found.path, 'frontController'),
        path,
        "expected a path of the site, such as '/index.php'",
      )
  const { socket } = readRows(socketRows, all, found)
  const address = socket === undefined ? undefined : parseSocket(socket, around)
  if (socket !== undefined && address === undefined)
    found.report.wrong(memberPath(found.path, 'socket'), socket, socketExpected)
  const files = { ...readRows(filesBesideRows, all, found), index: filesRows.index.default }
  checkDeny(files.deny, found)
  const settings = readRows(fastCgiRows, all, found)
  const root = readFolder(memberOf(all, found, 'php'), around)
  if (root === undefined) return undefined
  return {
    kind: 'php',
    root,
    address,
    site,
    files: { ...files, linkTargets: files.linkTargets.map((path) => absolute(path, around)) },
    settings,
  }
}

/** A folder of files; undefined, and a problem, when there is none. */
export function readFilesOrigin(found: Found, around: Surroundings): FilesOriginConfig | undefined {
  const all = members(found, "an object with 'files'") ?? new Map<string, Found>()
  refuseUnknown(all, ['files', ...Object.keys(filesRows)])
  const settings = readRows(filesRows, all, found)
  checkDeny(settings.deny, found)
  const root = readFolder(memberOf(all, found, 'files'), around)
  if (root === undefined) return undefined
  const linkTargets = settings.linkTargets.map((path) => absolute(path, around))
  return { kind: 'files', root, settings: { ...settings, linkTargets } }
}

function readFolder(found: Found, around: Surroundings): string | undefined {
  if (typeof found.value !== 'string' || found.value === '') {
    found.report.wrong(found.path, found.value, "expected a folder, such as './public'")
    return undefined
  }
  const folder = absolute(found.value, around)
  if (around.fileExists(folder)) return folder
  found.report.wrong(found.path, found.value, 'no such folder')
  return undefined
}

/** What is wrong with a folder in which nothing is to be executed: one that matches nothing would protect nothing. */
function folderProblem(path: string): string | undefined {
  if (!isText(path) || !path.startsWith('/')) return "expected a path of the site, such as '/uploads'"
  const names = path.split('/').filter((name) => name !== '')
  return (
    pathProblem(path, names) ??
    (names.some((name) => name !== '*' && name.includes('*'))
      ? "'*' stands for a whole name, as in '/sites/*/files'"
      : undefined)
  )
}

function checkDeny(patterns: readonly string[], found: Found): void {
  for (const pattern of patterns) {
    const problem = denyProblem(pattern)
    if (problem !== undefined) found.report.wrong(memberPath(found.path, 'deny'), pattern, problem)
  }
}

/** What is wrong with a pattern of what is kept from visitors: as `folderProblem`, and what would keep everything from them. */
function denyProblem(pattern: string): string | undefined {
  const isPath = pattern.startsWith('/')
  if (!isText(pattern) || (!isPath && pattern.includes('/')))
    return "expected a path from the site's folder, such as '/data', or a name without a slash, such as '*.inc'"
  const names = pattern.split('/').filter((name) => name !== '')
  const problem = isPath ? pathProblem(pattern, names) : pathProblem(pattern, [])
  if (problem !== undefined) return problem
  if (names.every((name) => /^\*+$/.test(name))) return 'would keep everything from visitors'
  if (names.some((name) => name.indexOf('*') !== name.lastIndexOf('*'))) return "a name may hold one '*' only"
  if (/\{.*,.*\}|\(.*\|.*\)/.test(pattern)) return 'each of several names needs a pattern of its own'
  return !isPath && pattern.startsWith('.')
    ? `names that begin with a dot are hidden as it is; an ending is written '*${pattern}'`
    : undefined
}

/** What no path in a setting about a folder may hold. */
function pathProblem(path: string, names: readonly string[]): string | undefined {
  if (path.includes('%')) return "expected the name as it is, without '%'"
  if (names.includes('.') || names.includes('..')) return "must not hold '.' or '..' as a name"
  return names.at(-1) === '*' || names.at(-1) === '**'
    ? "names a folder, and counts for everything below it: leave out the '*' at its end"
    : undefined
}

const isText = (path: string): boolean => !/[\u0000-\u001f\u007f]/.test(path)

/** The address of a FastCGI application; undefined when it is none. A path is told from a name by its slash. */
function parseSocket(text: string, around: Surroundings): FastCgiAddress | undefined {
  if (text.includes('/')) return { kind: 'unix', path: absolute(text, around) }
  const [, hostname, digits] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (hostname === undefined || port < 1 || port > 65_535) return undefined
  return { kind: 'tcp', hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port }
}

const absolute = (path: string, around: Surroundings): string =>
  isAbsolute(path) ? resolve(path) : join(around.folder, path)
