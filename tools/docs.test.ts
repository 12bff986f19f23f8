// The generated parts of the documents are what the code says now, and the configurations that they show are right.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { reasons } from '../src/base/reason.ts'
import { loadConfig } from '../src/config/load.ts'
import { selfSigned } from '../src/edge/self-signed.ts'
import { resolveSite } from '../src/config/resolve.ts'
import { generatedParts, reasonTable, withPart } from './docs.ts'

const root = join(import.meta.dir, '..')

/** What formatting may change: the padding of table cells and rules. */
const unpadded = (text: string): string =>
  text
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll('| ---', '|---')
    .replaceAll('--- |', '---|')

for (const part of generatedParts) {
  test(`${part.path}: ${part.mark} are up to date (npm run docs)`, async () => {
    const text = await Bun.file(join(root, part.path)).text()
    expect(unpadded(text)).toBe(unpadded(withPart(text, part)))
  })
}

test('every reason is in the table, with its sentence', () => {
  for (const [reason, text] of Object.entries(reasons))
    expect(reasonTable()).toContain(`| \`${reason}\` | ${text} |`)
})

const nowMs = Date.UTC(2026, 0, 1)
const local = selfSigned(nowMs)

/** What the files hold that a configuration names. */
function contentOf(file: string): string {
  if (file.endsWith('.key')) return local.key
  return file.endsWith('.pem') ? local.cert : 'page'
}

test('every configuration that the manual shows is right', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-docs-'))
  let shown = 0
  try {
    for (const path of new Bun.Glob('docs/manual/*.md').scanSync(root)) {
      const text = await Bun.file(join(root, path)).text()
      for (const [, ending, code] of text.matchAll(/```(ts|json|yaml)\n(.*?)```/gs)) {
        if (!code!.includes('services')) continue
        const file = join(folder, `${shown++}.${ending}`)
        await Bun.write(file, code!)
        const loaded = await loadConfig(file)
        const resolved =
          loaded.kind === 'loaded' &&
          resolveSite(loaded.value, {
            folder: root,
            fileExists: () => true,
            nowMs: () => nowMs,
            readFile: (named) => Buffer.from(contentOf(named)),
          })
        expect([path, code, resolved && resolved.kind]).toEqual([path, code, 'site'])
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  expect(shown).toBeGreaterThanOrEqual(3)
})

test('a document without its marks is refused', () => {
  expect(() => withPart('nothing', { path: 'a.md', mark: 'reasons', make: () => '' })).toThrow(
    'has no <!-- reasons:start -->',
  )
})
