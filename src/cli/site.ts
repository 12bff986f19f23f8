// From the command line to a Site: a TARGET, a configuration file, or the one in the current folder.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { originExpected, parseOrigin } from '../config/address.ts'
import { recogniseFolder } from '../config/folder.ts'
import { findConfigs, loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { resolveSite } from '../config/resolve.ts'
import type { Site } from '../config/site.ts'
import type { Flag, Given, World } from './command.ts'

export const configFlag: Flag = {
  name: 'config',
  value: 'FILE',
  text: 'Configuration, a .ts, .json or .yaml file; else myriad.config.* of the folder.',
}

export const listenFlag: Flag = {
  name: 'listen',
  value: 'HOST:PORT',
  many: true,
  text: "Where to listen, in place of the configuration's addresses; https://HOST:PORT with TLS; may be repeated.",
}

/** The site that was asked for. */
export interface FoundSite {
  readonly site: Site
  /** The value of the configuration. */
  readonly value: unknown
  /** Where its relative paths start. */
  readonly folder: string
  /** The file that it stands in; undefined: in none. */
  readonly file: string | undefined
  /** What a folder was recognised as, in words; undefined when nothing had to be. */
  readonly recognised: string | undefined
}

/** The site that was asked for; undefined when there is none, and everything that is wrong has been written. */
export async function siteFrom(given: Given, world: World): Promise<FoundSite | undefined> {
  const source = await sourceOf(given, world)
  if (source === undefined) return undefined
  const listen = given.values('listen')
  const value = listen.length === 0 ? source.value : withListen(source.value, listen)
  const resolved = resolveSite(value, {
    folder: source.folder,
    fileExists: existsSync,
    readFile,
    nowMs: () => world.clock.nowMs(),
  })
  if (resolved.kind === 'site') {
    const { folder, file, recognised } = source
    return { site: resolved.site, value, folder, file, recognised }
  }
  const { problems } = resolved
  const count = problems.length === 1 ? 'one setting is wrong' : `${problems.length} settings are wrong`
  world.err(`myriad: ${source.name}: ${count}\n`)
  for (const problem of problems) world.err(`  ${formatProblem(problem)}\n`)
  return undefined
}

interface Source {
  /** As a person would call it. */
  readonly name: string
  readonly value: unknown
  /** Where its relative paths start. */
  readonly folder: string
  readonly file?: string
  readonly recognised?: string
}

async function sourceOf(given: Given, world: World): Promise<Source | undefined> {
  const target = given.operands[0]
  const config = given.value('config')
  const refuse = (text: string): undefined => {
    world.err(`myriad: ${text}\n`)
    return undefined
  }
  if (target !== undefined) {
    if (config !== undefined)
      return refuse('TARGET and --config exclude one another: name the target in the configuration')
    if (parseOrigin(target) !== undefined) return sourceWith({ origin: target }, world.folder)
    const folder = resolve(world.folder, target)
    return isFolder(folder) ? folderSource(folder) : refuse(notATarget(target, folder))
  }
  const found = findConfigs(world.folder)
  if (config === undefined && found.length > 1)
    return refuse(`there are ${found.map((path) => basename(path)).join(' and ')}: say which with --config`)
  const file = config === undefined ? found[0] : resolve(world.folder, config)
  if (file === undefined) {
    // A folder without a page to begin with is not taken for a site unasked: it may hold anything.
    if (recogniseFolder(world.folder, isFile).kind === 'php' || isFile(join(world.folder, 'index.html')))
      return folderSource(world.folder)
    return refuse(
      'nothing to serve: give a TARGET such as http://127.0.0.1:9000 or ./public, or write a myriad.config.ts',
    )
  }
  const loaded = await loadConfig(file)
  const name = config ?? basename(file)
  if (loaded.kind === 'unreadable') return refuse(`${name}: ${loaded.error}`)
  return { name, value: loaded.value, folder: dirname(file), file }
}

/** The command line's addresses in place of the configuration's. */
function withListen(value: unknown, listen: readonly string[]): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, listen } : value
}

/** A site of one service. */
function sourceWith(service: unknown, folder: string): Source {
  return { name: 'the command line', value: { services: { site: service } }, folder }
}

/** A folder as a site: what it shows to be. */
function folderSource(folder: string): Source {
  const found = recogniseFolder(folder, isFile)
  if (found.kind === 'files') return sourceWith({ origin: { files: found.root } }, folder)
  const { root, known } = found
  if (known === undefined) return sourceWith({ origin: { php: root } }, folder)
  const { preset, sign } = known
  return {
    ...sourceWith({ origin: { php: root }, preset: preset.name }, folder),
    recognised: `${preset.title}: recognised by ${sign}; preset '${preset.name}'`,
  }
}

function notATarget(target: string, path: string): string {
  if (existsSync(path)) return `'${target}' is not available as a TARGET: it is a file; name its folder`
  const hint = parseOrigin(`http://${target}`) === undefined ? '' : `; did you mean 'http://${target}'?`
  return `'${target}' is not available as a TARGET: there is no such folder; ${originExpected}${target.includes(':') ? hint : ''}`
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** The bytes of a file that a configuration names; undefined when it cannot be read. */
export function readFile(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch {
    // No such file, or none to be read: the configuration's problem, told with its place.
    return undefined
  }
}
