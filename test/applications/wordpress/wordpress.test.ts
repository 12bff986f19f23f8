// WordPress behind Myriad, its code untouched: pages for everybody come from the cache, pages for one visitor only from
// WordPress, and what somebody writes is seen by them at once.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheStatus, detail } from '../../../testing/cache-status.ts'
import { type Config, type Myriad, startMyriad } from '../../../testing/myriad.ts'
import { pass, within } from '../../../testing/within.ts'
import { Browser, pageOf } from '../fixtures/browser.ts'
import { runCrowd, type Visit } from '../fixtures/crowd.ts'
import { plantSecrets, shownOf } from '../fixtures/kept.ts'
import { mariaDbProgram } from '../fixtures/mariadb.ts'
import { phpFpmProgram } from '../fixtures/php-fpm.ts'
import { purge } from '../fixtures/purge.ts'
import { Rig } from '../fixtures/rig.ts'
import {
  Blog,
  comment,
  enterPassword,
  installedIn,
  type Person,
  type Post,
  prepareWordPress,
} from './blog.ts'

const installed = existsSync(installedIn) && Bun.which(mariaDbProgram) && Bun.which(phpFpmProgram)

const alice: Person = { login: 'alice', password: 'pass of alice', displayName: 'Alice Aster' }
const bert: Person = { login: 'bert', password: 'pass of bert', displayName: 'Bert Birch' }
const treasure = 'The treasure lies under the oak.'
const remark = 'A remark of Carl that nobody has read yet.'

/** Without what WordPress writes anew into everybody's own profile: the time, and a password that it proposes. */
const normalise = (page: string): string =>
  page.replaceAll(/"time":"\d{10}"/g, '').replaceAll(/ data-pw="[^"]*"/g, '')

setDefaultTimeout(120_000)

