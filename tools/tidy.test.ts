// Holds the repository's own rules: each over the whole tree, and over planted faults to prove that it can fail.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import * as rules from './tidy/rules.ts'
import { importsOf, sourceFile, type SourceFile } from './tidy/source.ts'

const root = join(import.meta.dir, '..')
const skipped = new Set(['node_modules', '.git', 'dist', '.cache', 'results'])
const read = /\.(ts|mjs|md|json|toml|yaml|sh|css|html)$|\/(myriad|run)$/

const tree = walk('').map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')))
// What the benchmarks write is not there before they have run.
const exists = (path: string): boolean => path.startsWith('bench/results') || existsSync(join(root, path))

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(path)
    return read.test(`/${path}`) ? [path] : []
  })
}

const table = rules.readRanks(tree.find((file) => file.path === 'docs/ARCHITECTURE.md')?.text ?? '')
const tableForPlants = rules.readRanks(
  '| 0 | `src/base/` | the clock |\n| 1 | `src/http/` `src/cache/` | pure |',
)
const header = '// A file that says what it is for.\n'

interface Case {
  readonly rule: string
  readonly run: (files: readonly SourceFile[]) => rules.Violation[]
  /** Over the tree: the same rule with the tree's own table. */
  readonly overTree?: () => rules.Violation[]
  /** Each is a set of files, path → text. */
  readonly faults: readonly Readonly<Record<string, string>>[]
  readonly fine: readonly Readonly<Record<string, string>>[]
}

const base = { 'src/base/clock.ts': 'export {}', 'src/cache/key.ts': 'export {}' }
const linked = { 'docs/A.md': '# A\n## The heart\n', 'src/base/clock.ts': '' }

