// The bytes of the origin.
import { expect, test } from 'bun:test'
import { pageOf } from './page.ts'

const text = (page: Uint8Array): string => Buffer.from(page).toString('latin1')

test('a page is exactly as long as asked, names its path and ends as HTML, in every size', () => {
  for (const bytes of [128, 1024, 8192, 100 * 1024, 3 * 1024 * 1024]) {
    const page = pageOf('/page/7', bytes)
    expect(page.length).toBe(bytes)
    expect(text(page)).toStartWith('<!doctype html>')
    expect(text(page)).toContain('<title>/page/7</title>')
    expect(text(page)).toEndWith('</body></html>\n')
  }
})

test('a page depends on its path alone', () => {
  expect(pageOf('/page/1', 8192)).toEqual(pageOf('/page/1', 8192))
  expect(text(pageOf('/page/1', 8192)).slice(200)).not.toBe(text(pageOf('/page/2', 8192)).slice(200))
})

test('a page compresses about as HTML does', () => {
  const share = Bun.gzipSync(pageOf('/page/1', 8192)).length / 8192
  expect(share).toBeGreaterThan(0.1)
  expect(share).toBeLessThan(0.35)
})
