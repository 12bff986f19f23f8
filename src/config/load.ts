// Reads a configuration file: TypeScript, JSON or YAML, by the end of its name.
import { existsSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../base/thrown.ts'
import { defineConfig, files, http, php } from './define.ts'

/** What a file held, or why it could not be read. */
export type Loaded =
  | { readonly kind: 'loaded'; readonly value: unknown }
  | { readonly kind: 'unreadable'; readonly error: string }

const endings = ['.ts', '.json', '.yaml', '.yml']

/** The configuration files in a folder, in the order in which they are looked for. */
export function findConfigs(folder: string): readonly string[] {
  return endings.map((ending) => join(folder, `myriad.config${ending}`)).filter((file) => existsSync(file))
}

/** Reads a configuration file. A TypeScript file is executed, and its default export is the configuration. */
export async function loadConfig(path: string): Promise<Loaded> {
  const file = resolve(path)
  const ending = extname(file)
  if (!endings.includes(ending))
    return { kind: 'unreadable', error: `expected a file that ends in ${endings.join(', ')}` }
  if (!existsSync(file)) return { kind: 'unreadable', error: 'no such file' }
  try {
    if (ending === '.ts') return await execute(file)
    const text = await Bun.file(file).text()
    return { kind: 'loaded', value: ending === '.json' ? JSON.parse(text) : Bun.YAML.parse(text) }
  } catch (error) {
    return { kind: 'unreadable', error: problemOf(error) }
  }
}

/** What has been executed of configurations, and is executed anew when one is read again. */
const executed = new Set<string>()

async function execute(file: string): Promise<Loaded> {
  offerMyriad()
  for (const path of executed) delete require.cache[path]
  const before = new Set(Object.keys(require.cache))
  let module: { readonly default?: unknown }
  try {
    module = await import(pathToFileURL(file).href)
  } finally {
    for (const path of Object.keys(require.cache)) if (!before.has(path)) executed.add(path)
  }
  if (module.default === undefined)
    return { kind: 'unreadable', error: 'expected `export default defineConfig({ … })`' }
  return { kind: 'loaded', value: module.default }
}

let offered = false

/** Lets a configuration file anywhere `import … from 'myriad'`, also where no such package is installed. */
function offerMyriad(): void {
  if (offered) return
  offered = true
  Bun.plugin({
    name: 'myriad',
    setup(build) {
      build.module('myriad', () => ({ exports: { defineConfig, files, http, php }, loader: 'object' }))
    },
  })
}

function problemOf(error: unknown): string {
  // Bun reports several syntax errors of one file as an AggregateError.
  if (error instanceof AggregateError) return error.errors.map(problemOf).join('\n')
  return messageOf(error)
}