const cases: readonly Case[] = [
  {
    rule: 'a folder imports only folders of a lower rank',
    run: (files) => rules.ranks(files, tableForPlants),
    overTree: () => rules.ranks(tree, table),
    faults: [
      { ...base, 'src/http/a.ts': "import { b } from '../cache/key.ts'" },
      { ...base, 'src/http/a.ts': "import type { B } from '../cache/key.ts'" },
      { ...base, 'src/http/a.ts': '', 'src/base/b.ts': "export * from '../http/a.ts'" },
      { ...base, 'src/http/a.ts': "const b = await import('../cache/key.ts')" },
      { ...base, 'src/http/a.ts': "import {\n  b,\n} from '../../testing/b.ts'" },
      { ...base, 'src/http/a.ts': "import { connect } from 'node:net'" },
      { ...base, 'src/http/a.ts': '', 'src/odd/a.ts': '' },
      { 'src/http/a.ts': '' },
    ],
    fine: [
      { ...base, 'src/http/a.ts': "import { clock } from '../base/clock.ts'\nimport { c } from './b/c.ts'" },
      { ...base, 'src/http/a.test.ts': "import { clock } from '../../testing/clock.ts'" },
      {
        ...base,
        'src/http/a.ts': "// from '../cache/key.ts'\nconst text = `import { b } from '../cache/key.ts'`",
      },
    ],
  },
  {
    rule: 'a relative import names a file that exists, with its extension',
    run: rules.imports,
    faults: [{ 'src/a.ts': "import './b'", 'src/b.ts': '' }, { 'src/a.ts': "import { c } from './c.ts'" }],
    fine: [{ 'src/a.ts': "import './b.ts'\nimport 'bun:test'", 'src/b.ts': '' }],
  },
  {
    rule: 'a file opens by saying what it is, and why it is long if it is',
    run: rules.headers,
    faults: [
      { 'src/a.ts': 'export const a = 1' },
      { 'src/a.ts': '// a\nexport const a = 1' },
      { 'src/a.ts': header + 'a\n'.repeat(401) },
      { 'src/a.test.ts': 'test()' },
    ],
    fine: [
      { 'src/a.ts': header },
      { 'src/a.ts': header, 'src/a.test.ts': 'test()' },
      { 'tools/a.ts': '#!/usr/bin/env bun\n/* A tool that does one thing. */\n' },
      { 'src/a.ts': '// A table; long because it has a row for each status.\n' + 'a\n'.repeat(401) },
    ],
  },
  {
    rule: 'time, timers and chance come in as parameters',
    run: rules.injectedTime,
    faults: [
      'Date.now()',
      'new Date()',
      'performance.now()',
      'Math.random()',
      'setTimeout(f, 1)',
      'setInterval(f)',
    ]
      .concat('await Bun.sleep(1)', 'crypto.randomUUID()', '`${Date.now()}`', 'a / 2; Date.now() / 1')
      .map((code) => ({ 'src/cache/a.ts': code })),
    fine: [
      { 'src/base/clock.ts': 'Date.now()' },
      { 'src/cache/a.test.ts': 'setTimeout(f, 1)' },
      { 'bench/a.ts': 'Date.now()' },
      {
        'src/cache/a.ts':
          "// Date.now()\nconst a = 'Math.random()' + `setTimeout ${new Date(0)}` + /'Date.now()/",
      },
    ],
  },
  {
    rule: 'only commands print',
    run: rules.quiet,
    faults: [{ 'src/cache/a.ts': 'console.log(1)' }, { 'src/base/a.ts': 'if (a) console.error(b)' }],
    fine: [{ 'src/cli/a.ts': 'console.log(1)' }, { 'src/cache/a.ts': '// console.log(1)' }],
  },
  {
    rule: 'a file is named after what is in it, and is no barrel',
    run: rules.names,
    faults: [
      'src/http/utils.ts',
      'src/a/string-helpers.ts',
      'src/common/a.ts',
      'tools/manager.ts',
      'src/a/index.ts',
    ]
      .map((path): Record<string, string> => ({ [path]: 'export const a = 1' }))
      .concat({ 'src/a/all.ts': "// All.\nexport * from './b.ts'\nexport { c } from './c.ts'\n" }),
    fine: [
      { 'src/http/uncommon.ts': 'export const a = 1' },
      { 'src/a.ts': "export { b } from './b.ts'\nrun()" },
    ],
  },
  {
    rule: 'no file is dead',
    run: rules.deadFiles,
    faults: [
      { 'src/cli/main.ts': '', 'src/a.ts': '' },
      { 'src/cli/main.ts': '', 'src/a.ts': '', 'src/a.test.ts': "import './a.ts'" },
      { 'testing/a.ts': '' },
    ],
    fine: [
      {
        'src/cli/main.ts': "import type { A } from '../a.ts'",
        'src/a.ts': "import './b.ts'",
        'src/b.ts': '',
      },
      { 'src/cli/main.ts': "await import('./demo.ts')", 'src/cli/demo.ts': '' },
      { 'bench/a.ts': "import '../src/a.ts'", 'src/a.ts': '' },
      { 'src/a.test.ts': "import '../testing/a.ts'", 'testing/a.ts': '' },
    ],
  },
  {
    rule: 'what is exported has a user',
    run: rules.usedExports,
    faults: [
      { 'src/a.ts': 'export const a = 1\na()', 'src/b.ts': "import './a.ts' // a" },
      { 'src/a.ts': 'export function unused() {}' },
    ],
    fine: [
      { 'src/a.ts': 'export const a = 1', 'src/a.test.ts': "import { a } from './a.ts'" },
      { 'src/a.ts': 'export interface A {}\nexport type B = A' },
    ],
  },
  {
    rule: 'an exported function is documented',
    run: rules.documented,
    faults: [
      { 'src/a.ts': 'export function a() {}' },
      { 'src/a.ts': '// No.\nexport async function a() {}' },
      { 'src/a.ts': '/** A. */\n\nexport function* a() {}' },
    ],
    fine: [
      { 'src/a.ts': '/** Adds. */\nexport function a(b: 1): 1\nexport function a(b: 2): 2\nfunction c() {}' },
      { 'src/a.ts': '/**\n * Adds.\n */\nexport async function a() {}' },
    ],
  },
  {
    rule: 'no error disappears',
    run: rules.caught,
    faults: [
      { 'src/a.ts': 'try { b() } catch {}' },
      { 'src/a.ts': 'try { b() } catch (error) {\n}' },
      { 'src/a.ts': 'b().catch(() => {})' },
      { 'src/a.ts': 'b().catch(() => undefined)' },
    ],
    fine: [
      { 'src/a.ts': 'try { b() } catch (error) { throw new Failure(error) }' },
      { 'src/a.ts': 'try { b() } catch {\n  // The file was not there: nothing is left to remove.\n}' },
    ],
  },
  {
    rule: 'nothing is left for later',
    run: rules.finished,
    faults: [{ 'src/a.ts': '// TODO: b' }, { 'src/a.ts': "throw new Error('not written')" }],
    fine: [{ 'src/a.ts': '// All that is to do is done here.' }],
  },
  {
    rule: 'no test is switched off',
    run: rules.testsRun,
    faults: [{ 'src/a.test.ts': "test.only('a', f)" }, { 'src/a.test.ts': "describe.skip('a', f)" }],
    fine: [
      {
        'src/a.test.ts': "test.skipIf(!installed)('a', f)\nif (a) b()\nelse test.skip('c', f)\n// test.only",
      },
    ],
  },
  {
    rule: 'links and named paths lead somewhere',
    run: (files) => rules.links(files, (path) => files.some((file) => file.path === path)),
    overTree: () => rules.links(tree, exists),
    faults: [
      { ...linked, 'README.md': '[a](docs/B.md)' },
      { ...linked, 'README.md': '[a](docs/A.md#the-soul)' },
      { ...linked, 'docs/B.md': '[b](#nowhere)' },
      { ...linked, 'README.md': 'see `src/base/cluck.ts`' },
      { ...linked, 'src/a.ts': '// See src/base/cluck.ts.' },
    ],
    fine: [
      { ...linked, 'README.md': '[a](docs/A.md#the-heart) [b](https://example.org/x) `src/base/clock.ts`' },
      { ...linked, 'docs/B.md': '[a](A.md) [b](../src/base/clock.ts)' },
      { ...linked, 'src/a.ts': "// See src/base/clock.ts.\nconst a = 'src/base/cluck.ts'" },
    ],
  },
  {
    rule: 'nothing stands here that exists on one machine only',
    run: rules.elsewhere,
    faults: [
      { 'docs/A.md': 'put it in /tmp/a' },
      { 'src/a.ts': "const a = '/home/ada/a'" },
      { 'package-lock.json': '"resolved": "https://registry.example.org/a.tgz"' },
    ],
    fine: [
      { 'docs/A.md': 'a path like /blog/tmp/a, or src/home/b' },
      { 'package-lock.json': '"resolved": "https://registry.npmjs.org/a.tgz"' },
    ],
  },
]

for (const { rule, run, overTree, faults, fine } of cases) {
  describe(rule, () => {
    test('throughout the tree', () => {
      const violations = overTree?.() ?? run(tree)
      expect(violations.map((v) => `${v.path}:${v.line}: ${v.message}`)).toEqual([])
    })
    test('each planted fault is found', () => {
      for (const files of faults) expect([files, run(planted(files)).length > 0]).toEqual([files, true])
    })
    test('what is fine is left alone', () => {
      for (const files of fine) expect([files, run(planted(files))]).toEqual([files, []])
    })
  })
}

test('the tree is read at all', () => {
  expect(tree.length).toBeGreaterThan(50)
  expect(table.rankOf.get('src/base')).toBe(0)
  expect(table.pure.has('src/cache')).toBe(true)
})

test('imports are seen in every form, and only where they are code', () => {
  const text = `import a from 'a'
import 'b'
import {
  c,
} from "c"
export { d } from 'd'
const e = await import('e')
type F = import('f').F
// import x from 'x'
const y = "import x from 'x'"
const z = \`\${a ? \`from 'x'\` : {}}from 'x'\`
`
  expect(importsOf(sourceFile('src/a.ts', text))).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

function planted(files: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(files).map(([path, text]) => sourceFile(path, text))
}
