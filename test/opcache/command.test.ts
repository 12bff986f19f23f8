// `myriad php` as a process, with a real php-fpm: what it prints, its exit codes, and what Zabbix's own sender makes of it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pass } from '../../testing/within.ts'
import { makeRig, phpFpm, type Rig, smallCache, writePhp, writeTree } from './rig.ts'

const main = join(import.meta.dir, '../../src/cli/main.ts')
const zabbixSender = Bun.which('zabbix_sender')

describe.skipIf(phpFpm === null)('with php8.2-fpm, if it is installed', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = makeRig()
    mkdirSync(join(rig.folder, 'state'))
    writeTree(rig, 40, 4)
    await rig.start({ ...smallCache, revalidate_freq: 2 })
    await rig.run('all.php')
  })
  afterAll(() => rig.stop())

  async function php(...args: string[]) {
    const child = Bun.spawn([process.execPath, main, 'php', ...args], {
      cwd: rig.site,
      env: { ...process.env, XDG_STATE_HOME: join(rig.folder, 'state') },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    return { code, out, err }
  }

  const www = (): string[] => ['--socket', rig.socket('www')]

  test('status: the cache with its bars, the pool with its workers, and no trace', async () => {
    const { code, out, err } = await php('status', ...www())
    expect([code, err]).toEqual([0, ''])
    expect(out).toStartWith(`${rig.config}, PHP 8.2.`)
    expect(out).toMatch(
      /^ {2}memory +█+·+ {2}[\d.]+ MB used, [\d.]+ MB free, 0 KB wasted \(0\.0%\) of 8\.0 MB$/m,
    )
    expect(out).toMatch(/^ {2}keys +█·+ {2}41 of 7,963, 41 scripts$/m)
    expect(out).toMatch(/^ {2}restarts +out of memory 0, out of keys 0, by hand 0$/m)
    expect(out).toMatch(/^ {2}www +\S+ +1 +1 /m)
    expect(out).toContain('memory_consumption=8')
    expect((await rig.opcache()).scripts).toBe(41)
    expect(readdirSync(rig.site)).not.toContainEqual(expect.stringContaining('myriad'))
  })

  test('every form of output, of status and of advice', async () => {
    const report = JSON.parse((await php('status', '--json', ...www())).out)
    expect(report.masters[0].opcache).toMatchObject({ state: 'on', scripts: 41, keysMax: 7963 })
    expect((await php('status', '--prometheus', ...www())).out).toContain(
      `myriad_php_opcache_scripts{master="${rig.config}"} 41\n`,
    )
    expect(JSON.parse((await php('advise', '--json', ...www())).out)).toMatchObject({ advice: [] })
    expect((await php('advise', '--prometheus', ...www())).out).toContain('myriad_php_advice_count 0\n')
    const { code, out } = await php('advise', ...www(), '--root', '.')
    expect([code, out]).toEqual([0, expect.stringContaining('; all is well: ')])
  })

  test.skipIf(zabbixSender === null)('zabbix_sender takes the lines (if it is installed)', async () => {
    const received = Promise.withResolvers<{ data: { host: string; key: string; value: string }[] }>()
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket, bytes) {
          // Its header: "ZBXD", flags, and the length in eight octets.
          received.resolve(JSON.parse(bytes.subarray(13).toString()))
          const answer = Buffer.from(
            '{"response":"success","info":"processed: 1; failed: 0; total: 1; seconds spent: 0"}',
          )
          const header = Buffer.from('ZBXD\x01\0\0\0\0\0\0\0\0', 'latin1')
          header.writeUInt32LE(answer.length, 5)
          socket.write(Buffer.concat([header, answer]))
          socket.end()
        },
      },
    })
    const lines = (await php('status', '--zabbix', ...www())).out
    const sender = Bun.spawn(
      [zabbixSender!, '-z', '127.0.0.1', '-p', String(server.port), '-s', 'web1', '-i', '-'],
      { stdin: new Blob([lines]), stdout: 'ignore', stderr: 'ignore' },
    )
    const { data } = await received.promise
    expect(await sender.exited).toBe(0)
    server.stop(true)
    expect(data).toHaveLength(lines.trimEnd().split('\n').length)
    expect(new Set(data.map(({ host }) => host))).toEqual(new Set(['web1']))
    const values = new Map(data.map(({ key, value }) => [key, value]))
    expect(JSON.parse(values.get('myriad.php.pools')!)).toEqual([
      { '{#MASTER}': rig.config, '{#POOL}': 'www' },
    ])
    expect(values.get(`myriad.php.opcache.scripts[${rig.config}]`)).toBe('41')
  })

  test('readings are kept for the forecast, for this user alone', async () => {
    await php('status', ...www())
    const file = join(rig.folder, 'state', 'myriad', 'php-history.json')
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toEqual([rig.config])
    expect(readdirSync(join(file, '..'))).toEqual(['php-history.json'])
    rmSync(file)
    mkdirSync(file)
    const { code, err } = await php('status', ...www())
    expect([code, err]).toEqual([0, expect.stringContaining('cannot be kept')])
    rmSync(file, { recursive: true })
  })

  test('invalidate: a cached file below the site, and nothing else', async () => {
    expect(await php('invalidate', 'f1.php', ...www())).toEqual({
      code: 0,
      out: `${rig.config}  [www]  the file was dropped\n`,
      err: '',
    })
    // It still counts as a script, of which the memory is waste.
    expect((await rig.opcache()).memory.wastedBytes).toBeGreaterThan(0)
    const again = await php('invalidate', 'f1.php', ...www())
    expect([again.code, again.out]).toEqual([1, expect.stringContaining('not in the cache')])
    // The old version of a file that is gone, or has changed, is in the cache nevertheless.
    rmSync(join(rig.site, 'f2.php'))
    writePhp(rig, 'f3.php', 'echo "new";', 1)
    await rig.run('all.php', 'from=4')
    await pass(2100)
    expect((await php('invalidate', 'f3.php', ...www())).code).toBe(0)
    expect((await php('invalidate', 'f3.php', ...www())).code).toBe(1)
    expect((await php('invalidate', join(rig.site, 'f2.php'), ...www())).code).toBe(0)
    writePhp(rig, 'f2.php', '')
    const outside = await php('invalidate', '../php.ini', ...www())
    expect([outside.code, outside.err]).toEqual([2, expect.stringContaining('is not below')])
    expect((await php('invalidate', '../php.ini', '--root', '..', ...www())).code).toBe(1)
    expect((await php('invalidate', 'none/f1.php', ...www())).code).toBe(2)
  })

  test('reset', async () => {
    const { code, out } = await php('reset', ...www())
    expect([code, out]).toEqual([0, `${rig.config}  [www]  is emptied as soon as no request uses it\n`])
    expect(await rig.opcache()).toMatchObject({ scripts: 0, restarts: { manual: 1 } })
  })

  test('a pool that does not answer: the reason, and exit code 1', async () => {
    const gone = join(rig.folder, 'gone.sock')
    const { code, out } = await php('status', ...www(), '--socket', gone)
    expect(code).toBe(1)
    expect(out).toContain('did not answer: there is no such socket')
    expect(out).toContain('OPcache was not read: no pool answered')
    expect(out).toContain('of 8.0 MB')
    expect((await php('reset', '--socket', gone)).code).toBe(1)
  })

  test('a script that is broken off leaves nothing behind', async () => {
    const folder = join(rig.folder, 'asked')
    mkdirSync(folder)
    // Nobody answers there: it is waited for.
    const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })
    const child = Bun.spawn(
      [process.execPath, main, 'php', 'reset', '--folder', folder, '--socket', String(server.port)],
      { cwd: rig.site, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' },
    )
    while (readdirSync(folder).length === 0) await Bun.sleep(5)
    child.kill('SIGINT')
    expect(await child.exited).toBe(1)
    expect(readdirSync(folder)).toEqual([])
    server.stop(true)
  })

  test('it says how it was called wrongly', async () => {
    for (const [args, message] of [
      [[], 'expected one of status, advise, reset, invalidate'],
      [['statu'], 'expected one of'],
      [['status', 'x.php'], 'takes no FILE'],
      [['invalidate'], 'expected a FILE'],
      [['reset', '--zabbix'], 'belongs to status and advise'],
      [['status', '--json', '--zabbix'], 'exclude one another'],
      [['status', '--socket', 'x'], 'expected a path, PORT or HOST:PORT'],
      [['status', '--root', 'none'], 'expected a folder'],
    ] as const) {
      const { code, err } = await php(...args)
      expect([code, err]).toEqual([2, expect.stringContaining(message)])
    }
    expect(existsSync(join(rig.folder, 'state', 'myriad', 'php-history.json'))).toBe(true)
  })
})
