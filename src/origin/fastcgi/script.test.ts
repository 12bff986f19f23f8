// Which script answers a path, and which never run.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { DocumentRoot } from '../files/root.ts'
import { RecentScripts } from './recent-scripts.ts'
import { Scripts, type ScriptsConfig } from './script.ts'
import type { Script } from './variables.ts'

let base: string

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'scripts-')))
  for (const file of [
    'site/index.php',
    'site/a.jpg',
    'site/app/tool.php',
    'site/app/index.php',
    'site/plain/index.html',
    'site/OLD.PHP',
    'site/x.phtml',
    'site/x.php5',
    'site/x.php.bak',
    'site/.hidden.php',
    'site/.git/hook.php',
    'site/uploads/evil.php',
    'site/uploads/deep/evil.php',
    'site/uploads.php',
    'site/sites/one/files/evil.php',
    'site/sites/one/fine.php',
    'site/folder.php/index.php',
    'site/folder.php/a.txt',
    'site/a b.php',
    'shared/evil.php',
  ]) {
    mkdirSync(dirname(join(base, file)), { recursive: true })
    writeFileSync(join(base, file), file)
  }
  symlinkSync('uploads', join(base, 'site/pictures'))
  symlinkSync('../shared', join(base, 'site/shared'))
  symlinkSync('../shared/evil.php', join(base, 'site/leak.php'))
  symlinkSync('a.jpg', join(base, 'site/picture.php'))
  symlinkSync('index.php', join(base, 'site/page'))
  symlinkSync('app', join(base, 'site/tools'))
})

afterAll(() => rmSync(base, { recursive: true }))

const config: ScriptsConfig = {
  index: ['index.php'],
  frontController: ['/index.php'],
  noExec: ['/uploads', 'sites/*/files/'],
}

function told(script: Script | undefined): string {
  if (script === undefined) return 'none'
  const { filename, name, pathInfo } = script
  return `${filename.slice(base.length)} as ${name}${pathInfo === '' ? '' : ` with ${pathInfo}`}`
}

function decide(path: string, changes: Partial<ScriptsConfig> = {}): string {
  const root = new DocumentRoot({ root: join(base, 'site'), linkTargets: [join(base, 'shared')], deny: [] })
  return told(new Scripts(root, { ...config, ...changes }).decide(path))
}

test.each([
  ['/', '/site/index.php as /index.php'],
  ['/index.php', '/site/index.php as /index.php'],
  ['/index.php/', '/site/index.php as /index.php with /'],
  ['/index.php/a%2Fb/%20', '/site/index.php as /index.php with /a/b/ '],
  ['//index.php', '/site/index.php as /index.php'],
  ['/app/', '/site/app/index.php as /app/index.php'],
  ['/app/tool.php/x.php', '/site/app/tool.php as /app/tool.php with /x.php'],
  ['/tools/tool.php', '/site/app/tool.php as /tools/tool.php'],
  ['/a%20b.php', '/site/a b.php as /a b.php'],
  ['/uploads.php', '/site/uploads.php as /uploads.php'],
  ['/sites/one/fine.php', '/site/sites/one/fine.php as /sites/one/fine.php'],
  // What names nothing is the front controller's.
  ['/nothing', '/site/index.php as /index.php'],
  ['/nothing/here/', '/site/index.php as /index.php'],
  ['/a.jpg/x', '/site/index.php as /index.php'],
  ['/INDEX', '/site/index.php as /index.php'],
  // OPTIONS of the whole server (RFC 9110 §9.3.7).
  ['*', '/site/index.php as /index.php'],
  ['/index.php.', '/site/index.php as /index.php'],
  ['/index%2Fphp', '/site/index.php as /index.php'],
])('%s is answered by %s', (path, script) => {
  expect(decide(path)).toBe(script)
})

test.each([
  // Files, and folders that have no script to show.
  '/a.jpg',
  '/plain/',
  '/app',
  '/folder.php/a.txt',
  '/folder.php/',
  '/folder.php/index.php',
  // No such script.
  '/nothing.php',
  '/nothing.php/x',
  '/app/nothing.php',
  '/a.jpg/x.php',
  '/a.jpg/index.php',
  '/a.jpg%2Fx.php',
  '/index.php%20',
  '/index.php%0A',
  '/index.php%2F',
  '/nothing/x.php',
  '/INDEX.PHP',
  '/Index.php',
  // Not called as scripts are.
  '/OLD.PHP',
  '/x.phtml',
  '/x.php5',
  '/x.php.bak',
  '/picture.php',
  '/page',
  // Hidden.
  '/.hidden.php',
  '/.git/hook.php',
  '/.git/hook.php/x',
  // Uploads, by name and by link.
  '/uploads/evil.php',
  '/uploads//evil.php',
  '/uploads/evil.php/x',
  '/uploads/deep/evil.php',
  '/pictures/evil.php',
  '/sites/one/files/evil.php',
  // Out of the root, by an allowed link too.
  '/shared/evil.php',
  '/leak.php',
  '/../shared/evil.php',
])('%s is answered by no script', (path) => {
  expect(decide(path)).toBe('none')
})

test('what is denied is neither executed nor given to the front controller', () => {
  const root = new DocumentRoot({ root: join(base, 'site'), linkTargets: [], deny: ['/app', '*.inc'] })
  const scripts = new Scripts(root, config)
  for (const path of [
    '/app/tool.php',
    '/app/',
    '/app/nothing',
    '/tools/tool.php',
    '/x.inc',
    '/app/tool.php/x',
  ])
    expect([path, told(scripts.decide(path))]).toEqual([path, 'none'])
  expect(told(scripts.decide('/index.php/x.inc'))).toBe('/site/index.php as /index.php with /x.inc')
})

test('a site without a front controller answers what is there', () => {
  expect(decide('/nothing', { frontController: [] })).toBe('none')
  expect(decide('/nothing', { frontController: ['/gone.php', '/app/index.php'] })).toBe(
    '/site/app/index.php as /app/index.php',
  )
  expect(decide('/', { index: ['home.php', 'uploads.php'] })).toBe('/site/uploads.php as /uploads.php')
})

test('a root that is switched is seen by the next request, what changes in it a second later', () => {
  for (const release of ['1', '2']) {
    mkdirSync(join(base, release))
    writeFileSync(join(base, release, 'index.php'), release)
  }
  const current = join(base, 'current')
  const root = new DocumentRoot({ root: current, linkTargets: [], deny: [] })
  const clock = new FakeClock()
  const recent = new RecentScripts(current, new Scripts(root, config), clock)
  expect(recent.decide('/')).toBeUndefined()
  for (const release of ['1', '2', '1']) {
    rmSync(current, { force: true })
    symlinkSync(release, current)
    clock.advance(1)
    const script = recent.decide('/')
    expect(script).toMatchObject({
      filename: join(base, release, 'index.php'),
      documentRoot: join(base, release),
    })
    expect(recent.decide('/')).toBe(script)
  }
  unlinkSync(join(base, '1/index.php'))
  clock.advance(998)
  expect(recent.decide('/')).toBeDefined()
  clock.advance(2)
  expect(recent.decide('/')).toBeUndefined()
})
