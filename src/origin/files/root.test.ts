import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { DocumentRoot, type Resolution } from './root.ts'

let base: string
let site: DocumentRoot

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'root-')))
  for (const file of [
    'site/index.php',
    'site/style.css',
    'site/docs/a b.html',
    'site/docs/é.html',
    'site/docs/.secret/key',
    'site/.env',
    'site/.well-known/acme-challenge/token',
    'site/.well-known/.hidden',
    'site/100%.txt',
    'shared/uploads/cat.jpg',
    'shared/uploads/.private',
    'elsewhere/passwd',
  ]) {
    mkdirSync(dirname(join(base, file)), { recursive: true })
    writeFileSync(join(base, file), file)
  }
  symlinkSync('../elsewhere/passwd', join(base, 'site/leak'))
  symlinkSync('../elsewhere', join(base, 'site/leaks'))
  symlinkSync('../shared/uploads', join(base, 'site/uploads'))
  symlinkSync('docs', join(base, 'site/manual'))
  symlinkSync('.env', join(base, 'site/settings.txt'))
  symlinkSync('loop', join(base, 'site/loop'))
  symlinkSync('gone', join(base, 'site/dangling'))
  Bun.spawnSync(['mkfifo', join(base, 'site/pipe')])
  site = new DocumentRoot({ root: join(base, 'site'), linkTargets: [], deny: [] })
})

afterAll(() => rmSync(base, { recursive: true }))

/** A resolution in a few words. */
function told(found: Resolution): string {
  switch (found.kind) {
    case 'file':
      return `file ${found.file.realPath.slice(base.length + 1)} as ${found.file.name}`
    case 'directory':
      return `directory ${found.realPath.slice(base.length + 1)} as ${found.name}`
    case 'missing':
      return found.within === undefined
        ? 'missing'
        : `missing within ${found.within.file.name}: ${found.within.rest}`
    case 'refused':
      return found.reason
  }
}

describe('a path', () => {
  test.each([
    ['/style.css', 'file site/style.css as /style.css'],
    ['/docs/a%20b.html', 'file site/docs/a b.html as /docs/a%20b.html'],
    ['/docs/%C3%A9.html', 'file site/docs/é.html as /docs/%C3%A9.html'],
    ['/100%25.txt', 'file site/100%.txt as /100%25.txt'],
    ['//docs///a%20b.html', 'file site/docs/a b.html as /docs/a%20b.html'],
    ['/', 'directory site as /'],
    ['/docs', 'directory site/docs as /docs'],
    ['//docs//', 'directory site/docs as /docs/'],
    ['/manual/a%20b.html', 'file site/docs/a b.html as /manual/a%20b.html'],
    [
      '/.well-known/acme-challenge/token',
      'file site/.well-known/acme-challenge/token as /.well-known/acme-challenge/token',
    ],
  ])('%s names %s', (path, expected) => {
    expect(told(site.resolve(path))).toBe(expected)
  })

  test.each([
    ['/nothing', 'missing'],
    ['/nothing/.git/config', 'missing'],
    ['/style.css%00', 'missing'],
    ['/style.css.', 'missing'],
    ['/STYLE.CSS', 'missing'],
    ['/docs%2Fa%20b.html', 'missing'],
    ['/docs/%E9.html', 'missing'],
    ['/dangling', 'missing'],
    ['no-slash', 'missing'],
    ['*', 'missing'],
  ])('%s names nothing', (path, expected) => {
    expect(told(site.resolve(path))).toBe(expected)
  })

  test('that is longer than any file can be called names nothing', () => {
    for (const path of [`/${'x'.repeat(300)}`, '/docs'.repeat(200), '/x'.repeat(5000)])
      expect(told(site.resolve(path))).toBe('missing')
  })

  test.each([
    ['/index.php/', 'missing within /index.php: /'],
    ['/index.php/a/b', 'missing within /index.php: /a/b'],
    ['/index.php//a%2Fb/.NET/%E9', 'missing within /index.php: //a%2Fb/.NET/%E9'],
    ['//style.css/x.php', 'missing within /style.css: /x.php'],
  ])('%s goes on behind a file', (path, expected) => {
    expect(told(site.resolve(path))).toBe(expected)
  })

  test.each([
    ['/.env', 'hidden'],
    ['/.git/config', 'hidden'],
    ['/%2Eenv', 'hidden'],
    ['/docs/.secret/key', 'hidden'],
    ['/docs/.well-known', 'hidden'],
    ['/.well-known/.hidden', 'hidden'],
    ['/settings.txt', 'hidden'],
    ['/../elsewhere/passwd', 'hidden'],
    ['/docs/../../elsewhere/passwd', 'hidden'],
    ['/docs/..%2F..%2F..%2Felsewhere%2Fpasswd', 'missing'],
    ['/leak', 'outside'],
    ['/leaks', 'outside'],
    ['/leaks/passwd', 'outside'],
    ['/leaks/passwd/x', 'outside'],
    ['/leaks/nothing', 'outside'],
    ['/loop', 'outside'],
    ['/uploads/cat.jpg', 'outside'],
    ['/pipe', 'not-regular'],
    ['/pipe/x', 'not-regular'],
  ])('%s is refused: %s', (path, expected) => {
    expect(told(site.resolve(path))).toBe(expected)
  })
})

