// The manual's page of settings is the one that the program's rows make.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { sections } from '../src/config/sections.ts'
import { settingsMarkdown, settingsPage } from './settings-page.ts'

test('the page is up to date (npm run docs)', async () => {
  const written = await Bun.file(join(import.meta.dir, '..', settingsPage)).text()
  expect(written).toBe(settingsMarkdown())
})

test('every setting of a section has a sentence of its own', () => {
  for (const { rows } of sections) {
    const texts = Object.values(rows).map((row) => row.text)
    expect(new Set(texts).size).toBe(texts.length)
    for (const text of texts) expect(text).toEndWith('.')
  }
})
