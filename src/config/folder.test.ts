// Which folders are recognised as what.
import { expect, test } from 'bun:test'
import { recogniseFolder } from './folder.ts'

function recognised(files: readonly string[], folder = '/srv/app'): readonly unknown[] {
  const all = new Set(files.map((file) => `/srv/app/${file}`))
  const site = recogniseFolder(folder, (path) => all.has(path))
  if (site.kind === 'files') return ['files', site.root]
  return [site.known?.preset.name, site.root, site.known?.sign]
}

test('index.php makes a PHP site of a folder, nothing makes files of it', () => {
  expect(recognised(['index.php'])).toEqual([undefined, '/srv/app', undefined])
  expect(recognised(['index.html', 'page.php'])).toEqual(['files', '/srv/app'])
  expect(recognised([])).toEqual(['files', '/srv/app'])
})

test('each application by its own files', () => {
  expect(recognised(['index.php', 'wp-includes/version.php', 'wp-blog-header.php'])).toEqual([
    'wordpress',
    '/srv/app',
    'wp-includes/version.php',
  ])
  expect(recognised(['index.php', 'load.php', 'includes/WebStart.php'])).toEqual([
    'mediawiki',
    '/srv/app',
    'includes/WebStart.php',
  ])
  expect(recognised(['index.php', 'doku.php', 'inc/init.php'])).toEqual(['dokuwiki', '/srv/app', 'doku.php'])
  expect(recognised(['public/index.php', 'artisan', 'bootstrap/app.php'])).toEqual([
    'laravel',
    '/srv/app/public',
    'artisan',
  ])
  expect(recognised(['public/index.php', 'bin/console', 'config/bundles.php'])).toEqual([
    'symfony',
    '/srv/app/public',
    'bin/console',
  ])
  expect(recognised(['web/index.php', 'web/core/lib/Drupal.php'])).toEqual([
    'drupal',
    '/srv/app/web',
    'core/lib/Drupal.php',
  ])
  expect(recognised(['index.php', 'includes/bootstrap.inc', 'misc/drupal.js'])).toEqual([
    'drupal',
    '/srv/app',
    'includes/bootstrap.inc',
  ])
})

test('the folder that visitors see may be named itself', () => {
  const files = ['public/index.php', 'artisan', 'bootstrap/app.php']
  expect(recognised(files, '/srv/app/public')).toEqual(['laravel', '/srv/app/public', 'artisan'])
})

test('one of two files is not enough, and a neighbour is not the application', () => {
  expect(recognised(['index.php', 'load.php'])).toEqual([undefined, '/srv/app', undefined])
  expect(recognised(['htdocs/index.php', 'artisan', 'bootstrap/app.php'], '/srv/app/htdocs')).toEqual([
    undefined,
    '/srv/app/htdocs',
    undefined,
  ])
})
