// Reading configuration files: the three formats say the same, and what cannot be read is told.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findConfigs, loadConfig } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const unreadable = async (path: string): Promise<string> => {
  const loaded = await loadConfig(path)
  return loaded.kind === 'unreadable' ? loaded.error : 'loaded'
}

test('TypeScript, JSON and YAML give the same value', async () => {
  const value = { services: { site: { origin: { http: 'http://127.0.0.1:9000', queueMax: 5 } } } }
  const files = [
    file(
      'a.ts',
      `import { defineConfig, http } from 'myriad'
       const queueMax: number = 5
       export default defineConfig({ services: { site: { origin: http('http://127.0.0.1:9000', { queueMax }) } } })`,
    ),
    file('a.json', JSON.stringify(value)),
    file('a.yaml', 'services:\n  site:\n    origin: { http: "http://127.0.0.1:9000", queueMax: 5 }\n'),
  ]
  for (const path of files) expect(await loadConfig(path)).toEqual({ kind: 'loaded', value })
})

test('a TypeScript file, and what it imports, is executed anew each time', async () => {
  const imported = file('ttl.ts', "export const ttl = '1m'")
  const path = file('reloaded.ts', "import { ttl } from './ttl.ts'\nexport default { first: true, ttl }")
  expect(await loadConfig(path)).toEqual({ kind: 'loaded', value: { first: true, ttl: '1m' } })
  writeFileSync(imported, "export const ttl = '2m'")
  expect(await loadConfig(path)).toEqual({ kind: 'loaded', value: { first: true, ttl: '2m' } })
  writeFileSync(path, 'export default {')
  expect(await unreadable(path)).not.toBe('loaded')
  writeFileSync(path, 'export default { first: false }')
  expect(await loadConfig(path)).toEqual({ kind: 'loaded', value: { first: false } })
})

test('what cannot be read is told', async () => {
  expect(await unreadable(join(folder, 'none.json'))).toBe('no such file')
  expect(await unreadable(file('b.toml', ''))).toContain('.ts, .json, .yaml')
  expect(await unreadable(file('b.json', '{ "a": 1,, }'))).toContain('JSON')
  expect(await unreadable(file('b.yaml', 'a: [1'))).not.toBe('loaded')
  expect(await unreadable(file('b.ts', 'export default {'))).not.toBe('loaded')
  expect(await unreadable(file('c.ts', 'export const config = {}'))).toContain('export default')
  expect(await unreadable(file('d.ts', "throw new Error('of its own')"))).toContain('of its own')
})

test('the files of a folder are found in a fixed order', () => {
  file('myriad.config.yaml', '')
  file('myriad.config.json', '{}')
  expect(findConfigs(folder)).toEqual([
    join(folder, 'myriad.config.json'),
    join(folder, 'myriad.config.yaml'),
  ])
  expect(findConfigs(join(folder, 'none'))).toEqual([])
})
