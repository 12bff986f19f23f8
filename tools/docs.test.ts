// The generated pages of the manual are those that the program would generate now.
import { expect, test } from 'bun:test'
import { sections } from '../src/config/sections.ts'
import { settingsMarkdown, settingsPage } from './docs.ts'

test('docs/manual/settings.md is up to date (else: bun tools/docs.ts)', async () => {
  expect(await Bun.file(settingsPage).text()).toBe(settingsMarkdown())
})

test('every setting has a sentence of its own', () => {
  const texts = sections.flatMap(({ rows }) => Object.values(rows).map((row) => row.text))
  expect(new Set(texts).size).toBe(texts.length)
  for (const text of texts) expect(text).toEndWith('.')
})
