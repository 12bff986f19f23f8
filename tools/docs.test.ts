// The generated parts of the documents are what the code says now.
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { reasons } from '../src/base/reason.ts'
import { generatedParts, reasonTable, withPart } from './docs.ts'

/** What formatting may change: the padding of table cells and rules. */
const unpadded = (text: string): string =>
  text
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll('| ---', '|---')
    .replaceAll('--- |', '---|')

for (const part of generatedParts) {
  test(`${part.path}: ${part.mark} are up to date (npm run docs)`, async () => {
    const text = await Bun.file(join(import.meta.dir, '..', part.path)).text()
    expect(unpadded(text)).toBe(unpadded(withPart(text, part)))
  })
}

test('every reason is in the table, with its sentence', () => {
  for (const [reason, text] of Object.entries(reasons))
    expect(reasonTable()).toContain(`| \`${reason}\` | ${text} |`)
})

test('a document without its marks is refused', () => {
  expect(() => withPart('nothing', { path: 'a.md', mark: 'reasons', make: () => '' })).toThrow(
    'has no <!-- reasons:start -->',
  )
})
