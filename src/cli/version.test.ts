// The version that the program tells is that of the package.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { version } from './version.ts'

test('is the version of package.json', async () => {
  const manifest: { version: string } = await Bun.file(join(import.meta.dir, '../../package.json')).json()
  expect(version).toBe(manifest.version)
})
