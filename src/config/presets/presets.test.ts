// The presets as configurations: each is one that could be written, and does what its application needs.
import { describe, expect, test } from 'bun:test'
import { openPolicy } from '../../cache/policy.ts'
import { patternPath } from '../../cube/y/pattern.ts'
import { formatProblem } from '../problem.ts'
import { resolveSite } from '../resolve.ts'
import type { Site } from '../site.ts'
import { withRows } from './defaults.ts'
import { presets } from './presets.ts'
import { presetTexts } from './preset.ts'

const around = { folder: '/srv', fileExists: () => true, readFile: () => undefined, nowMs: () => 0 }

function site(config: unknown): Site {
  const resolved = resolveSite(config, around)
  if (resolved.kind === 'wrong') throw new Error(resolved.problems.map(formatProblem).join('\n'))
  return resolved.site
}

const withPreset = (preset: string, cache: unknown = {}): Site =>
  site({
    services: { site: { origin: { php: './public' }, preset } },
    routes: [{ path: '/*', cache }],
  })

describe.each(presets.map((preset) => [preset.name, preset] as const))('%s', (name, preset) => {
  test('is the same as its rows written by hand', () => {
    const origin = preset.origin.filter(({ setting }) => setting !== 'linkTargets')
    const linkTargets = name === 'laravel' ? ['storage/app/public'] : []
    const byHand = site({
      services: { site: { origin: withRows({ php: './public', linkTargets }, origin) } },
      routes: [{ path: '/*', cache: withRows({}, preset.cache) }],
    })
    const named = withPreset(name)
    expect(named.services[0]!.origin).toEqual(byHand.services[0]!.origin)
    const [route, written] = [named, byHand].map((each) => each.routes.match('', '/')!)
    expect(route!.policy).toEqual(written!.policy)
    expect(route!.ignoredParameter?.('utm_source')).toBe(true)
    expect(written!.ignoredParameter?.('utm_source')).toBe(true)
  })

  test('needs no routes, and stands in front of an application over HTTP too', () => {
    const routes = site({ services: { site: { origin: 'http://127.0.0.1:9', preset: name } } }).routes
    expect(routes.match('', '/')!.ignoredParameter?.('fbclid')).toBe(true)
  })

  test('says why, for every row', () => {
    for (const row of [...preset.origin, ...preset.cache]) expect(row.why.length).toBeGreaterThan(20)
    expect(presetTexts(preset).length).toBe(preset.origin.length + preset.cache.length)
  })
})

test('WordPress: who is known to it goes past the cache, everybody else shares', () => {
  const { bypass, ignoredCookie, policy } = withPreset('wordpress').routes.match('', '/')!
  const known = ['wordpress_logged_in_0f', 'wordpress_sec_0f', 'comment_author_0f', 'wp-postpass_0f']
  expect(known.map((name) => bypass.cookie?.(name))).toEqual(known.map(() => true))
  expect(['wordpress_test_cookie', '_ga', 'theme'].map((name) => bypass.cookie?.(name))).toEqual([
    false,
    false,
    false,
  ])
  expect(['wordpress_test_cookie', '_ga', 'theme'].map((name) => ignoredCookie(name))).toEqual([
    true,
    true,
    false,
  ])
  const own = ['/wp-admin/', '/wp-login.php', '/wp-login.php/x', '//wp-login.php', '/wp-json/wp/v2/posts']
  expect(own.filter((path) => !bypass.path?.(patternPath(path)))).toEqual([])
  expect(['/', '/2026/11/a-post/', '/wp-content/a.css'].some((path) => bypass.path?.(path))).toBe(false)
  expect(policy).toEqual({ ...openPolicy, ttlSeconds: 60 })
})

test('MediaWiki: its own lifetimes are left alone, sessions go past the cache', () => {
  const { bypass, policy } = withPreset('mediawiki').routes.match('', '/')!
  expect(policy).toEqual(openPolicy)
  expect(['wiki_session', 'wikiToken', 'wikiUserName'].map((name) => bypass.cookie?.(name))).toEqual([
    true,
    true,
    false,
  ])
})

test('what a route says wins over the preset, and its lists are added to', () => {
  const route = withPreset('wordpress', { ttl: '5m', bypass: { cookie: 'mine' } }).routes.match('', '/')!
  expect(route.policy.ttlSeconds).toBe(300)
  expect(['mine', 'wordpress_logged_in_x'].map((name) => route.bypass.cookie?.(name))).toEqual([true, true])
})

test('a misspelt preset is told', () => {
  const resolved = resolveSite({ services: { site: { origin: 'http://a', preset: 'wordpres' } } }, around)
  expect(resolved.kind === 'wrong' && resolved.problems.map(formatProblem)).toEqual([
    "services.site.preset = 'wordpres': expected 'wordpress', 'mediawiki', 'drupal', 'dokuwiki', 'laravel' or 'symfony'; did you mean 'wordpress'?",
  ])
})

test('before files that are only sent, too, what an application keeps to itself is denied', () => {
  const { origin } = site({
    services: { site: { origin: { files: './wiki' }, preset: 'mediawiki' } },
  }).services[0]!
  expect(origin.kind === 'files' && origin.settings.deny).toContain('/images/deleted')
})

test('nothing runs among the libraries of applications that keep them where visitors can ask for them', () => {
  for (const name of ['drupal', 'mediawiki', 'laravel'])
    expect(presets.find((preset) => preset.name === name)!.origin.flatMap(({ value }) => value)).toContain(
      '/vendor',
    )
})
