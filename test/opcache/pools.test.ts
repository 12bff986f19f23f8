// Pools of a real php-fpm: several masters at once, pools that do not answer, workers that run out, and how the question
// gets to a pool without being seen by anybody else.
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { realClock } from '../../src/base/clock.ts'
import { adviceText } from '../../src/cli/php-advice-view.ts'
import { statusText } from '../../src/cli/php-status-view.ts'
import { advise } from '../../src/php/advice.ts'
import { askStatusPage } from '../../src/php/ask.ts'
import type { Master } from '../../src/php/pool.ts'
import { doAll, readAll } from '../../src/php/round.ts'
import { pass } from '../../testing/within.ts'
import { asking, giveTo, isRoot, makeRig, phpFpm, type Rig, smallCache, writePhp, writeTree } from './rig.ts'

/** Without anything to advise. */
const cache = { ...smallCache, revalidate_freq: 2 }

const rigs: Rig[] = []
const rigged = (): Rig => {
  const rig = makeRig()
  rigs.push(rig)
  return rig
}
afterAll(async () => {
  for (const rig of rigs) await rig.stop()
})

const read = async (masters: readonly Master[], timeMs = 3000) =>
  (await readAll(masters, { ...asking, timeMs }, realClock, {}, undefined)).report

/** Scripts that wait until the file `go` is there, so many at once; resolves when so many have begun. */
async function occupy(rig: Rig, requests: number, begun: number, pool = 'www') {
  writePhp(
    rig,
    'wait.php',
    'touch(__DIR__ . "/began" . getmypid()); while (!file_exists(__DIR__ . "/go")) { clearstatcache(); usleep(5000); } echo "went";',
  )
  const runs: Promise<string>[] = []
  const signs = () => readdirSync(rig.site).filter((name) => name.startsWith('began'))
  for (let n = 1; n <= requests; n++) {
    runs.push(rig.run('wait.php', '', pool))
    // One after another: php-fpm may start one worker only for connections that come at the same moment.
    while (signs().length < Math.min(n, begun)) await pass(5)
  }
  return async () => {
    writePhp(rig, 'go', '')
    expect(await Promise.all(runs)).toEqual(runs.map(() => 'went'))
    for (const name of [...signs(), 'go']) rmSync(join(rig.site, name))
  }
}

