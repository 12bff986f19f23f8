// The access log of a running Myriad: nothing is lost when files are put aside or renamed, and nobody waits for a place
// that takes nothing.
import { afterEach, describe, expect, test } from 'bun:test'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseCombined } from '../../testing/combined-log.ts'
import { startMyriad, type Config, type Myriad } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { request } from '../../testing/site.ts'
import { pass, within } from '../../testing/within.ts'

const running: Myriad[] = []
const folders: string[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((myriad) => myriad.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A folder with a page, and a place for logs beside it. */
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-logs-'))
  folders.push(folder)
  writeFileSync(join(folder, 'page.html'), 'a page')
  return folder
}

async function start(folder: string, log: Config): Promise<Myriad> {
  const config = {
    services: { site: { origin: { files: folder } } },
    log: { flushTime: '20ms', ...log },
  }
  const myriad = await startMyriad('', config)
  running.push(myriad)
  return myriad
}

async function end(myriad: Myriad): Promise<void> {
  myriad.signal('SIGTERM')
  expect(await within(10_000, 'Myriad to end', myriad.exited)).toBe(0)
}

/** Asks for paths one after the other on one connection. */
async function askAll(
  myriad: Myriad,
  paths: readonly string[],
  lines: readonly string[] = [],
): Promise<void> {
  const client = await RawClient.connect(myriad.port)
  for (const path of paths) {
    await client.send(request(path, { lines }))
    expect((await client.response()).status).toBe(200)
  }
  client.destroy()
}

/** Waits until something holds; nothing tells a test that a file has been written to. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const wait = async (): Promise<void> => {
    while (!holds()) await pass(10)
  }
  await within(10_000, what, wait())
}

interface Line {
  readonly path: string
  readonly client: string
  readonly userAgent: string | null
}

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'latin1') : '')

const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `/page.html?n=${from + i}`)

test('what was asked is in the log when the process has ended; no secret is', async () => {
  const folder = newFolder()
  const log = join(folder, 'access.log')
  const myriad = await start(folder, { access: log, flushTime: '60s' })
  const secrets = [
    'Authorization: Bearer SECRET',
    'Cookie: sid=SECRET',
    'Referer: https://a:SECRET@b.test/?code=SECRET',
  ]
  await askAll(myriad, ['/page.html', '/page.html?token=SECRET'], [...secrets, 'User-Agent: a"\\b'])
  await end(myriad)
  const text = textOf(log)
  expect(text).not.toContain('SECRET')
  expect(linesOf(text)).toMatchObject([
    { path: '/page.html', client: '127.0.0.1', userAgent: 'a"\\b' },
    { path: '/page.html?token=***' },
  ])
  // It tells who asked for what.
  expect(statSync(log).mode & 0o007).toBe(0)
})

test('off is off', async () => {
  const folder = newFolder()
  const myriad = await start(folder, {})
  await askAll(myriad, ['/page.html'])
  await end(myriad)
  expect(readdirSync(folder)).toEqual(['page.html'])
  expect(myriad.printed()).not.toContain('page.html')
})

test('standard output takes lines, too', async () => {
  const folder = newFolder()
  const myriad = await start(folder, { access: 'stdout' })
  await askAll(myriad, ['/page.html?to=stdout'])
  await within(10_000, 'the line', myriad.prints(/"path":"\/page\.html\?to=stdout"/))
})

test('two processes that put one log aside under load lose no line', async () => {
  const folder = newFolder()
  const log = join(folder, 'access.log')
  const settings = { access: log, rotateSize: '20KB', keep: 1000, buffer: '256KB' }
  const both = [await start(folder, settings), await start(folder, settings)]
  const count = 500
  await Promise.all([0, 1, 2, 3].map((i) => askAll(both[i % 2]!, numbered(i * count, count))))
  await Promise.all(both.map(end))
  const files = readdirSync(folder).filter((name) => name.startsWith('access.log'))
  expect(files.length).toBeGreaterThan(3)
  expect(files.filter((name) => /\.(?:lock|part)$/.test(name))).toEqual([])
  const paths = files.flatMap((name) => {
    const bytes = readFileSync(join(folder, name))
    return linesOf((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()).map(({ path }) => path)
  })
  expect(paths.toSorted()).toEqual(numbered(0, 4 * count).toSorted())
})

test('SIGUSR1 begins a new file: what came before is in the old one', async () => {
  const folder = newFolder()
  const [log, old, errors] = ['access.log', 'access.log.1', 'error.log'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  const myriad = await start(folder, { access: log, error: errors, flushTime: '20ms' })
  await askAll(myriad, numbered(0, 5))
  await until('the first lines', () => linesOf(textOf(log)).length === 5)
  renameSync(log, old)
  myriad.signal('SIGUSR1')
  await askAll(myriad, numbered(5, 5))
  await until('the new file', () => linesOf(textOf(log)).length === 5)
  expect(linesOf(textOf(old)).map(({ path }) => path)).toEqual(numbered(0, 5))
  expect(linesOf(textOf(log)).map(({ path }) => path)).toEqual(numbered(5, 5))
})

test('a file that somebody renames without a word is followed, too', async () => {
  const folder = newFolder()
  const log = join(folder, 'access.log')
  const myriad = await start(folder, { access: log })
  await askAll(myriad, numbered(0, 1))
  await until('the first line', () => textOf(log) !== '')
  renameSync(log, `${log}.1`)
  await askAll(myriad, numbered(1, 1))
  await until('the new file', () => textOf(log) !== '')
  expect(linesOf(textOf(log)).map(({ path }) => path)).toEqual(numbered(1, 1))
})

describe('a pipe', () => {
  const agent = [`User-Agent: ${'x'.repeat(4000)}`]

  test('that nobody has opened: requests go on, and it is told', async () => {
    const folder = newFolder()
    const log = join(folder, 'pipe')
    expect(Bun.spawnSync(['mkfifo', log]).exitCode).toBe(0)
    const myriad = await start(folder, { access: log, buffer: '256KB' })
    await askAll(myriad, numbered(0, 200), agent)
    await within(10_000, 'the message', myriad.prints(/ error: access log: \d+ lines were dropped: /))
    expect(myriad.printed()).toContain('cannot be written to: ENXIO')
    await end(myriad)
  })

  test('whose reader does not read: requests go on, and what was dropped is counted', async () => {
    const folder = newFolder()
    const log = join(folder, 'pipe')
    expect(Bun.spawnSync(['mkfifo', log]).exitCode).toBe(0)
    const reader = openSync(log, constants.O_RDONLY | constants.O_NONBLOCK)
    const myriad = await start(folder, { access: log, buffer: '256KB' })
    await askAll(myriad, numbered(0, 300), agent)
    await within(10_000, 'the message', myriad.prints(/ error: access log: \d+ lines were dropped: /))
    await end(myriad)
    closeSync(reader)
  })
})

const goaccess = Bun.which('goaccess')

test.skipIf(goaccess === null)(
  goaccess === null
    ? 'goaccess reads the combined format (goaccess is not installed)'
    : 'goaccess reads the combined format',
  async () => {
    const folder = newFolder()
    const log = join(folder, 'access.log')
    const myriad = await start(folder, { access: log, format: 'combined' })
    await askAll(myriad, numbered(0, 20), ['User-Agent: say "hi" \\ \xfc', 'Referer: https://b.test/x?y'])
    const client = await RawClient.connect(myriad.port)
    await client.send('nonsense\r\n\r\n')
    expect((await client.response()).status).toBe(400)
    client.destroy()
    await end(myriad)
    const lines = textOf(log).split(/(?<=\n)/)
    expect(lines.map((line) => parseCombined(line).status)).toEqual([...Array<number>(20).fill(200), 400])
    const out = join(folder, 'report.json')
    const ran = Bun.spawnSync([goaccess!, log, '--log-format=COMBINED', '-o', out, '--no-global-config'])
    expect(ran.stderr.toString()).not.toContain('Error')
    const report = JSON.parse(readFileSync(out, 'utf8')) as { general: Record<string, number> }
    expect(report.general).toMatchObject({ total_requests: 21, valid_requests: 21 })
  },
)
