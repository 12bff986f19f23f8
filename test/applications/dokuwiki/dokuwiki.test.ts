// DokuWiki behind Myriad: it gives everybody a session with every page and forbids to store any. So nothing is stored,
// and it works as it does without Myriad. What it keeps to itself is kept.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheStatus, detail } from '../../../testing/cache-status.ts'
import { type Myriad, startMyriad } from '../../../testing/myriad.ts'
import { type Browser, pageOf, setCookies } from '../fixtures/browser.ts'
import { runCrowd, type Visit } from '../fixtures/crowd.ts'
import { plantSecrets, shownOf } from '../fixtures/kept.ts'
import { phpFpmProgram } from '../fixtures/php-fpm.ts'
import { Rig } from '../fixtures/rig.ts'
import * as wiki from './wiki.ts'

const installed = existsSync(wiki.installedIn) && Bun.which(phpFpmProgram)

const alice: wiki.Person = { login: 'alice', password: 'pass of alice', name: 'Alice Aster' }
const bert: wiki.Person = { login: 'bert', password: 'pass of bert', name: 'Bert Birch' }

setDefaultTimeout(60_000)

describe.skipIf(!installed)('DokuWiki', () => {
  const rig = new Rig()
  let myriad: Myriad
  let root: string
  let people: { alice: Browser; bert: Browser }

  const nobody = (name = 'nobody') => wiki.visitor(name, myriad.port)

  beforeAll(async () => {
    root = wiki.prepareDokuWiki(rig, [alice, bert])
    myriad = rig.started(await startMyriad(root))
    people = { alice: nobody(alice.name), bert: nobody(bert.name) }
    await wiki.logIn(people.alice, alice)
    await wiki.logIn(people.bert, bert)
    for (const id of ['start', 'garden', 'house'])
      await wiki.edit(people.alice, id, `What is known of the ${id}.`)
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  test('no page is stored, and each visitor is given a session of their own', async () => {
    const given: string[] = []
    for (const id of ['start', 'garden', 'nowhere']) {
      const asked = Array.from({ length: 4 }, () => nobody().get(wiki.pathOf(id)))
      for (const answer of await Promise.all(asked)) {
        expect([id, cacheStatus(answer).hit, cacheStatus(answer).stored]).toEqual([id, false, false])
        expect(detail(answer)).toBe('no-store')
        given.push(...setCookies(answer).filter((cookie) => cookie.startsWith('DokuWiki=')))
      }
    }
    expect(given).toHaveLength(12)
    expect(new Set(given).size).toBe(12)
  })

  test('what one writes all see at once', async () => {
    const visitor = nobody()
    await visitor.get(wiki.pathOf('garden'))
    await wiki.edit(people.bert, 'garden', 'Tulips have replaced the roses.')
    for (const browser of [people.bert, people.alice, visitor, nobody()])
      expect(pageOf(await browser.get(wiki.pathOf('garden')))).toContain('Tulips have replaced')
  })

  test('what it keeps to itself is answered as what is not there, and reaches no script', async () => {
    const planted = [
      'data/pages/garden.txt',
      'data/media/plan.png',
      'data/cache/a/b.i',
      'conf/users.auth.php.dist',
      'conf/local.conf',
      // A plugin's own .htaccess, of which no preset knows.
      'lib/plugins/diary/private/entry.txt',
    ]
    plantSecrets(root, planted)
    writeFileSync(join(root, 'lib/plugins/diary/private/.htaccess'), 'order deny,allow\ndeny from all\n')
    const paths = [
      ...planted.map((path) => `/${path}`),
      '/data/',
      '/data',
      '//data/pages/garden.txt',
      '/data//pages/garden.txt',
      '/x/../data/pages/garden.txt',
      '/%64ata/pages/garden.txt',
      '/data/pages/none.txt',
      '/conf/',
      '/inc/init.php',
      '/inc/lang',
      '/inc/',
      '/bin/dwpage.php',
      '/vendor/autoload.php',
      '/VERSION',
      '/.htaccess',
    ]
    expect(await shownOf(nobody(), paths)).toEqual([])
    const icon = await nobody().get('/lib/tpl/dokuwiki/images/apple-touch-icon.png')
    expect([icon.status, icon.field('content-type')]).toEqual([200, 'image/png'])
  })

  test('visitors never see what is for another', async () => {
    const visits: Visit[] = []
    for (const [browser, mark] of [
      [people.alice, alice.name],
      [people.bert, bert.name],
      [nobody(), undefined],
    ] as const) {
      for (const id of ['start', 'garden', 'house']) {
        const path = wiki.pathOf(id)
        await browser.get(path)
        const page = pageOf(await browser.get(path))
        for (const { name } of [alice, bert]) expect(page.includes(name)).toBe(name === mark)
        visits.push({ browser, path, page, times: 50 })
      }
    }
    // One after another: DokuWiki shows an empty page when what it keeps of it is read while it is being written.
    const { tallies, faults } = await runCrowd(visits, { seed: 3, connections: 1, normalise })
    expect(faults).toEqual([])
    expect([...tallies.values()].map(({ shared }) => shared)).toEqual([0, 0, 0])
  })
})

/** Without the time that DokuWiki writes into every page: for its tasks, and for the signature of who may edit. */
function normalise(page: string): string {
  return page
    .replaceAll(/(taskrunner\.php\?id=\w+&amp;)\d{10}/g, '$1')
    .replaceAll(/\d{4}\\\/\d\d\\\/\d\d \d\d:\d\d/g, '')
}
