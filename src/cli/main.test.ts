// The program as a process: exit codes and messages.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '../../testing/fake-clock.ts'
import { listenForAdmin } from '../admin/listener.ts'
import type { PurgeAsked, PurgeOutcome } from '../admin/purge.ts'
import type { ChangeOutcome } from '../admin/change.ts'
import type { Status } from '../admin/status.ts'
import { Funnel } from '../observe/funnel.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-main-'))
afterAll(() => rmSync(folder, { recursive: true }))
const env = { ...process.env, XDG_RUNTIME_DIR: folder }
const sockets = join(folder, 'myriad')

const main = join(import.meta.dir, 'main.ts')

/** Runs the program to its end, in the folder. */
async function myriad(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: folder,
    env,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out, err }
}

const config = (name: string, value: unknown): string => {
  writeFileSync(join(folder, name), JSON.stringify(value))
  return name
}

test('help shows the commands that there are', async () => {
  const { code, out } = await myriad('--help')
  expect(code).toBe(0)
  expect([...out.matchAll(/^ {2}(\w+) /gm)].map((match) => match[1])).toEqual([
    'serve',
    'check',
    'status',
    'purge',
    'reload',
    'upgrade',
    'php',
    'service',
    'demo',
    'completion',
  ])
})

test('the help of serve shows its flags', async () => {
  const { code, out } = await myriad('serve', '--help')
  expect(code).toBe(0)
  for (const flag of ['--listen', '--config', '--processes', '--console']) expect(out).toContain(flag)
})

test.each([
  [[], ''],
  [['serv'], "no such command: serv; did you mean 'serve'?"],
  [['serve', '--lisen', ':1'], 'no such flag: --lisen; did you mean --listen?'],
  [['serve', 'http://a', '--processes', 'two'], '--processes two: expected a whole number, from 1 to 256'],
  [['serve', 'http://a', '--processes', '0'], 'from 1 to 256'],
  [['serve', 'http://a', '--console', '127.0.0.1:1'], "only 'off'"],
  [['serve', './public'], "'./public' is not available as a TARGET"],
  [['serve', 'localhost:9000'], "did you mean 'http://localhost:9000'?"],
  [['serve', 'http://a', '--listen', 'ftp://b'], 'listen'],
  [['serve', 'http://a', '--config', 'b.json'], 'exclude one another'],
  [['serve'], 'nothing to serve'],
  [['check', '--config', 'none.json'], 'none.json: no such file'],
  [['check', '--method', 'GET', 'http://a'], '--method belongs to --explain'],
  [['check', 'http://a', '--explain', 'x y'], 'expected a URL'],
  [['check', 'http://a', '--explain', '/', '-H', 'nothing'], "expected 'Name: value'"],
  [['completion', 'csh'], 'bash, zsh, fish'],
  [['status', '--pid', 'x'], 'expected a process id'],
  [['service'], 'service: expected one of install, uninstall, status'],
  [['service', 'status', '--user', 'www'], '--user does not belong to service status'],
  [['service', 'install', '--dry-run', '--user', 'a b'], 'expected the name of a user'],
  [['service', 'install', '--dry-run', '--user', 'root'], 'without being root'],
  [['service', 'install', '--dry-run', '--config', 'none.json'], 'none.json: no such file'],
  [['purge'], 'expected either --url URL or --all'],
  [['purge', '--all', '--url', 'http://a/'], 'expected either --url URL or --all'],
  [
    ['purge', '--url', 'a.test/x'],
    "--url a.test/x: expected a URL such as https://example.com/page; did you mean 'http://a.test/x'?",
  ],
  [['purge', '--url', 'ftp://a/'], '--url ftp://a/: expected a URL'],
  [['purge', '--all', '--pid', 'x'], 'expected a process id'],
])('%p is refused with 2', async (args, message) => {
  const { code, err } = await myriad(...args)
  expect(err).toContain(message)
  expect(code).toBe(2)
})

test('everything that is wrong with a configuration is told, with exit code 2', async () => {
  const file = config('wrong.json', {
    services: { a: { origin: 'http://a' } },
    rutes: [],
    tiers: { memory: 'much' },
  })
  const { code, err } = await myriad('check', '--config', file)
  expect(code).toBe(2)
  expect(err).toBe(`myriad: wrong.json: 2 settings are wrong
  rutes = []: no such setting; did you mean 'routes'?
  tiers.memory = 'much': expected a size such as '8KB' or '128MB', from 1MB to 1TB
`)
})

test('a right configuration is told in a few lines', async () => {
  const file = config('right.json', { services: { a: { origin: 'http://a' } } })
  const { code, out } = await myriad('check', '--config', file)
  expect(code).toBe(0)
  expect(out).toContain('/*  from a at http://a')
})

test('a request is explained', async () => {
  const { code, out } = await myriad(
    'check',
    'http://a',
    '--explain',
    'http://b/../c#d',
    '-H',
    'Cookie: _ga=1',
  )
  expect(code).toBe(0)
  expect(out).toStartWith('GET http://b/../c#d\n  host     b\n  target   /c, the normal form of /../c\n')
  expect(out).toContain('hidden from the key and from the application: _ga')
})

