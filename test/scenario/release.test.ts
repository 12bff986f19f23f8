// A one-file executable, built as a release is and run where there is nothing else: no Bun, no checkout.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../../testing/child.ts'
import { within } from '../../testing/within.ts'
import { engineSettings } from '../../tools/release.ts'

const root = join(import.meta.dir, '../..')
const settings = engineSettings(readFileSync(join(root, 'bin/myriad'), 'utf8'))

test('the settings of the engine are taken from the command, all of them', () => {
  const named = readFileSync(join(root, 'bin/myriad'), 'utf8').match(/\b(?:BUN_JSC|MIMALLOC)_\w+(?==)/g)!
  expect(Object.keys(settings).toSorted()).toEqual([...new Set(named)].toSorted())
  expect(settings).toMatchObject({ MIMALLOC_PURGE_DELAY: '1000', BUN_JSC_numberOfGCMarkers: '1' })
})

const machine = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)

describe.skipIf(!machine)(machine ? 'an executable' : 'an executable (none is built for this system)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-release-'))
  let executable = ''

  beforeAll(() => {
    const command = [process.execPath, join(root, 'tools/release.ts'), process.arch, '--out', folder]
    const { success, stderr } = Bun.spawnSync(command, { stderr: 'pipe' })
    expect([success, stderr.toString()]).toEqual([true, ''])
    executable = join(
      folder,
      readdirSync(folder).find((name) => name.startsWith('myriad-'))!,
    )
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is what its checksum says', () => {
    expect(Bun.spawnSync(['sha256sum', '-c', 'SHA256SUMS'], { cwd: folder }).exitCode).toBe(0)
  })

  test('tells its version', () => {
    const { stdout } = Bun.spawnSync([executable, '--version'], { env: {} })
    expect(stdout.toString()).toMatch(/^myriad \d+\.\d+\.\d+\n$/)
  })

  test('serves a configuration in TypeScript, in one process and with the settings of the engine', async () => {
    const site = join(folder, 'site')
    mkdirSync(site)
    writeFileSync(join(site, 'page.html'), 'a page')
    writeFileSync(
      join(site, 'myriad.config.ts'),
      "import { defineConfig, files } from 'myriad'\n" +
        "export default defineConfig({ listen: 'http://127.0.0.1:0', services: { site: { origin: files('.') } } })\n",
    )
    // What somebody has set by himself stays.
    const command = [executable, 'serve', '--config', join(site, 'myriad.config.ts')]
    const child = startChild(command, { BUN_JSC_largeHeapSize: '33554432' })
    const [, url] = await within(10_000, 'the executable to serve', child.prints(/(http:\S+) serves /))
    expect(await (await fetch(`${url}/page.html`)).text()).toBe('a page')
    const environment = readFileSync(`/proc/${child.pid}/environ`, 'latin1').split('\0')
    expect(environment).toEqual(
      expect.arrayContaining(
        Object.entries({ ...settings, BUN_JSC_largeHeapSize: '33554432' }).map(
          ([name, value]) => `${name}=${value}`,
        ),
      ),
    )
    child.signal('SIGTERM')
    expect(await within(10_000, 'the executable to end', child.exited)).toBe(0)
  })

  test('knows that the demonstration is not in it', () => {
    const { exitCode, stderr } = Bun.spawnSync([executable, 'demo'], { stderr: 'pipe' })
    expect([exitCode, stderr.toString()]).toEqual([
      1,
      'myriad: the demonstration runs in a checkout of the repository\n',
    ])
  })
})
