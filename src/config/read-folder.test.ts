// Origins that are folders: PHP sites and files, as objects and as functions, and what is wrong with them.
import { expect, test } from 'bun:test'
import { defaultFastCgi } from '../origin/fastcgi/settings.ts'
import { defaultFiles } from '../origin/files/settings.ts'
import { defaultPhpSite } from '../origin/php-site-settings.ts'
import { defineConfig, files, php } from './define.ts'
import { formatProblem } from './problem.ts'
import { resolveSite } from './resolve.ts'

const around = {
  folder: '/srv/config',
  fileExists: (path: string) => !path.includes('missing'),
  nowMs: () => 0,
  readFile: () => undefined,
}

const resolved = (origin: unknown): unknown => {
  const result = resolveSite({ services: { site: { origin } } }, around)
  return result.kind === 'site' ? result.site.services[0]!.origin : result.problems.map(formatProblem)
}

test('a PHP site, relative to the configuration, with a socket or without', () => {
  const plain = {
    kind: 'php',
    root: '/srv/config/public',
    address: undefined,
    site: defaultPhpSite,
    files: defaultFiles,
    settings: defaultFastCgi,
  }
  expect(resolved({ php: './public' })).toEqual(plain)
  expect(resolved(php('public/'))).toMatchObject({
    root: expect.stringMatching(/^\/srv\/config\/public\/?$/),
  })
  expect(resolved({ php: '/srv/www', socket: '/run/php/fpm.sock' })).toEqual({
    ...plain,
    root: '/srv/www',
    address: { kind: 'unix', path: '/run/php/fpm.sock' },
  })
  const tcp = (socket: string) => resolved(php('./public', { socket }))
  expect(tcp('127.0.0.1:9000')).toMatchObject({ address: { kind: 'tcp', hostname: '127.0.0.1', port: 9000 } })
  expect(tcp('[::1]:9000')).toMatchObject({ address: { kind: 'tcp', hostname: '::1', port: 9000 } })
  expect(tcp('./fpm.sock')).toMatchObject({ address: { kind: 'unix', path: '/srv/config/fpm.sock' } })
})

test('settings of all its parts', () => {
  const options = {
    noExec: ['/uploads'],
    frontController: [],
    linkTargets: './shared',
    connectionsMax: 8,
    keepTime: '1s',
  } as const
  expect(resolved(php('./public', options))).toMatchObject({
    site: { noExec: ['/uploads'], frontController: [] },
    files: { linkTargets: ['/srv/config/shared'], index: ['index.html'] },
    settings: { connectionsMax: 8, keepTime: 1000 },
  })
})

test.each([
  ['/uploads/*', "names a folder, and counts for everything below it: leave out the '*' at its end"],
  ['/uploads/**', "names a folder, and counts for everything below it: leave out the '*' at its end"],
  ['/uploads/*.php', "'*' stands for a whole name, as in '/sites/*/files'"],
  ['/my%20files', "expected the name as it is, without '%'"],
  ['/a/../uploads', "must not hold '.' or '..' as a name"],
])('a folder without scripts that would match nothing, or less than it seems: %s', (path, problem) => {
  expect(resolved(php('./public', { noExec: [path] }))).toEqual([
    `services.site.origin.noExec = '${path}': ${problem}`,
  ])
})

test('a folder without scripts may have any name, and a * for one', () => {
  const noExec = ['/sites/*/files', '/my files/', '/Größe?#']
  expect(resolved(php('./public', { noExec }))).toMatchObject({ site: { noExec } })
})

test.each([
  ['/', 'would keep everything from visitors'],
  ['*', 'would keep everything from visitors'],
  ['/*', "names a folder, and counts for everything below it: leave out the '*' at its end"],
  ['/data/*', "names a folder, and counts for everything below it: leave out the '*' at its end"],
  ['conf/local.php', 'expected a path from'],
  ['data/', 'expected a path from'],
  ['/my%20data', "expected the name as it is, without '%'"],
  ['/a/../data', "must not hold '.' or '..' as a name"],
  ['*.i*c*', "a name may hold one '*' only"],
  ['/**/data', "a name may hold one '*' only"],
  ['.inc', "names that begin with a dot are hidden as it is; an ending is written '*.inc'"],
  ['*.{inc,yml}', 'a pattern of its own'],
  ['*.(inc|yml)', 'a pattern of its own'],
])(
  'what is denied, as something that would deny less than it seems, or everything: %s',
  (pattern, problem) => {
    for (const origin of [php('./public', { deny: [pattern] }), files('./public', { deny: [pattern] })]) {
      const problems = resolved(origin) as string[]
      expect(problems).toHaveLength(1)
      expect(problems[0]).toStartWith(`services.site.origin.deny = '${pattern}': `)
      expect(problems[0]).toContain(problem)
    }
  },
)

test('what is denied may be paths and names, with a * in any of them', () => {
  const deny = ['/data', '/sites/*/private', '/sites/*/files/config_*', '*.inc', 'wp-config.*', 'README']
  expect(resolved(php('./public', { deny }))).toMatchObject({ files: { deny } })
  expect(resolved(files('./public', { deny }))).toMatchObject({ settings: { deny } })
})

test('a folder of files', () => {
  expect(resolved({ files: './public' })).toEqual({
    kind: 'files',
    root: '/srv/config/public',
    settings: defaultFiles,
  })
  expect(resolved(files('/srv/www', { index: 'home.html', linkTargets: ['/mnt/shared'] }))).toMatchObject({
    root: '/srv/www',
    settings: { index: ['home.html'], linkTargets: ['/mnt/shared'] },
  })
})

test('the functions are typed', () => {
  const config = defineConfig({
    services: { site: { origin: php('./public'), preset: 'wordpress' }, docs: { origin: files('./docs') } },
  })
  expect(Object.keys(config.services)).toEqual(['site', 'docs'])
})

test('what is wrong is told with its place', () => {
  expect(
    resolved({ php: './missing', socket: 'nowhere', noExec: 'uploads', sockett: 1, immutable: 'yes' }),
  ).toEqual([
    "services.site.origin.sockett = 1: no such setting; did you mean 'socket'?",
    "services.site.origin.noExec = 'uploads': expected a path of the site, such as '/uploads'",
    "services.site.origin.socket = 'nowhere': expected the path of a unix socket, or an address such as '127.0.0.1:9000'",
    "services.site.origin.immutable = 'yes': expected true or false",
    "services.site.origin.php = './missing': no such folder",
  ])
  expect(resolved({ files: 7 })).toEqual([
    "services.site.origin.files = 7: expected a folder, such as './public'",
  ])
  expect(resolved({ php: './a', files: './b' })).toContain(
    "services.site.origin: has 'php' and 'files': an origin is one of them",
  )
  expect(resolved({ files: './a', socket: '/run/x.sock' })).toEqual([
    "services.site.origin.socket = '/run/x.sock': not available: only 'files', 'index', 'charset', 'linkTargets', 'deny', 'immutable' and 'openFilesMax' can be set here",
  ])
})
