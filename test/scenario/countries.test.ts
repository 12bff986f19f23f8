// Page rules by country: of the client that a trusted proxy names, and told by `check --explain`.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executable } from '../../testing/myriad.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-countries-'))
let site: Site
beforeAll(async () => {
  writeFileSync(
    join(folder, 'asn-country-ipv4.csv'),
    '192.0.2.0,192.0.2.255,DE\n198.51.100.0,198.51.100.255,FR\n',
  )
  writeFileSync(join(folder, 'asn-country-ipv6.csv'), '2001:db8::,2001:db8::ffff,DE\n')
  site = await startSite({ edge: { trust: 'loopback', countryData: folder }, rules })
})
afterAll(async () => {
  await site.stop()
  rmSync(folder, { recursive: true })
})

const rules = [
  { path: '/', country: 'DE', redirect: '/de/' },
  { path: '/shop', country: ['FR', 'IT'], bypass: true, request: { set: { 'X-Area': 'south' } } },
]

const from = (address: string) => ({ lines: [`X-Forwarded-For: ${address}`] })

test('some visitors are sent elsewhere, the others share what is stored', async () => {
  site.on('/', fresh('page'))
  const sent = await site.ask('/', from('192.0.2.1'))
  expect([sent.status, sent.field('location')]).toEqual([302, '/de/'])
  expect((await site.ask('/', from('2001:db8::1'))).status).toBe(302)
  for (const address of ['198.51.100.1', '203.0.113.1', '127.0.0.1'])
    expect((await site.ask('/', from(address))).text()).toBe('page')
  expect(site.seen('/')).toHaveLength(1)
})

test('what changes with the country goes past the cache', async () => {
  site.on('/shop', ({ fields }) => {
    const area = fields.find(([name]) => name.toLowerCase() === 'x-area')?.[1]
    return response('200 OK', ['Cache-Control: max-age=60'], `area ${area}`)
  })
  expect((await site.ask('/shop', from('198.51.100.1'))).text()).toBe('area south')
  expect((await site.ask('/shop', from('192.0.2.1'))).text()).toBe('area undefined')
  expect((await site.ask('/shop', from('198.51.100.1'))).text()).toBe('area south')
})

test('check --explain tells it of an address', () => {
  const config = join(folder, 'myriad.config.json')
  const services = { site: { origin: 'http://127.0.0.1:9000' } }
  writeFileSync(config, JSON.stringify({ services, edge: { countryData: '.' }, rules }))
  const said = (...more: string[]) =>
    Bun.spawnSync([executable, 'check', '--config', config, '--explain', '/', ...more]).stdout.toString()
  expect(said('--from', '192.0.2.1')).toContain('302 to /de/')
  expect(said('--from', '198.51.100.1')).not.toContain('302')
  expect(said()).not.toContain('302')
})
