import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { Answering, type CallOptions } from '../../../testing/origin-call.ts'
import { realClock, realTimers } from '../../base/clock.ts'
import type { DirectAnswer } from '../origin.ts'
import { FilesOrigin } from './files-origin.ts'
import { defaultFiles, type FilesSettings } from './settings.ts'

const large = Buffer.alloc(3_000_000, 'large ')
let root: string
let clock: FakeClock
const origins: FilesOrigin[] = []

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'files-')))
  plant({
    'index.html': '<h1>root</h1>',
    'docs/index.html': '<h1>docs</h1>',
    'empty/.keep': '',
    'style.css': 'body{}',
    'app.js': 'let a = 1',
    'app.js.gz': 'gzipped',
    'app.js.br': 'brotlied',
    'old.js': 'let b = 2',
    'old.js.gz': 'too old',
    'large.bin': large,
    'app.3f9a1c07.js': 'let c',
    'config.php': '<?php $password',
    'config.php~': '<?php $password',
    'nothing.txt': '',
    '.env': 'PASSWORD=1',
    'rooms/index.php': '<?php',
    '\\evil.example/x': '',
  })
  const past = new Date('2026-01-01T00:00:00Z')
  for (const name of ['old.js.gz', 'style.css', 'app.js', 'app.js.gz', 'app.js.br'])
    utimesSync(join(root, name), past, past)
  clock = new FakeClock(realClock.nowMs() + 10_000)
})
afterAll(() => {
  for (const made of origins) made.close()
  rmSync(root, { recursive: true })
})

function plant(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
}

function origin(settings: Partial<FilesSettings> = {}, at = root, now = clock): FilesOrigin {
  const made = new FilesOrigin(
    { kind: 'files', root: at, settings: { ...defaultFiles, ...settings } },
    { clock: now, timers: realTimers },
  )
  origins.push(made)
  return made
}

async function ask(options: CallOptions, from = origin()): Promise<string> {
  const answering = new Answering(from, options)
  const result = await answering.result()
  if (result !== 'ended') return result
  expect(answering.hasty).toBe(false)
  return `${answering.response!.status} ${answering.body}`.trim()
}

/** A direct answer; its body is closed. */
function direct(path: string, about: Partial<Parameters<FilesOrigin['direct']>[0]> = {}, from = origin()) {
  const answer = from.direct({
    method: 'GET',
    pathAndQuery: path,
    acceptEncoding: undefined,
    range: undefined,
    ifRange: undefined,
    ifNoneMatch: undefined,
    ifModifiedSince: undefined,
    ...about,
  })
  answer?.body?.close()
  return answer
}

const told = (answer: DirectAnswer | undefined): string =>
  answer === undefined
    ? 'undefined'
    : `${answer.head.status} ${answer.head.fields.get('content-encoding') ?? 'identity'}`

test('what is denied is answered as what is not there, coded forms and folders too', async () => {
  plant({
    'data/index.html': 'data',
    'data/x.txt': 'x',
    'a.yml': 'a',
    'a.yml.gz': 'a',
    'closed/.htaccess': 'Require all denied',
    'closed/x.txt': 'x',
  })
  const from = origin({ deny: ['/data', '*.yml'] })
  for (const path of ['/data', '/data/', '/data/x.txt', '/a.yml', '/a.yml.gz', '/closed', '/closed/x.txt']) {
    expect([path, await ask({ path }, from)]).toEqual([path, '404 404 Not Found'])
    expect(direct(path, {}, from)).toBeUndefined()
  }
})

describe('a path', () => {
  test.each([
    ['/', '200 <h1>root</h1>'],
    ['/index.html', '200 <h1>root</h1>'],
    ['/style.css?v=2', '200 body{}'],
    ['/docs/', '200 <h1>docs</h1>'],
    ['/empty/', '404 404 Not Found'],
    ['/nothing.txt', '200'],
    ['/nothing-at-all', '404 404 Not Found'],
    ['/style.css/x', '404 404 Not Found'],
    ['/.env', '404 404 Not Found'],
    ['/config.php', '404 404 Not Found'],
    ['/config.php~', '404 404 Not Found'],
    ['/rooms/', '404 404 Not Found'],
  ])('%s is answered with %s', async (path, expected) => {
    expect(await ask({ path })).toBe(expected)
  })

  test.each([
    ['/docs', '/docs/'],
    ['/docs?a=1&b=//x', '/docs/?a=1&b=//x'],
    ['//docs', '/docs/'],
    ['///docs', '/docs/'],
    ['/\\evil.example', '/%5Cevil.example/'],
  ])('%s of a folder leads to %s', async (path, location) => {
    const answering = new Answering(origin(), { path })
    await answering.result()
    expect([answering.response!.status, answering.response!.fields.get('location')]).toEqual([301, location])
  })
})

test('HEAD has the length and no body', async () => {
  const answering = new Answering(origin(), { method: 'HEAD', path: '/style.css' })
  expect([
    await answering.result(),
    answering.body,
    answering.response!.fields.get('content-length'),
  ]).toEqual(['ended', '', '6'])
})

