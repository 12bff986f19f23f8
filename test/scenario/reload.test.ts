// Reload and upgrade while requests go on: none fails, a wrong configuration changes nothing.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from '../../testing/child.ts'
import { executable } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { response, startRawOrigin, type RawOrigin } from '../../testing/raw-origin.ts'
import { request } from '../../testing/site.ts'
import { steadyLoad } from '../../testing/steady-load.ts'
import { within } from '../../testing/within.ts'

let folder = ''
let file = ''
const started: Child[] = []
const origins: RawOrigin[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myriad-reload-'))
  file = join(folder, 'myriad.config.json')
})

afterEach(async () => {
  for (const child of started.splice(0)) await child.stop()
  for (const origin of origins.splice(0)) await origin.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function application(text: string): Promise<string> {
  const origin = await startRawOrigin(() => response('200 OK', ['Cache-Control: max-age=600'], text))
  origins.push(origin)
  return origin.url
}

const write = (origin: string, more: object = {}): void =>
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', services: { site: { origin } }, ...more }))

async function command(name: string, pid: number): Promise<readonly [number | null, string]> {
  const child = startChild([executable, name, '--pid', String(pid)])
  return [await child.exited, child.printed()]
}

test.each([1, 2])(
  'with %d processes a reload loses no request, and swaps the application',
  async (processes) => {
    const [first, second] = [await application('first'), await application('second')]
    write(first)
    const child = startChild([executable, 'serve', '--config', file, '--processes', String(processes)])
    started.push(child)
    const [, port] = await within(10_000, 'serving', child.prints(/http:\/\/127\.0\.0\.1:(\d+) serves /))
    const ask = async (): Promise<string> => {
      const client = await RawClient.connect(Number(port))
      await client.send(request('/page'))
      const text = (await client.response()).text()
      client.destroy()
      return text
    }
    expect(await ask()).toBe('first')
    const { stop } = steadyLoad(Number(port), 4)
    write(second)
    expect((await command('reload', child.pid))[0]).toBe(0)
    for (let i = 0; i < 10; i++) expect(await ask()).toBe('second')
    write(second, { rute: [], edge: { idleTime: 'x' } })
    const [code, told] = await command('reload', child.pid)
    expect([code, told.includes('rute'), told.includes('edge.idleTime')]).toEqual([2, true, true])
    write(second, { log: { level: 'error' }, edge: { ban: '192.0.2.1' } })
    expect((await command('reload', child.pid))[1]).toContain('not before Myriad is started anew: log\n')
    write(second)
    if (processes > 1) expect(await command('upgrade', child.pid)).toMatchObject([0, expect.any(String)])
    expect(await ask()).toBe('second')
    expect(await stop()).toEqual([])
  },
)

const protection = (ban: string, requests: number) => ({
  edge: { ban, trust: 'loopback' },
  routes: [{ path: '/*', service: 'site', rate: { requests, per: '1h', hits: true } }],
})

test.each([1, 2])('with %d processes a reload takes over bans and rates', async (processes) => {
  const origin = await application('page')
  write(origin, protection('192.0.2.1', 2))
  const child = startChild([executable, 'serve', '--config', file, '--processes', String(processes)])
  started.push(child)
  const [, port] = await within(10_000, 'serving', child.prints(/http:\/\/127\.0\.0\.1:(\d+) serves /))
  const ask = async (from: string): Promise<number> => {
    // Each connection may go to another process.
    const client = await RawClient.connect(Number(port))
    await client.send(request('/page', { lines: [`X-Forwarded-For: ${from}`] }))
    const { status } = await client.response()
    client.destroy()
    return status
  }
  const all = async (...from: string[]): Promise<number[]> => {
    const statuses: number[] = []
    for (const address of from) statuses.push(await ask(address))
    return statuses
  }
  expect(await all('192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.2')).toEqual([403, 200, 200, 429])
  write(origin, protection('192.0.2.2', 2))
  expect((await command('reload', child.pid))[0]).toBe(0)
  // The same limit is counted on, another one anew.
  expect(await all('192.0.2.2', '192.0.2.1', '192.0.2.1', '192.0.2.1')).toEqual([403, 200, 200, 429])
  write(origin, protection('192.0.2.9', 1))
  expect((await command('reload', child.pid))[0]).toBe(0)
  expect(await all('192.0.2.1', '192.0.2.1')).toEqual([200, 429])
})

test('an address with TLS is served by several processes, and a reload gives it other settings', async () => {
  const origin = await application('page')
  const listen = { listen: 'https://127.0.0.1:0' }
  write(origin, listen)
  const line = [executable, 'serve', '--config', file, '--processes', '2']
  const child = startChild(line, { XDG_STATE_HOME: folder })
  started.push(child)
  const [, url] = await within(10_000, 'serving', child.prints(/(https:\/\/127\.0\.0\.1:\d+) serves /))
  const ask = async (): Promise<string | null> => {
    const answer = await fetch(`${url}/page`, { tls: { rejectUnauthorized: false } })
    expect(await answer.text()).toBe('page')
    return answer.headers.get('strict-transport-security')
  }
  expect(await ask()).toBeNull()
  write(origin, { ...listen, tls: { hsts: '1h' } })
  expect(await command('reload', child.pid)).toEqual([0, expect.stringContaining('read anew')])
  expect(await ask()).toBe('max-age=3600')
})