test('a link may lead to a folder that the owner names', () => {
  const root = new DocumentRoot({
    root: join(base, 'site'),
    linkTargets: [join(base, 'site/uploads')],
    deny: [],
  })
  expect(told(root.resolve('/uploads/cat.jpg'))).toBe('file shared/uploads/cat.jpg as /uploads/cat.jpg')
  expect(told(root.resolve('/uploads/.private'))).toBe('hidden')
  expect(told(root.resolve('/leak'))).toBe('outside')
})

describe('what is kept from visitors', () => {
  const deny = ['/data', '*.inc', '/lib/*/cache']

  beforeAll(() => {
    for (const file of [
      'kept/index.php',
      'kept/data/pages/start.txt',
      'kept/lib/x.inc',
      'kept/lib/a/cache/x.txt',
      'kept/lib/a/fine.txt',
      'kept/conf/sub/local.txt',
      'kept/conf/index.html',
      'kept/shown/x.txt',
      'store/private/x.txt',
      'store/x.txt',
      'store/x.inc',
    ]) {
      mkdirSync(dirname(join(base, file)), { recursive: true })
      writeFileSync(join(base, file), file)
    }
    for (const folder of ['kept/conf', 'store/private', 'kept'])
      writeFileSync(join(base, folder, '.htaccess'), 'Require all denied\n')
    symlinkSync('data/pages', join(base, 'kept/pages'))
    symlinkSync('lib/x.inc', join(base, 'kept/notes.txt'))
    symlinkSync('conf/sub', join(base, 'kept/sub'))
    symlinkSync('../store', join(base, 'kept/store'))
    symlinkSync('../store/x.inc', join(base, 'kept/stored.txt'))
    symlinkSync('../store/private/x.txt', join(base, 'kept/private.txt'))
  })

  const kept = (clock?: FakeClock) =>
    new DocumentRoot({ root: join(base, 'kept'), linkTargets: [join(base, 'store')], deny }, clock)

  test.each([
    '/data',
    '/data/',
    '//data//pages/start.txt',
    '/data/pages/start.txt',
    '/data/pages/start.txt/x.php',
    '/%64ata/pages/start.txt',
    '/data/nothing',
    '/lib/x.inc',
    '/lib/x.inc/y',
    '/nothing.inc',
    '/lib/a/cache/x.txt',
    '/lib/a/cache',
    // By a link.
    '/pages/start.txt',
    '/pages/nothing',
    '/notes.txt',
    '/stored.txt',
    '/store/x.inc',
    // By the application.
    '/conf',
    '/conf/',
    '/conf/index.html',
    '/conf/sub/local.txt',
    '/conf/sub/nothing/x',
    '/sub/local.txt',
    '/store/private/x.txt',
    '/private.txt',
  ])('%s', (path) => {
    expect(told(kept().resolve(path))).toBe('denied')
  })

  test.each([
    ['/', 'directory kept as /'],
    ['/shown/x.txt', 'file kept/shown/x.txt as /shown/x.txt'],
    ['/lib/a/fine.txt', 'file kept/lib/a/fine.txt as /lib/a/fine.txt'],
    ['/store/x.txt', 'file store/x.txt as /store/x.txt'],
    ['/index.php/data/x.inc', 'missing within /index.php: /data/x.inc'],
    ['/nothing/x.inc', 'missing'],
    ['/nothing/data', 'missing'],
  ])('but not %s', (path, expected) => {
    expect(told(kept().resolve(path))).toBe(expected)
  })

  test('by the application from one second to the next', () => {
    const clock = new FakeClock()
    const root = kept(clock)
    const shown = () => told(root.resolve('/shown/x.txt')).split(' ')[0]
    expect(shown()).toBe('file')
    writeFileSync(join(base, 'kept/shown/.htaccess'), 'Deny from all')
    expect(told(kept().resolve('/shown/x.txt'))).toBe('denied')
    clock.advance(1000)
    expect(shown()).toBe('denied')
    rmSync(join(base, 'kept/shown/.htaccess'))
    clock.advance(1000)
    expect(shown()).toBe('file')
  })

  test('a pipe in the place of an .htaccess is not waited for, nor is a folder read', () => {
    Bun.spawnSync(['mkfifo', join(base, 'kept/shown/.htaccess')])
    expect(told(kept().resolve('/shown/x.txt'))).toStartWith('file')
    rmSync(join(base, 'kept/shown/.htaccess'))
    mkdirSync(join(base, 'kept/shown/.htaccess'))
    expect(told(kept().resolve('/shown/x.txt'))).toStartWith('file')
    rmSync(join(base, 'kept/shown/.htaccess'), { recursive: true })
  })
})

test('a switched root takes effect with the next request', () => {
  for (const release of ['1', '2']) {
    mkdirSync(join(base, 'releases', release), { recursive: true })
    writeFileSync(join(base, 'releases', release, 'page.html'), release)
  }
  const current = join(base, 'current')
  const root = new DocumentRoot({ root: current, linkTargets: [], deny: [] })
  expect(told(root.resolve('/page.html'))).toBe('no-root')
  for (const release of ['1', '2', '1']) {
    symlinkSync(`releases/${release}`, join(base, 'next'))
    renameSync(join(base, 'next'), current)
    expect(told(root.resolve('/page.html'))).toBe(`file releases/${release}/page.html as /page.html`)
  }
})