test('other methods are refused', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    const answering = new Answering(origin(), { method, path: '/style.css' })
    expect([await answering.result(), answering.response!.status]).toEqual(['ended', 405])
    expect(answering.response!.fields.get('allow')).toBe('GET, HEAD')
  }
})

test('the cache may use a file for a second, browsers ask each time', async () => {
  const answering = new Answering(origin(), { path: '/style.css' })
  await answering.result()
  const { fields } = answering.response!
  expect([fields.get('cache-control'), fields.get('cdn-cache-control')]).toEqual([
    'public, max-age=0, must-revalidate',
    'public, max-age=1',
  ])
  expect(await ask({ path: '/style.css', fields: { 'If-None-Match': fields.get('etag')! } })).toBe('304')
})

test('names that tell their content are kept for a year, unless the owner says otherwise', async () => {
  for (const [immutable, expected] of [
    [true, 'public, max-age=31536000, immutable'],
    [false, 'public, max-age=0, must-revalidate'],
  ] as const) {
    const answering = new Answering(origin({ immutable }), { path: '/app.3f9a1c07.js' })
    await answering.result()
    expect(answering.response!.fields.get('cache-control')).toBe(expected)
  }
})

test('a file that has just been written has no validator, and is not to be kept', async () => {
  plant({ 'fresh.a1b2c3d4.js': 'new' })
  const now = new FakeClock(realClock.nowMs())
  const answering = new Answering(origin({}, root, now), { path: '/fresh.a1b2c3d4.js' })
  await answering.result()
  const { fields } = answering.response!
  expect([fields.get('cache-control'), fields.has('etag'), fields.has('cdn-cache-control')]).toEqual([
    'no-cache',
    false,
    false,
  ])
})

test('two files of the same size and time, one in place of the other, have two tags', async () => {
  const from = origin()
  const tags = new Set<string>()
  for (const content of ['one', 'two', 'six']) {
    plant({ 'swap.new': content })
    utimesSync(join(root, 'swap.new'), 1, 1)
    renameSync(join(root, 'swap.new'), join(root, 'swap.txt'))
    const answering = new Answering(from, { path: '/swap.txt' })
    await answering.result()
    expect(answering.body).toBe(content)
    tags.add(answering.response!.fields.get('etag')!)
  }
  expect(tags.size).toBe(3)
})

describe('directly', () => {
  test('large files are answered, small ones are left to the cache', () => {
    expect(told(direct('/large.bin'))).toBe('200 identity')
    expect(told(direct('/style.css'))).toBe('undefined')
    expect(told(direct('/nothing-at-all'))).toBe('undefined')
    expect(told(direct('/docs'))).toBe('undefined')
  })

  test('conditions and ranges are judged', () => {
    const etag = direct('/large.bin')!.head.fields.get('etag')!
    expect(told(direct('/large.bin', { ifNoneMatch: etag }))).toBe('304 identity')
    const part = direct('/large.bin', { range: 'bytes=5-9' })!
    expect([part.head.status, part.head.fields.get('content-range')]).toEqual([206, 'bytes 5-9/3000000'])
    expect(part.body!.leftBytes).toBe(5)
    expect(told(direct('/large.bin', { range: 'bytes=3000000-' }))).toBe('416 identity')
  })

  test('the usual answer is the same each time, and belongs to whoever gets it', () => {
    const from = origin()
    const first = direct('/large.bin', {}, from)!
    first.head.fields.set('ETag', 'spoilt')
    const second = direct('/large.bin', {}, from)!
    second.head.fields.append('Spoilt', '1')
    const third = direct('/large.bin', {}, from)!
    expect(third.head.fields.get('etag')).toStartWith('"')
    expect([third.head.fields.has('spoilt'), third.head.fields.text?.includes('Spoilt')]).toEqual([
      false,
      false,
    ])
    expect(third.body!.leftBytes).toBe(large.length)
  })

  test('two names of one file have each their own answer', () => {
    plant({ 'photo.3f9a1c07.jpg': large, 'form.js': 'let d', 'form.js.br': 'brotlied' })
    symlinkSync('photo.3f9a1c07.jpg', join(root, 'photo.jpg'))
    const from = origin()
    for (let again = 0; again < 2; again++) {
      expect(direct('/photo.3f9a1c07.jpg', {}, from)!.head.fields.get('cache-control')).toContain('immutable')
      expect(direct('/photo.jpg', {}, from)!.head.fields.get('cache-control')).not.toContain('immutable')
      expect(told(direct('/form.js', { acceptEncoding: 'br' }, from))).toBe('200 br')
    }
  })

  test('a file that lies there coded is sent in the form that the client likes best', () => {
    expect(told(direct('/app.js', { acceptEncoding: 'gzip, deflate, br, zstd' }))).toBe('200 br')
    expect(told(direct('/app.js', { acceptEncoding: 'gzip' }))).toBe('200 gzip')
    expect(told(direct('/app.js', { acceptEncoding: 'gzip;q=1, br;q=0.5' }))).toBe('200 gzip')
    expect(told(direct('/app.js', { acceptEncoding: 'zstd' }))).toBe('200 identity')
    expect(told(direct('/app.js'))).toBe('200 identity')
    expect(told(direct('/app.js', { acceptEncoding: 'gzip', range: 'bytes=0-1' }))).toBe('206 identity')
    for (const acceptEncoding of ['br', undefined]) {
      const { fields } = direct('/app.js', { acceptEncoding })!.head
      expect([fields.get('vary'), fields.get('content-type')]).toEqual([
        'Accept-Encoding',
        'text/javascript; charset=utf-8',
      ])
    }
  })

  test('the forms of a file have tags of their own', () => {
    const tags = ['br', 'gzip', undefined].map((acceptEncoding) =>
      direct('/app.js', { acceptEncoding })!.head.fields.get('etag')!,
    )
    expect(new Set(tags).size).toBe(3)
  })

  test('a coded form that is older than the file does not count', () => {
    expect(told(direct('/old.js', { acceptEncoding: 'gzip' }))).toBe('undefined')
  })

  test('what cannot be opened is left to be told', () => {
    const busy = origin({ openFilesMax: 1 })
    const held = busy.direct({
      method: 'GET',
      pathAndQuery: '/large.bin',
      acceptEncoding: undefined,
      range: undefined,
      ifRange: undefined,
      ifNoneMatch: undefined,
      ifModifiedSince: undefined,
    })!
    expect(told(direct('/app.js', {}, busy))).toBe('undefined')
    held.body!.close()
    expect(told(direct('/app.js', {}, busy))).toBe('200 identity')
  })
})