describe.skipIf(phpFpm === null)('with php8.2-fpm, if it is installed', () => {
  test('two masters, one with two pools: each cache is told once, each pool with its workers', async () => {
    const [one, two] = [rigged(), rigged()]
    const pool = { pm: 'static', 'pm.max_children': 1 }
    await one.start(cache, [], { shop: pool, blog: { ...pool, 'pm.max_children': 2 } })
    await two.start({ ...cache, memory_consumption: 16 })
    writeTree(two, 3, 1)
    await two.run('all.php')
    const report = await read([one.master(), two.master()])
    expect(report.masters.map(({ name, pools }) => [name, pools.map((each) => each.name)])).toEqual([
      [one.config, ['shop', 'blog']],
      [two.config, ['www']],
    ])
    const [first, second] = report.masters.map(({ opcache }) => opcache)
    expect(first).toMatchObject({ state: 'on', scripts: 0, settings: { memoryBytes: 8 << 20 } })
    // The question itself takes up nothing.
    expect(second).toMatchObject({ state: 'on', scripts: 4, settings: { memoryBytes: 16 << 20 } })
    expect(report.masters[0]!.pools.map(({ answer }) => answer.status)).toMatchObject([
      { name: 'shop', manager: 'static', total: 1, active: 1, idle: 0 },
      { name: 'blog', manager: 'static', total: 2, active: 1, idle: 1 },
    ])
    expect(report.masters[0]!.pools[0]!.workerBytes).toBeGreaterThan(100_000)
    expect(statusText(report, undefined)).toMatch(/^ {2}blog .* 2 .*\/blog\.sock$/m)
  })

  test('pools that do not answer are told with the reason, and the others are told nevertheless', async () => {
    const rig = rigged()
    const pool = { pm: 'static', 'pm.max_children': 1 }
    await rig.start(cache, [], {
      busy: { ...pool, 'pm.status_path': '/status', 'pm.status_listen': join(rig.folder, 'status.sock') },
      deaf: { ...pool, 'security.limit_extensions': '.phtml' },
      gone: pool,
      narrow: { ...pool, 'php_admin_value[open_basedir]': rig.site },
      well: pool,
    })
    rmSync(rig.socket('gone'))
    const free = await occupy(rig, 1, 1, 'busy')
    const report = await read([rig.master()], 400)
    await free()
    const answers = report.masters[0]!.pools.map(({ name, answer }) => [
      name,
      answer.kind === 'silent' ? answer.why : answer.kind,
    ])
    expect(answers).toEqual([
      ['busy', 'no answer in 0.4 s: are all its workers busy?'],
      ['deaf', 'it runs no file that ends in .php (security.limit_extensions)'],
      ['gone', 'there is no such socket'],
      ['narrow', expect.stringContaining('(open_basedir)')],
      ['well', 'answered'],
    ])
    // php-fpm's own page is answered on a socket of its own.
    expect(report.masters[0]!.pools[0]!.answer.status).toMatchObject({ name: 'busy', active: 1, idle: 0 })
    expect(report.masters[0]!.opcache?.state).toBe('on')
    expect(statusText(report, undefined)).toContain('[gone] did not answer: there is no such socket')
    expect(adviceText(advise(report), report)).toContain('; pool gone was not read: there is no such socket')
  })

  test('where PHP does not let the script ask, that is told, and a folder where it does helps', async () => {
    const rig = rigged()
    await rig.start({ ...cache, restrict_api: rig.site })
    const refused = await read([rig.master()])
    expect(refused.masters[0]!.opcache).toEqual({
      state: 'untold',
      why: expect.stringContaining('restricted by "restrict_api"'),
    })
    expect(advise(refused)).toEqual([])
    const inside = { ...asking, folder: rig.site }
    const { report } = await readAll([rig.master()], inside, realClock, {}, undefined)
    expect(report.masters[0]!.opcache?.state).toBe('on')
    expect(readdirSync(rig.site)).toEqual([])
  })

  test('workers ran out: pm.max_children', async () => {
    const rig = rigged()
    const pool = (children: number) => ({
      pm: 'ondemand',
      'pm.max_children': children,
      'pm.status_path': '/status',
      'pm.status_listen': join(rig.folder, 'status.sock'),
    })
    /** Three requests at once, until php-fpm has counted so many active workers. */
    const crowd = async (active: number) => {
      const free = await occupy(rig, 3, active)
      const [www] = rig.master().pools
      while ((await askStatusPage(www!, asking))!.activeMax < active) await pass(20)
      await free()
    }
    await rig.start(cache, [], { www: pool(2) })
    await crowd(2)
    const advice = advise(await read([rig.master()]))
    expect(advice.map(({ pool: name, lines }) => [name, lines])).toEqual([['www', ['pm.max_children = 4']]])
    expect(advice[0]!.readings[0]).toMatch(/^max children reached [12] times, max active processes 2/)
    await rig.start(cache, [], { www: pool(4) })
    await crowd(3)
    for (let i = 0; i < 3; i++) expect(advise(await read([rig.master()]))).toEqual([])
  })

  test('OPcache is off in one pool of several', async () => {
    const rig = rigged()
    const pool = { pm: 'static', 'pm.max_children': 1 }
    await rig.start(cache, [], { off: { ...pool, 'php_admin_flag[opcache.enable]': 'off' }, on: pool })
    const report = await read([rig.master()])
    expect(report.masters[0]!.opcache?.state).toBe('on')
    expect(advise(report).map(({ pool: name, lines }) => [name, lines])).toEqual([
      ['off', ['php_admin_value[opcache.enable] = 1']],
    ])
  })

  test('a reset empties the cache of each master once, and an invalidation drops one file', async () => {
    const [one, two] = [rigged(), rigged()]
    const pool = { pm: 'static', 'pm.max_children': 1 }
    await one.start(cache, [], { shop: pool, blog: pool })
    await two.start(cache)
    for (const rig of [one, two]) writeTree(rig, 3, 1)
    await one.run('all.php', '', 'shop')
    await two.run('all.php')
    const masters = [one.master(), two.master()]
    const file = join(one.site, 'f1.php')
    expect(await doAll(masters, { kind: 'invalidate', file }, asking)).toEqual([
      { master: one.config, pool: 'shop', deed: { done: true, wasCached: true, why: '' } },
      {
        master: two.config,
        pool: 'www',
        deed: { done: false, wasCached: false, why: 'the file is not in the cache' },
      },
    ])
    expect((await one.opcache()).memory.wastedBytes).toBeGreaterThan(0)
    expect((await doAll(masters, { kind: 'reset' }, asking)).map(({ pool: name }) => name)).toEqual([
      'shop',
      'www',
    ])
    for (const rig of [one, two])
      expect(await rig.opcache()).toMatchObject({ scripts: 0, restarts: { manual: 1 } })
  })

  test('the script that asks lies outside the site, is for the pool alone, and is gone afterwards', async () => {
    const rig = rigged()
    const own = join(rig.folder, 'asked')
    // What a prepended script sees of it.
    writePhp(
      rig,
      'prepended.php',
      `$f = $_SERVER['SCRIPT_FILENAME']; file_put_contents('${rig.site}/seen', json_encode([$f, fileperms($f) & 0777, fileperms(dirname($f)) & 0777, filegroup($f) === filegroup('${rig.site}/seen') ])); echo 'noise';`,
    )
    writePhp(rig, 'seen', '')
    await Bun.$`mkdir ${own} && chmod 755 ${own} && chmod 666 ${join(rig.site, 'seen')}`
    await rig.start(cache, [`auto_prepend_file = ${join(rig.site, 'prepended.php')}`])
    const { report } = await readAll([rig.master()], { ...asking, folder: own }, realClock, {}, undefined)
    expect(report.masters[0]!.opcache?.state).toBe('on')
    const [path, mode, folderMode] = await Bun.file(join(rig.site, 'seen')).json()
    expect(path).toStartWith(own)
    expect([mode, folderMode]).toEqual(isRoot ? [0o440, 0o710] : [0o400, 0o700])
    expect([existsSync(path), readdirSync(own)]).toEqual([false, []])
  })

  test.skipIf(!isRoot)(
    'one cache for two users: what one caches runs for the other, until validate_permission forbids it',
    async () => {
      const rig = rigged()
      const pool = { pm: 'static', 'pm.max_children': 1 }
      const pools = { mine: pool, other: { ...pool, user: 'nobody', group: 'nogroup' } }
      writePhp(rig, 'secret.php', 'echo "the password";')
      giveTo(rig, 'secret.php', 33, 33)
      await rig.start(cache, [], pools)
      expect(await rig.run('secret.php', '', 'other')).toStartWith('403')
      expect(await rig.run('secret.php', '', 'mine')).toBe('the password')
      expect(await rig.run('secret.php', '', 'other')).toBe('the password')
      const advice = advise(await read([rig.master()]))
      expect(advice.map(({ subject }) => subject)).toEqual([
        'opcache.validate_permission',
        'one master for several users',
      ])
      expect(advice[0]!.readings[0]).toBe('pools of one master: mine (www-data), other (nobody)')
      await rig.start(cache, advice[0]!.lines, pools)
      expect(await rig.run('secret.php', '', 'mine')).toBe('the password')
      expect(await rig.run('secret.php', '', 'other')).not.toContain('password')
    },
  )
})
