// Random trees of folders, files and links, inside the root and beside it: whatever path is asked for, nothing outside
// the root is named, let alone opened, and nothing hidden.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { OpenFiles } from './open-files.ts'
import { DocumentRoot, type ResolvedFile } from './root.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'confined-')))
afterAll(() => rmSync(base, { recursive: true }))

const name = fc.constantFrom('a', 'b', 'c', '.d', '.well-known', 'x.php', 'é')
const place = fc.array(name, { minLength: 1, maxLength: 3 })
const target = fc.array(fc.oneof(name, fc.constantFrom('..', '.', 'out', 'in')), {
  minLength: 1,
  maxLength: 5,
})
const entry = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), place, inside: fc.boolean() }),
  fc.record({ kind: fc.constant('link' as const), place, target, absolute: fc.boolean() }),
)
const segment = fc.oneof(
  name,
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2E%2E',
    '..%2F',
    '%2e',
    'a%2Fb',
    '%00',
    '%C3%A9',
    '%E9',
    'a%5Cb',
    'x.php%00',
  ),
)
const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => `/${segments.join('/')}`)

let trees = 0

function plant(entries: readonly (typeof entry extends fc.Arbitrary<infer E> ? E : never)[]): string {
  const folder = join(base, String(trees++))
  mkdirSync(join(folder, 'in'), { recursive: true })
  mkdirSync(join(folder, 'out'))
  for (const [i, planted] of entries.entries()) {
    const inside = planted.kind === 'link' || planted.inside
    const at = join(folder, inside ? 'in' : 'out', ...planted.place)
    try {
      mkdirSync(join(at, '..'), { recursive: true })
      if (planted.kind === 'file') writeFileSync(at, inside ? `in ${i}` : 'secret', { flag: 'wx' })
      else symlinkSync((planted.absolute ? `${folder}/` : '') + planted.target.join('/'), at)
    } catch {
      // Something lies there already, or a link leads in a circle: the tree is what could be planted.
    }
  }
  return folder
}

test('nothing outside the root is ever opened, and nothing hidden', () => {
  const clock = new FakeClock()
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 3, maxLength: 14 }),
      fc.array(path, { minLength: 4, maxLength: 20 }),
      fc.boolean(),
      (entries, paths, remembers) => {
        const folder = plant(entries)
        const root = join(folder, 'in')
        const site = new DocumentRoot({ root, linkTargets: [], deny: [] }, remembers ? clock : undefined)
        const files = new OpenFiles(8, clock)
        for (const asked of [...paths, ...paths]) {
          const found = site.resolve(asked)
          if (found.kind === 'refused') continue
          expect(found.realRoot).toBe(root)
          const file =
            found.kind === 'file' ? found.file : found.kind === 'missing' ? found.within?.file : undefined
          if (found.kind === 'directory') expectBelow(root, found.realPath)
          if (file !== undefined) expectServed(root, file, files)
        }
        files.closeIdle()
      },
    ),
    { numRuns: 150 },
  )
})

function expectServed(root: string, file: ResolvedFile, files: OpenFiles): void {
  expectBelow(root, file.realPath)
  const open = files.open(file)
  if (typeof open === 'string') throw new Error(`${file.realPath} is ${open}`)
  const buffer = Buffer.alloc(100)
  expect(buffer.toString('utf8', 0, open.read(buffer, 100, 0))).toStartWith('in ')
  open.release()
}

function expectBelow(root: string, realPath: string): void {
  expect(realpathSync(realPath)).toBe(realPath)
  const names = realPath === root ? [] : realPath.slice(root.length + 1).split('/')
  expect(realPath === root || realPath.startsWith(`${root}/`)).toBe(true)
  expect(
    names.filter((part, depth) => part.startsWith('.') && !(depth === 0 && part === '.well-known')),
  ).toEqual([])
}

test('every visible file of a tree without links is found under its own name', () => {
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 8 }), (places) => {
      const folder = plant(places.map((at) => ({ kind: 'file' as const, place: at, inside: true })))
      const site = new DocumentRoot({ root: join(folder, 'in'), linkTargets: [], deny: [] })
      for (const at of places) {
        const hidden = at.some(
          (part, depth) => part.startsWith('.') && !(depth === 0 && part === '.well-known'),
        )
        const found = site.resolve(`/${at.map(encodeURIComponent).join('/')}`)
        const exists = existsSync(join(folder, 'in', ...at))
        if (hidden || !exists) expect(found.kind).not.toBe('file')
        else expect(['file', 'directory']).toContain(found.kind)
      }
    }),
    { numRuns: 50 },
  )
})
