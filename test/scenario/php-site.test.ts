// A folder with PHP in it, served by one command: php-fpm is started, sized, kept running, and never left behind. With the
// real php-fpm; where none is installed, or one runs as part of the system, there is nothing to start and to see here.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realTimers } from '../../src/base/clock.ts'
import { installedFpm } from '../../src/supervisor/php-fpm-find.ts'
import { runningPools } from '../../src/supervisor/php-fpm-running.ts'
import { detail } from '../../testing/cache-status.ts'
import { startChild } from '../../testing/child.ts'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { RawClient, type RawResponse } from '../../testing/raw-client.ts'
import { request } from '../../testing/site.ts'
import { within } from '../../testing/within.ts'

const isStarted = installedFpm(process.env['PATH'] ?? '') !== undefined && runningPools().length === 0

let base: string
let folder: string
let runtime: string
const running = new Set<Myriad>()

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'myriad-php-'))
  // Scripts do not run as root: whoever they run as must be able to come here.
  chmodSync(base, 0o755)
  folder = join(base, 'site')
  runtime = join(base, 'run')
  mkdirSync(folder)
  mkdirSync(runtime, { mode: 0o700 })
  write('index.php', '<?php header("Cache-Control: max-age=60"); echo "page ", $_SERVER["REQUEST_URI"];')
  write('who.php', '<?php echo posix_geteuid();')
  write('ini.php', '<?php echo ini_get("cgi.fix_pathinfo"), ini_get("opcache.enable"), PHP_SAPI;')
  write('style.css', 'body { color: black }')
})

afterAll(async () => {
  for (const myriad of running) await myriad.stop()
  rmSync(base, { recursive: true })
})

function write(name: string, text: string, below = folder): void {
  mkdirSync(join(below, name, '..'), { recursive: true })
  writeFileSync(join(below, name), text)
}

async function start(served = folder): Promise<Myriad> {
  const myriad = await startMyriad(served, undefined, { XDG_RUNTIME_DIR: runtime })
  running.add(myriad)
  return myriad
}

async function ask({ port }: Myriad, path: string, ...lines: string[]): Promise<RawResponse> {
  const client = await RawClient.connect(port)
  await client.send(request(path, { lines }))
  const response = await client.response()
  client.destroy()
  return response
}

/** The processes of php-fpm, and of the script that watches it, that belong to this test, by their titles. */
function processes(of: RegExp): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => of.test(titleOf(pid)))
    .map(Number)
}

function titleOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}

const masters = (): number[] => processes(new RegExp(`^php-fpm: master process \\(${runtime}/`))
const watchers = (): number[] => processes(new RegExp(`^/bin/sh .*-y ${runtime}/`, 's'))
const workers = ({ pid }: Myriad): number[] => processes(new RegExp(`^php-fpm: pool myriad-${pid}-`))
const all = (myriad: Myriad): number[] => [...masters(), ...watchers(), ...workers(myriad)]

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const wait = async (): Promise<void> => {
    while (!(await holds())) await new Promise<void>((resolve) => realTimers.after(20, resolve))
  }
  await within(10_000, what, wait())
}