describe.skipIf(!installed)('WordPress', () => {
  const rig = new Rig()
  let cached: Myriad
  /** The same site past the cache, and with a short lifetime. */
  let uncached: Myriad
  let brief: Myriad
  let root: string
  let blog: Blog
  let posts: Post[]
  let secret: Post
  let people: { alice: Browser; bert: Browser; carl: Browser; petra: Browser }
  let carlsPage: string

  beforeAll(async () => {
    const { php, ...files } = await prepareWordPress(rig)
    root = files.root
    cached = rig.started(await startMyriad(root))
    const services = { site: { origin: { php: root, socket: php.socket }, preset: 'wordpress' } }
    const start = async (cache: Config) =>
      rig.started(await startMyriad(root, { services, routes: [{ path: '/*', service: 'site', cache }] }))
    brief = await start({ ttl: '1s' })
    uncached = await start({ bypass: { path: ['/*'] } })
    blog = await Blog.install(cached.port)
    people = {
      alice: await blog.join(alice, 'author'),
      bert: await blog.join(bert, 'subscriber'),
      carl: blog.visitor('Carl Cedar'),
      petra: blog.visitor('Petra Pine'),
    }
    posts = []
    for (let n = 1; n <= 8; n++) posts.push(await blog.publish(`Day ${n}`, `What happened on day ${n}.`))
    secret = await blog.publish('Secret', treasure, { password: 'sesame' })
    carlsPage = await comment(people.carl, posts[0]!, remark)
    await enterPassword(people.petra, 'sesame')
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  /** What WordPress itself shows somebody. */
  const truth = async (browser: Browser, path: string) => pageOf(await browser.at(uncached.port).get(path))

  test('pages for everybody come from the cache', async () => {
    for (const path of [
      '/',
      posts[1]!.path,
      secret.path,
      '/feed/',
      '/?s=happened',
      '/category/uncategorized/',
    ]) {
      const nobody = blog.visitor('nobody')
      const first = await nobody.get(path)
      const again = await nobody.get(path)
      expect([path, first.status, detail(first), detail(again)]).toEqual([path, 200, 'miss', 'fresh'])
      nobody.setCookie('_ga', 'GA1.1.23.42')
      const campaign = `${path}${path.includes('?') ? '&' : '?'}utm_source=letter`
      for (const url of [path, campaign]) expect([url, detail(await nobody.get(url))]).toEqual([url, 'fresh'])
      expect(again.body.equals(first.body)).toBe(true)
    }
  })

  test('a cached page is octet by octet the one that WordPress makes', async () => {
    for (const path of ['/', ...posts.map((post) => post.path), secret.path, '/feed/', '/?s=happened']) {
      const nobody = blog.visitor('nobody')
      await nobody.get(path)
      const stored = await nobody.get(path)
      const made = await nobody.at(uncached.port).get(path)
      expect([cacheStatus(stored).hit, detail(made)]).toEqual([true, 'bypass-path'])
      expect(stored.body.equals(made.body)).toBe(true)
      for (const name of ['content-type', 'link', 'x-pingback'])
        expect([name, stored.field(name)]).toEqual([name, made.field(name)])
    }
  })

  test('files come from the folder as they are; one that is uploaded is there, and a script among uploads is nothing', async () => {
    const style = 'wp-includes/css/dist/block-library/style.min.css'
    const served = await blog.visitor('nobody').get(`/${style}`)
    expect([served.status, served.field('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
    expect(served.body.equals(readFileSync(join(root, style)))).toBe(true)
    const picture = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
    const path = await blog.upload('dot.gif', 'image/gif', picture)
    expect(path).toStartWith('/wp-content/uploads/')
    const dot = await blog.visitor('nobody').get(path)
    expect([dot.status, dot.field('content-type'), dot.body.equals(picture)]).toEqual([
      200,
      'image/gif',
      true,
    ])
    writeFileSync(join(root, 'wp-content/uploads/dot.php'), '<?php echo 6 * 7;')
    for (const script of ['dot.php', 'dot.php/dot.gif', 'DOT.php', 'dot.php%20', 'dot%2ephp']) {
      const answer = await blog.visitor('nobody').get(`/wp-content/uploads/${script}`)
      expect([script, answer.status, pageOf(answer).includes('<?php'), pageOf(answer) === '42']).toEqual([
        script,
        404,
        false,
        false,
      ])
    }
  })

  test('what it keeps to itself is answered as what is not there, and reaches no script', async () => {
    const planted = [
      'wp-content/debug.log',
      'wp-content/plugins/shop/error_log',
      'wp-config.txt',
      'wp-config.php.save',
      'dump.sql',
      'wp-content/dump.sql.gz',
      'wp-content/backups/site.zip',
    ]
    plantSecrets(root, planted)
    // As plugins that make backups close their folder.
    writeFileSync(join(root, 'wp-content/backups/.htaccess'), '<Files *>\n  Deny from all\n</Files>\n')
    const paths = [...planted.map((path) => `/${path}`), '/wp-config.php', '/wp-admin/includes/file.php']
    expect(await shownOf(blog.visitor('nobody'), paths)).toEqual([])
    // Files that an .htaccess allows by name in a folder that it closes otherwise.
    const script = await blog.visitor('nobody').get('/wp-content/plugins/akismet/_inc/akismet.js')
    expect(script.status).toBe(200)
    // A page may be called like what is denied.
    const page = await blog.visitor('nobody').get('/wp-config-explained/')
    expect([page.status, pageOf(page).includes('<html')]).toEqual([404, true])
  })

  test('a comment that awaits moderation is shown at once to who wrote it, and to nobody else', async () => {
    const seen = await people.carl.get(carlsPage)
    expect([pageOf(seen).includes(remark), detail(seen)]).toEqual([true, 'bypass-cookie'])
    expect(pageOf(await blog.visitor('nobody').get(posts[0]!.path))).not.toContain(remark)
    expect(pageOf(await people.bert.get(posts[0]!.path))).not.toContain(remark)
  })

  test('once approved, the comment is shown to all after a PURGE', async () => {
    const post = posts[4]!
    const text = 'Another remark of Carl.'
    const carl = { author_name: 'Carl', author_email: 'carl@visitors.test' }
    const nobody = blog.visitor('nobody')
    await nobody.get(post.path)
    const { id } = await blog.save('comments', {
      post: post.id,
      ...carl,
      content: text,
      status: 'hold',
    })
    await blog.save(`comments/${id}`, { status: 'approved' })
    expect(pageOf(await nobody.get(post.path))).not.toContain(text)
    await purge(blog.address, [post.path])
    expect(pageOf(await nobody.get(post.path))).toContain(text)
  })

  test('a comment that needs no approval is shown at once to all: what it was posted to names the page', async () => {
    const { path } = posts[2]!
    const nobody = blog.visitor('nobody')
    await nobody.get(path)
    expect(cacheStatus(await nobody.get(path)).hit).toBe(true)
    const text = 'A word of the house.'
    expect(await comment(blog.owner, posts[2]!, text)).toBe(path)
    expect(pageOf(await blog.owner.get(path))).toContain(text)
    expect(pageOf(await nobody.get(path))).toContain(text)
    expect(cacheStatus(await nobody.get(path)).hit).toBe(true)
  })

  test('an edit is shown at once to who is logged in; to all within the lifetime, or after a PURGE', async () => {
    const { id, path } = posts[3]!
    const patient = blog.visitor('nobody').at(brief.port)
    const nobody = blog.visitor('nobody')
    for (const visitor of [patient, nobody]) await visitor.get(path)
    await blog.save(`posts/${id}`, { content: 'It was otherwise.' })
    expect(pageOf(await blog.owner.get(path))).toContain('It was otherwise.')
    expect(pageOf(await people.alice.get(path))).toContain('It was otherwise.')
    const changed = async () => {
      while (!pageOf(await patient.get(path)).includes('It was otherwise.')) await pass(50)
    }
    await within(5_000, 'the edit to be shown to all', changed())
    expect(pageOf(await nobody.get(path))).not.toContain('It was otherwise.')
    await purge(blog.address, [path])
    expect(pageOf(await nobody.get(path))).toContain('It was otherwise.')
  })

  test('visitors never see what is for another, over 10,000 requests', async () => {
    const nobody = blog.visitor('nobody')
    const visits: Visit[] = []
    const add = async (browser: Browser, paths: readonly string[], times: number) => {
      for (const path of paths) visits.push({ browser, path, page: await truth(browser, path), times })
    }
    const paths = ['/', ...posts.map(({ path }) => path), secret.path]
    await add(nobody, paths, 600)
    // The same pages for who comes by a campaign, with the cookies of its scripts.
    const followed = blog.visitor('nobody')
    followed.setCookie('_ga', 'GA1.1.23.42')
    visits.push(
      ...visits.map((visit) => ({
        ...visit,
        browser: followed,
        path: `${visit.path}?utm_source=letter`,
        times: 320,
      })),
    )
    await add(people.alice, [...paths, '/wp-admin/profile.php'], 20)
    await add(people.bert, [...paths, '/wp-admin/profile.php'], 20)
    await add(people.carl, paths, 18)
    await add(people.petra, paths, 18)
    for (const [mark, owner] of [
      [alice.displayName, people.alice],
      [bert.displayName, people.bert],
      [remark, people.carl],
      [treasure, people.petra],
    ] as const) {
      const shown = new Set(
        visits.filter(({ page }) => page.includes(mark)).map(({ browser }) => browser.name),
      )
      expect([mark, [...shown]]).toEqual([mark, [owner.name]])
    }
    // What is stored may be older than what was written meanwhile.
    await purge(blog.address, paths)
    const { tallies, faults } = await runCrowd(visits, {
      seed: 1,
      connections: 16,
      cookiesOfAll: /^wordpress_test_cookie=/,
      normalise,
      meanwhile: { every: 1000, act: () => purge(blog.address, paths) },
    })
    expect(faults).toEqual([])
    expect([...tallies.values()].reduce((sum, { requests }) => sum + requests, 0)).toBe(10_000)
    for (const [name, { shared, requests }] of tallies) {
      if (name === 'nobody') expect(shared).toBeGreaterThan(0.98 * requests)
      else expect([name, shared]).toEqual([name, 0])
    }
  })
})