/** As a running Myriad would. */
const purge = (asked: PurgeAsked): PurgeOutcome =>
  asked.kind === 'url' && asked.url.endsWith('/none')
    ? { kind: 'refused', error: 'no route' }
    : { kind: 'purged', responses: asked.kind === 'all' ? 1234 : 1 }

const orders = {
  purge: (asked: PurgeAsked) => Promise.resolve(purge(asked)),
  reload: (): Promise<ChangeOutcome> =>
    Promise.resolve({ kind: 'refused', code: 2, error: 'config: one setting is wrong' }),
  upgrade: (): Promise<ChangeOutcome> => Promise.resolve({ kind: 'changed', lines: ['upgraded'] }),
}

test('reload and upgrade tell what became of it', async () => {
  expect((await myriad('reload')).err).toBe('myriad: no Myriad of this user is running\n')
  const one = listenForAdmin(sockets, process.pid, {
    status: () => Promise.resolve({ pid: process.pid, addresses: [] } as unknown as Status),
    ...orders,
  })
  expect(await myriad('reload')).toEqual({ code: 2, out: '', err: 'config: one setting is wrong\n' })
  expect(await myriad('upgrade')).toEqual({ code: 0, out: 'upgraded\n', err: '' })
  one.stop()
})

test('a dry run prints the units of a service, for the program and the configuration that there are', async () => {
  const name = config('service.json', {
    listen: ['http://0.0.0.0:80', 'https://0.0.0.0:443'],
    services: { site: { origin: 'http://127.0.0.1:9000' } },
  })
  const { code, out } = await myriad('service', 'install', '--dry-run', '--config', name, '--user', 'www')
  expect(code).toBe(0)
  expect(out).toContain('# /etc/systemd/system/myriad.service\n')
  expect(out).toContain(`serve --config ${join(folder, name)}\n`)
  expect(out).toContain('User=www\n')
  expect(out.match(/^ListenStream=.*$/gm)).toEqual(['ListenStream=0.0.0.0:80', 'ListenStream=0.0.0.0:443'])
})

test('status and purge: none, one and several', async () => {
  for (const command of [['status'], ['purge', '--all']])
    expect((await myriad(...command)).err).toBe('myriad: no Myriad of this user is running\n')
  const funnel = new Funnel(new FakeClock())
  for (let i = 0; i < 3; i++) funnel.answered('memory', 'fresh', 200, 0)
  funnel.answered('origin', 'set-cookie', 200, 0)
  const status: Status = {
    version: '1',
    pid: process.pid,
    runningMs: 5000,
    addresses: ['http://127.0.0.1:1'],
    routes: [],
    memory: { objects: 12, usedBytes: 3 << 20, budgetBytes: 128 << 20 },
    connections: 7,
    processes: [{ pid: process.pid, runningMs: 5000, restarts: 0 }],
    funnel: funnel.snapshot(),
  }
  const one = listenForAdmin(sockets, process.pid, {
    status: () => Promise.resolve(status),
    ...orders,
  })
  const shown = await myriad('status')
  expect(shown.code).toBe(0)
  expect(shown.out).toContain('75.0%')
  expect(shown.out).toContain('memory tier: 12 responses, 3.0MB of 128MB (2%)')
  expect(shown.out).toMatch(/pid +uptime +connections +requests .*\n +\d+ +5 s +–/)
  expect(shown.out).toMatch(
    /3 {2}fresh: a stored response that is fresh\n +1 {2}set-cookie: the response sets a cookie/,
  )
  expect(JSON.parse((await myriad('status', '--json')).out)).toEqual(JSON.parse(JSON.stringify(status)))

  expect(await myriad('purge', '--all')).toEqual({
    code: 0,
    out: 'purged: 1,234 stored responses\n',
    err: '',
  })
  expect(await myriad('purge', '--url', 'http://a/none', '--url', 'http://a/x')).toEqual({
    code: 1,
    out: 'purged: 1 stored response of http://a/x\n',
    err: 'myriad: http://a/none: no route\n',
  })
  expect(JSON.parse((await myriad('purge', '--json', '--url', 'http://a/x')).out)).toEqual({
    pid: process.pid,
    purged: [{ url: 'http://a/x', responses: 1 }],
  })

  const parent = listenForAdmin(sockets, process.ppid, {
    status: () => Promise.resolve({ ...status, pid: process.ppid }),
    ...orders,
  })
  const several = await myriad('status')
  expect(several.code).toBe(1)
  expect(several.err).toContain('choose one with --pid')
  expect((await myriad('status', '--pid', String(process.ppid))).out).toContain(`process ${process.ppid}`)
  expect(JSON.parse((await myriad('status', '--json')).out).length).toBe(2)
  expect((await myriad('purge', '--all')).err).toContain('choose one with --pid')
  expect((await myriad('purge', '--all', '--pid', String(process.pid))).code).toBe(0)
  one.stop()
  parent.stop()
})
