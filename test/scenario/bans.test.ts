// Who is banned is not served, neither directly nor through a proxy, from the moment on that the file says so.
import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detail } from '../../testing/cache-status.ts'
import { executable } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

let site: Site
const folder = mkdtempSync(join(tmpdir(), 'myriad-bans-'))
const file = join(folder, 'bans.txt')
afterEach(() => site.stop())
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** The answer to a visitor at this address of the machine; undefined when the connection is closed unread. */
async function visit(address: string) {
  const client = await RawClient.connect(site.myriad.port, address).catch(() => undefined)
  if (client === undefined) return undefined
  await client.send(request('/'))
  const answer = await client.response().catch(() => undefined)
  client.destroy()
  return answer?.text()
}

test('a banned address is not read; its connections end when it is banned while it is there', async () => {
  writeFileSync(file, '# nobody yet\n')
  site = await startSite({ edge: { ban: '127.0.0.66', banFile: file } })
  site.on('/', fresh('page'))
  expect(await visit('127.0.0.66')).toBeUndefined()
  const client = await RawClient.connect(site.myriad.port, '127.0.0.77')
  await client.send(request('/'))
  expect((await client.response()).text()).toBe('page')
  writeFileSync(file, '127.0.0.77 # by now\n')
  await client.closed()
  expect(await visit('127.0.0.77')).toBeUndefined()
  expect(await visit('127.0.0.66')).toBeUndefined()
  expect(await visit('127.0.0.1')).toBe('page')
  const status = Bun.spawnSync([executable, 'status', '--pid', String(site.myriad.pid)]).stdout.toString()
  expect(status).toContain('connections closed unread: banned 3')
})

test('behind a trusted proxy the address that it passes on counts: 403', async () => {
  site = await startSite({ edge: { trust: 'loopback', ban: '192.0.2.0/24' } })
  site.on('/', fresh('page'))
  const through = (line: string) => site.ask('/', { lines: [line] })
  for (const line of [
    'X-Forwarded-For: 192.0.2.9',
    'X-Forwarded-For: 127.0.0.1, 192.0.2.9',
    'Forwarded: for=192.0.2.9',
  ]) {
    const refused = await through(line)
    expect([refused.status, detail(refused)]).toEqual([403, 'banned'])
  }
  expect((await through('X-Forwarded-For: 192.0.3.9')).text()).toBe('page')
  // What stands before the proxy's own word is anybody's word.
  expect((await through('X-Forwarded-For: 192.0.2.9, 192.0.3.9')).text()).toBe('page')
})

test('what a stranger says of himself is not looked at', async () => {
  site = await startSite({ edge: { ban: '192.0.2.0/24' } })
  site.on('/', fresh('page'))
  expect((await site.ask('/', { lines: ['X-Forwarded-For: 192.0.2.9'] })).text()).toBe('page')
})
