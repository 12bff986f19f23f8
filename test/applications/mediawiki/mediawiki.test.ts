// MediaWiki behind Myriad, its code untouched, told by its own settings that a cache stands in front of it: what it says
// may be shared is shared, its own PURGE empties what an edit has changed, and people who are logged in see their own
// pages alone.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { cacheStatus, detail } from '../../../testing/cache-status.ts'
import { type Myriad, startMyriad } from '../../../testing/myriad.ts'
import type { RawResponse } from '../../../testing/raw-client.ts'
import { pass } from '../../../testing/within.ts'
import { type Browser, pageOf, setCookies } from '../fixtures/browser.ts'
import { runCrowd, type Visit } from '../fixtures/crowd.ts'
import { plantSecrets, shownOf } from '../fixtures/kept.ts'
import { phpFpmProgram } from '../fixtures/php-fpm.ts'
import { purge } from '../fixtures/purge.ts'
import { Rig } from '../fixtures/rig.ts'
import * as wiki from './wiki.ts'

const installed = existsSync(wiki.installedIn) && Bun.which(phpFpmProgram)

const alice: wiki.Person = { login: 'Alice', password: 'pass of alice' }
const bert: wiki.Person = { login: 'Bert', password: 'pass of bert' }
const titles = ['Garden', 'House', 'River', 'Bridge', 'Tower', 'Market']

/** Without what MediaWiki writes anew into every page: the request's id, what it cost, and tokens against forgery. */
const normalise = (page: string): string =>
  page
    .replaceAll(/"wgRequestId":"[0-9a-f]{24}"/g, '')
    .replaceAll(/"wgBackendResponseTime":\d+/g, '')
    .replaceAll(/"wgPageParseReport":.*?"transientcontent":(?:true|false)\}\}/g, '')
    .replaceAll(/\b[0-9a-f]{40}\+\\/g, '')

setDefaultTimeout(120_000)

