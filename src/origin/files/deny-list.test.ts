// Which names an owner's patterns keep from visitors.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { DenyList } from './deny-list.ts'

/** Whether a path, or a folder on the way to it, is denied. */
function denies(pattern: string, path: string): boolean {
  const names = path.slice(1).split('/')
  const list = new DenyList([pattern])
  return names.some((_, i) => list.denies(names, i + 1))
}

test.each([
  ['/data', ['/data', '/data/pages/start.txt', '/data.zip', '/data/x/data']],
  ['/data/', ['/data', '/data/a']],
  ['/sites/*/private', ['/sites/a/private/x', '/sites/default/private']],
  ['/sites/*/files/config_*', ['/sites/a/files/config_f00/sync/x.txt', '/sites/a/files/config_']],
  [
    '/wp-content/debug.log',
    ['/wp-content/debug.log', '/wp-content/debug.log.gz', '/wp-content/debug.log.old'],
  ],
  ['*.inc', ['/x.inc', '/a/b/X.INC', '/x.inc~', '/x.inc.bak', '/x.inc.swp', '/x.inc.gz', '/lib.inc/x.txt']],
  ['*.sql', ['/dump.sql', '/dump.sql.gz', '/dump.sql.old.zip', '/dump.SQL.BR']],
  ['README', ['/README', '/lib/README', '/README.bak']],
  ['wp-config.*', ['/wp-config.php', '/wp-config.txt', '/wp-config.php.1']],
  ['a.b+c(d)', ['/a.b+c(d)']],
])('%s keeps %p', (pattern, paths) => {
  expect(paths.filter((path) => !denies(pattern, path))).toEqual([])
})

test.each([
  ['/data', ['/x/data', '/database', '/Data', '/data-sheets/x']],
  ['/sites/*/private', ['/sites/private', '/sites/a/b/private', '/private']],
  ['*.inc', ['/x.incl', '/inc', '/x.inc.txt', '/xinc', '/inc/x']],
  ['README', ['/readme', '/README.md', '/README-FIRST']],
  ['wp-config.*', ['/wp-config-explained', '/my-wp-config.php']],
  ['a.b+c(d)', ['/aXb+c(d)', '/a.bbc(d)']],
])('%s does not keep %p', (pattern, paths) => {
  expect(paths.filter((path) => denies(pattern, path))).toEqual([])
})

test('property: a name keeps itself, whatever it is made of, and all that is below it', () => {
  const name = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[/*]/.test(text))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), name, (names, below) => {
      const path = `/${names.join('/')}`
      expect([denies(path, path), denies(path, `${path}/${below}`), denies(names[0]!, path)]).toEqual([
        true,
        true,
        true,
      ])
    }),
  )
})