describe.skipIf(!isStarted)('a folder with PHP in it', () => {
  test('scripts are executed, files are sent, and all of it is told at the start', async () => {
    const myriad = await start()
    expect(myriad.printed()).toMatch(/^php-fpm of its own: \S+php-fpm\S* as \S+, .*workers/m)
    expect(myriad.printed()).toContain(`serves /* from PHP in ${folder}`)
    expect((await ask(myriad, '/')).text()).toBe('page /')
    expect((await ask(myriad, '/a/b?c')).text()).toBe('page /a/b?c')
    expect(detail(await ask(myriad, '/'))).toBe('fresh')
    const css = await ask(myriad, '/style.css')
    expect([css.field('content-type'), css.text()]).toEqual([
      'text/css; charset=utf-8',
      'body { color: black }',
    ])
    expect((await ask(myriad, '/ini.php')).text()).toBe('01fpm-fcgi')
    // Nobody's scripts run as root.
    expect(Number((await ask(myriad, '/who.php')).text())).not.toBe(0)
    await myriad.stop()
  })

  test('Ctrl-C ends php-fpm too', async () => {
    const myriad = await start()
    await ask(myriad, '/')
    expect(masters().length).toBe(1)
    myriad.signal('SIGINT')
    expect(await within(10_000, 'Myriad to end', myriad.exited)).toBe(0)
    await until('all to end', () => all(myriad).length === 0)
    expect(readdirSync(join(runtime, 'myriad'))).toEqual([])
  })

  test('when Myriad is killed php-fpm ends by itself', async () => {
    const myriad = await start()
    await ask(myriad, '/')
    myriad.signal('SIGKILL')
    await until('all to end', () => all(myriad).length === 0)
  })

  test('when Myriad and the script that watches are killed the next one ends what is left', async () => {
    const killed = await start()
    await ask(killed, '/')
    for (const pid of watchers()) process.kill(pid, 'SIGKILL')
    killed.signal('SIGKILL')
    await killed.exited
    const [left] = masters()
    expect(left).toBeDefined()
    const next = await start()
    expect(masters()).not.toContain(left!)
    expect(workers(killed)).toEqual([])
    expect(existsSync(join(runtime, 'myriad', `php-${killed.pid}`))).toBe(false)
    expect((await ask(next, '/')).text()).toBe('page /')
    await next.stop()
  })

  test('php-fpm that is killed is started again, and its workers do not stay behind', async () => {
    const myriad = await start()
    await ask(myriad, '/ini.php')
    const [master] = masters()
    const before = workers(myriad)
    process.kill(master!, 'SIGKILL')
    await myriad.prints(/php-fpm ended with status .*; it is started again in 100 ms/)
    // Its workers would go on answering at the old socket.
    await until('its workers to end', () => !workers(myriad).some((pid) => before.includes(pid)))
    await until('PHP to answer', async () => (await ask(myriad, '/who.php')).status === 200)
    expect(masters()).not.toContain(master!)
    await myriad.stop()
    await until('all to end', () => all(myriad).length === 0)
  })

  test('a request that is under way when Myriad is told to stop is finished first', async () => {
    write('slow.php', '<?php file_put_contents("php://stderr", "begun\\n"); usleep(300000); echo "finished";')
    const myriad = await start()
    const answer = ask(myriad, '/slow.php')
    await myriad.prints(/begun/)
    myriad.signal('SIGTERM')
    expect((await answer).text()).toBe('finished')
    expect(await within(10_000, 'Myriad to end', myriad.exited)).toBe(0)
    await until('all to end', () => all(myriad).length === 0)
  })

  test('a known application is recognised: strangers share its pages, who is logged in does not', async () => {
    const wordpress = join(base, 'wordpress')
    const page =
      '<?php echo "for ", $_COOKIE["wordpress_logged_in_1"] ?? "all", " ", $_SERVER["QUERY_STRING"];'
    write('index.php', page, wordpress)
    write('wp-includes/version.php', '<?php', wordpress)
    write('wp-blog-header.php', '<?php', wordpress)
    write('wp-content/uploads/evil.php', '<?php echo "executed";', wordpress)
    const myriad = await start(wordpress)
    expect(myriad.printed()).toContain("WordPress: recognised by wp-includes/version.php; preset 'wordpress'")
    expect((await ask(myriad, '/')).text()).toBe('for all ')
    const campaign = await ask(myriad, '/?utm_source=mail', 'Cookie: _ga=1; wordpress_test_cookie=1')
    expect([campaign.text(), detail(campaign)]).toEqual(['for all ', 'fresh'])
    const ada = await ask(myriad, '/?utm_source=mail', 'Cookie: wordpress_logged_in_1=ada')
    expect([ada.text(), detail(ada)]).toEqual(['for ada utm_source=mail', 'bypass-cookie'])
    const evil = await ask(myriad, '/wp-content/uploads/evil.php')
    expect([evil.status, evil.text().includes('executed')]).toEqual([404, false])
    await myriad.stop()
  })
})

test('where there is no php-fpm, what to install is told, with exit code 2', async () => {
  const main = join(import.meta.dir, '../../src/cli/main.ts')
  // An empty PATH: nothing is installed.
  const child = startChild([process.execPath, main, 'serve', folder, '--listen', '127.0.0.1:0'], { PATH: '' })
  if (runningPools().length > 0) {
    await child.stop()
    return
  }
  expect(await within(10_000, 'Myriad to end', child.exited)).toBe(2)
  expect(child.printed()).toMatch(/php-fpm is neither running nor installed: install/)
})

test('a folder without PHP is served as files', async () => {
  const files = join(base, 'files')
  write('index.html', '<h1>files</h1>', files)
  const myriad = await start(files)
  expect(myriad.printed()).toContain(`serves /* from files in ${files}`)
  expect((await ask(myriad, '/')).text()).toBe('<h1>files</h1>')
  expect((await ask(myriad, '/page.php')).status).toBe(404)
  await myriad.stop()
})