test('beyond the limit of open files requests are turned away', async () => {
  const busy = origin({ openFilesMax: 1 })
  const reading = new Answering(busy, { path: '/large.bin' })
  await reading.until('the first piece', () => reading.receivedBytes > 0)
  expect(await ask({ path: '/style.css' }, busy)).toBe('origin-busy')
  reading.call.abort()
  expect(await ask({ path: '/style.css' }, busy)).toBe('200 body{}')
})

test('a file is read as its receiver takes it', async () => {
  const from = origin()
  const slow = new Answering(from, { path: '/large.bin' })
  slow.onData = () => slow.call.pause()
  await slow.until('the first piece', () => slow.receivedBytes > 0)
  const first = slow.receivedBytes
  expect(first).toBeLessThan(large.length / 4)
  slow.onData = () => {}
  slow.call.resume()
  expect([await slow.result(), slow.body.length]).toEqual(['ended', large.length])
  expect(from.connections.open - from.connections.idle).toBe(0)
})

test('a file that is cut short or written to while it is read is no complete answer', async () => {
  for (const change of [
    () => truncateSync(join(root, 'changing'), 2_000_000),
    () => writeFileSync(join(root, 'changing'), 'x', { flag: 'r+' }),
  ]) {
    plant({ changing: large })
    const from = origin()
    const reading = new Answering(from, { path: '/changing' })
    reading.onData = () => reading.call.pause()
    await reading.until('the first piece', () => reading.receivedBytes > 0)
    change()
    reading.onData = () => {}
    reading.call.resume()
    expect(await reading.result()).toBe('origin-closed')
    expect(from.connections.open - from.connections.idle).toBe(0)
  }
})

test('a file that is replaced while it is read is sent as it was', async () => {
  plant({ release: large })
  const reading = new Answering(origin(), { path: '/release' })
  reading.onData = () => reading.call.pause()
  await reading.until('the first piece', () => reading.receivedBytes > 0)
  plant({ 'release.new': 'another' })
  renameSync(join(root, 'release.new'), join(root, 'release'))
  reading.onData = () => {}
  reading.call.resume()
  expect([await reading.result(), reading.body === large.toString('latin1')]).toEqual(['ended', true])
})

test('the root may be a link that is switched, and may be away for a moment', async () => {
  plant({ 'releases/1/page.html': 'one', 'releases/2/page.html': 'two' })
  const current = join(root, 'current')
  const from = origin({}, current)
  expect(await ask({ path: '/page.html' }, from)).toBe('connect-refused')
  for (const [release, text] of [
    ['1', 'one'],
    ['2', 'two'],
    ['1', 'one'],
  ] as const) {
    symlinkSync(`releases/${release}`, join(root, 'next'))
    renameSync(join(root, 'next'), current)
    expect(await ask({ path: '/page.html' }, from)).toBe(`200 ${text}`)
  }
})

test('a root that becomes a link is followed', async () => {
  plant({ 'plain/page.html': 'before', 'after/page.html': 'after' })
  const from = origin({}, join(root, 'plain'))
  expect(await ask({ path: '/page.html' }, from)).toBe('200 before')
  renameSync(join(root, 'plain'), join(root, 'plain.old'))
  symlinkSync('after', join(root, 'plain'))
  expect(await ask({ path: '/page.html' }, from)).toBe('200 after')
})