describe.skipIf(!installed)('MediaWiki', () => {
  const rig = new Rig()
  let cached: Myriad
  /** The same site past the cache. */
  let uncached: Myriad
  let files: wiki.MediaWikiFiles
  let people: { alice: Browser; bert: Browser; dora: Browser }

  const nobody = () => wiki.visitor('nobody', cached.port)

  beforeAll(async () => {
    files = await wiki.installMediaWiki(rig, [alice, bert])
    const { root, socket } = files
    cached = rig.started(await startMyriad(root))
    const services = { site: { origin: { php: root, socket } } }
    const routes = [{ path: '/*', service: 'site', cache: { bypass: { path: ['/*'] } } }]
    uncached = rig.started(await startMyriad(root, { services, routes }))
    wiki.setMediaWiki(root, wiki.behindCache(cached.port))
    const visitor = (name: string) => wiki.visitor(name, cached.port)
    people = { alice: visitor(alice.login), bert: visitor(bert.login), dora: visitor('Dora') }
    await wiki.logIn(people.alice, alice)
    await wiki.logIn(people.bert, bert)
    for (const title of titles)
      await wiki.edit(people.alice, title, `What is known of the ${title.toLowerCase()}.`)
    // Somebody without an account who has written something has a session.
    await wiki.edit(people.dora, 'Notes', 'A note of somebody.')
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  test('pages for everybody come from the cache', async () => {
    for (const path of [...titles.map(wiki.pathOf), wiki.historyOf('Garden'), wiki.pathOf('Nowhere')]) {
      const visitor = nobody()
      const first = await visitor.get(path)
      expect([path, detail(first), detail(await visitor.get(path))]).toEqual([path, 'miss', 'fresh'])
      visitor.setCookie('_ga', 'GA1.1.23.42')
      const campaign = `${path}${path.includes('?') ? '&' : '?'}utm_source=letter`
      for (const url of [path, campaign])
        expect([url, detail(await visitor.get(url))]).toEqual([url, 'fresh'])
    }
  })

  test('a cached page is the one that MediaWiki makes, but for what it writes anew each time', async () => {
    for (const path of [...titles.map(wiki.pathOf), wiki.historyOf('Garden')]) {
      const stored = await nobody().get(path)
      const made = await nobody().at(uncached.port).get(path)
      expect([cacheStatus(stored).hit, detail(made)]).toEqual([true, 'bypass-path'])
      expect(normalise(pageOf(stored))).toBe(normalise(pageOf(made)))
      for (const name of ['content-type', 'content-language', 'last-modified', 'cache-control'])
        expect([name, stored.field(name)]).toEqual([name, made.field(name)])
    }
  })

  test("an edit is shown at once to its author, and to all: MediaWiki's own PURGE has emptied it", async () => {
    const forms = [[], ['Accept-Encoding: gzip'], ['Cookie: theme=dark']]
    const changed = [wiki.pathOf('Garden'), wiki.historyOf('Garden')]
    const others = [wiki.pathOf('House'), wiki.historyOf('House')]
    const visit = async (paths: readonly string[]) => {
      const answers: RawResponse[] = []
      for (const path of paths) for (const lines of forms) answers.push(await nobody().get(path, ...lines))
      return answers
    }
    const hits = async (paths: readonly string[]) =>
      (await visit(paths)).map((answer) => cacheStatus(answer).hit)
    await visit([...changed, ...others])
    expect(await hits([...changed, ...others])).toEqual(Array<boolean>(12).fill(true))
    await wiki.edit(people.bert, 'Garden', 'Tulips have replaced the roses.')
    expect(pageOf(await people.bert.get(changed[0]!))).toContain('Tulips have replaced')
    expect(await hits(others)).toEqual(Array<boolean>(6).fill(true))
    for (const [at, answer] of (await visit(changed)).entries()) {
      // A plain page, once it is here again, is also coded for those who ask for that.
      if (at % forms.length !== 1) expect(cacheStatus(answer).hit).toBe(false)
      expect(pageOf(answer)).toContain(at < forms.length ? 'Tulips have replaced' : '>Bert<')
    }
    expect(await hits([...changed, ...others])).toEqual(Array<boolean>(12).fill(true))
  })

  test('a page that did not exist is shown at once when it does', async () => {
    const path = wiki.pathOf('Mill')
    await nobody().get(path)
    const missing = await nobody().get(path)
    expect([missing.status, cacheStatus(missing).hit]).toEqual([404, true])
    await wiki.edit(people.dora, 'Mill', 'There is a mill now.')
    expect(pageOf(await people.dora.get(path))).toContain('There is a mill now.')
    const found = await nobody().get(path)
    expect([found.status, pageOf(found).includes('There is a mill now.')]).toEqual([200, true])
  })

  test('a template that is changed renews the pages that show it, once MediaWiki has done its jobs', async () => {
    await wiki.edit(people.alice, 'Template:Season', 'It is spring.')
    await wiki.edit(people.alice, 'Orchard', 'The orchard. {{Season}}')
    const path = wiki.pathOf('Orchard')
    // MediaWiki keeps times in whole seconds: what happens within one is the same to it.
    await pass(1000)
    expect(pageOf(await nobody().get(path))).toContain('It is spring.')
    expect(cacheStatus(await nobody().get(path)).hit).toBe(true)
    await wiki.edit(people.alice, 'Template:Season', 'It is autumn.')
    wiki.runJobs(files.root)
    expect(pageOf(await nobody().get(path))).toContain('It is autumn.')
  })

  test('a session that is begun for one visitor is not given to those who ask at the same time', async () => {
    const asked = Array.from({ length: 12 }, () => nobody().get('/index.php?title=Special:UserLogin'))
    const sessions = (await Promise.all(asked)).flatMap(setCookies)
    expect(sessions).toHaveLength(12)
    expect(new Set(sessions).size).toBe(12)
  })

  test('what it keeps to itself is answered as what is not there, and reaches no script', async () => {
    const planted = ['images/deleted/a/b.png', 'cache/l10n_cache-en.cdb', 'wiki.sqlite']
    plantSecrets(files.root, planted)
    const paths = [
      ...planted.map((path) => `/${path}`),
      '/images/deleted/',
      '//images//deleted/a/b.png',
      '/includes/DefaultSettings.php',
      '/includes/none',
      '/languages/messages/MessagesEn.php',
      '/maintenance/tables.json',
      '/maintenance/update.php',
      '/vendor/composer/installed.json',
    ]
    expect(await shownOf(nobody(), paths)).toEqual([])
    expect((await nobody().get('/resources/assets/change-your-logo.svg')).status).toBe(200)
  })

  test('visitors never see what is for another, over 10,000 requests', async () => {
    const visits: Visit[] = []
    const add = async (browser: Browser, paths: readonly string[], times: number, lines: string[] = []) => {
      for (const path of paths) {
        // What is said once, right after an edit, has been said then.
        await browser.get(path)
        const page = pageOf(await browser.at(uncached.port).get(path))
        visits.push({ browser, path, page, times, lines })
      }
    }
    const paths = [...titles.map(wiki.pathOf), wiki.historyOf('Garden'), wiki.historyOf('House')]
    await add(nobody(), paths, 1032)
    await add(nobody(), paths, 125, ['Accept-Encoding: gzip'])
    await add(people.alice, [...paths, '/wiki/Special:EditWatchlist/raw'], 28)
    await add(people.bert, [...paths, '/wiki/Special:EditWatchlist/raw'], 28)
    await add(people.dora, paths, 30)
    for (const owner of [people.alice, people.bert]) {
      const mark = `"wgUserName":"${owner.name}"`
      const shown = new Set(
        visits.filter(({ page }) => page.includes(mark)).map(({ browser }) => browser.name),
      )
      expect([mark, [...shown]]).toEqual([mark, [owner.name]])
    }
    const { tallies, faults } = await runCrowd(visits, {
      seed: 2,
      connections: 16,
      normalise,
      meanwhile: { every: 1000, act: () => purge(people.alice.address, paths) },
    })
    expect(faults).toEqual([])
    expect([...tallies.values()].reduce((sum, { requests }) => sum + requests, 0)).toBe(10_000)
    for (const [name, { shared, requests }] of tallies) {
      if (name === 'nobody') expect(shared).toBeGreaterThan(0.98 * requests)
      else expect([name, shared]).toEqual([name, 0])
    }
  })
})
