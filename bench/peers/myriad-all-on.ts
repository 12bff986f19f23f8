// Myriad with everything on that users have on: two processes, access log and error log, and its figures are read once a
// second, as a monitoring system does. In a second form with all that stands in the way of a request besides: limits of
// rates, page rules, bans, a database of countries, a proxy that is believed; nobody is refused.
//
// The database is made up, with ranges in the order of size of the registries' lists. Each process has a memory tier of its
// own, and half of the budget.
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { statusOf } from '../../src/admin/client.ts'
import { socketFolder } from '../../src/admin/folder.ts'
import type { Status } from '../../src/admin/status.ts'
import { realTimers } from '../../src/base/clock.ts'
import { countryFiles } from '../../src/edge/countries.ts'
import { cacheStatus } from '../../testing/cache-status.ts'
import { ordinaryCrowd, siteName } from '../visitors.ts'
import { pause, until } from '../wait.ts'
import { configurationFile, myriad, serveCommand, withCertificate, type Settings } from './myriad.ts'
import type { Peer, Place, RunningPeer } from './peer.ts'

const processes = 2

const settings: Settings = {
  tiers: { memory: '512MB' },
  log: { access: 'access.log', error: 'error.log', rotateTime: '1d' },
}

const guarded: Settings = {
  ...settings,
  edge: { trust: 'loopback', banFile: 'banned', countryData: 'countries' },
  routes: [
    { path: '/login', service: 'site', rate: { requests: 1, per: '1d' } },
    { path: '/*', service: 'site', rate: { requests: 1_000_000, hits: true } },
  ],
  rules: [
    { cookie: 'editor', bypass: true },
    { country: ['NO', 'SE'], bypass: true },
    {
      path: '/page/*',
      response: { set: { 'X-Content-Type-Options': 'nosniff' }, remove: ['X-Powered-By'] },
      errors: { '5xx': '/sorry.html' },
    },
  ],
}

/** In clear text. */
export const myriadAllOn: Peer = {
  ...myriad,
  caches: processes,
  prepare: (place) => serveCommand(place, settings, processes),
  prove,
  meanwhile: watched,
}

/** With TLS: HTTP/1.1, HTTP/2 and HTTP/3. */
export const myriadAllOnTls: Peer = {
  ...myriadAllOn,
  scheme: 'https',
  prepare: (place) => serveCommand(place, { ...settings, ...withCertificate(place) }, processes),
}

/** In clear text, with rates, rules, bans and countries. */
export const myriadGuarded: Peer = {
  ...myriadAllOn,
  prepare: prepareGuarded,
  async prove(server) {
    await prove(server)
    await proveGuards(server)
  },
}

function prepareGuarded(place: Place): Promise<readonly string[]> {
  writeFileSync(join(place.folder, 'banned'), bannedRanges().join('\n'))
  const countries = join(place.folder, 'countries')
  mkdirSync(countries)
  const lists = [ipv4Countries(), ipv6Countries()]
  countryFiles.forEach((file, i) => writeFileSync(join(countries, file), lists[i]!.join('\n')))
  return serveCommand(place, guarded, processes)
}

/** Where nobody comes from who is counted: 10.0.0.0/8, every second network of 4,096 addresses. */
function bannedRanges(): string[] {
  return Array.from({ length: 2048 }, (_, n) => `10.${n >> 3}.${(n & 7) << 5}.0/20`)
}

const foreigner = '100.0.0.1'
const local = '101.0.0.1'
const banned = '10.0.0.1'

/** 262,144 networks of IPv4, those of 100.0.0.0/8 in Norway. */
function ipv4Countries(): string[] {
  return Array.from({ length: 1 << 18 }, (_, n) => {
    const start = `${n >> 10}.${(n >> 2) & 255}.${(n & 3) << 6}`
    const end = `${n >> 10}.${(n >> 2) & 255}.${((n & 3) << 6) + 63}`
    return `${start}.0,${end}.255,${n >> 10 === 100 ? 'NO' : 'NL'}`
  })
}

/** 65,536 of IPv6. */
function ipv6Countries(): string[] {
  return Array.from({ length: 1 << 16 }, (_, n) => {
    const start = `2a00:${n.toString(16)}`
    return `${start}::,${start}:ffff:ffff:ffff:ffff:ffff:ffff,NL`
  })
}

/** Reads the figures once a second; the access log must have grown meanwhile. */
async function watched(server: RunningPeer, seconds: number): Promise<void> {
  const before = statSync(accessLogOf(server)).size
  for (let second = 0; second < seconds; second++) {
    await pause(second === 0 ? 500 : 1000)
    await figuresOf(server)
  }
  if (statSync(accessLogOf(server)).size === before) throw new Error('nothing was logged in a measured run')
}

async function figuresOf({ process }: RunningPeer): Promise<Status> {
  const status = await statusOf(socketFolder(), process.pid, realTimers)
  if (status === undefined) throw new Error('Myriad does not tell its figures')
  return status
}

/** Every page is in every process, and requests are logged. */
async function prove(server: RunningPeer): Promise<void> {
  await until('two processes that store every page', async () => bothStoreAll(await figuresOf(server)), 5000)
  const page = ordinaryCrowd.path(0)
  const plain = await ask(server, page)
  const status = cacheStatus({ field: (name) => plain.headers.get(name) ?? undefined })
  holds('a page is a hit', plain.status === 200 && status.hit)
  await until('a line of the access log', () => readFileSync(accessLogOf(server)).length > 0, 5000, 200)
}

/** What stands in the way does. */
async function proveGuards(server: RunningPeer): Promise<void> {
  const page = ordinaryCrowd.path(0)
  const plain = await ask(server, page)
  holds('the rule of pages', plain.headers.get('x-content-type-options') === 'nosniff')
  const reasonOf = async (fields: Record<string, string>): Promise<string> => {
    const { headers } = await ask(server, page, fields)
    return cacheStatus({ field: (name) => headers.get(name) ?? undefined }).detail
  }
  holds('the rule of a cookie', (await reasonOf({ cookie: 'editor=1' })) === 'bypass-rule')
  holds('no rule for other cookies', (await reasonOf({ cookie: '_ga=1' })) === 'fresh')
  holds('the rule of countries', (await reasonOf({ 'x-forwarded-for': foreigner })) === 'bypass-rule')
  holds('no rule for other countries', (await reasonOf({ 'x-forwarded-for': local })) === 'fresh')
  holds('bans', (await reasonOf({ 'x-forwarded-for': banned })) === 'banned')
  holds('the rate of pages, which nobody reaches', explained(server, page).includes('\n  rate '))
  holds('a rate not reached', (await ask(server, '/login')).status !== 429)
  holds('a rate reached', (await ask(server, '/login')).status === 429)
  await proveLogs(server)
}

/** What `myriad check` says about a request. */
function explained({ folder }: RunningPeer, path: string): string {
  const flags = ['--config', join(folder.path, configurationFile), '--explain', `http://${siteName}${path}`]
  return Bun.spawnSync([myriad.program, 'check', ...flags]).stdout.toString()
}

function bothStoreAll(status: Status): boolean {
  return (
    status.processes.length === processes &&
    status.processes.every(({ memory }) => (memory?.objects ?? 0) >= ordinaryCrowd.pages)
  )
}

/** The access log has the last request, the error log what is wrong with a file of bans. */
async function proveLogs(server: RunningPeer): Promise<void> {
  const logged = (): boolean => {
    const last = readFileSync(accessLogOf(server), 'latin1').trimEnd().split('\n').slice(-10)
    return last.some((line) => (JSON.parse(line) as { reason: string }).reason === 'rate-limit')
  }
  await until('a line of the access log', logged, 5000, 200)
  const list = join(server.folder.path, 'banned')
  const errors = join(server.folder.path, 'error.log')
  appendFileSync(list, '\nnobody')
  const told = (): boolean => existsSync(errors) && readFileSync(errors, 'latin1').includes('nobody')
  await until('a line of the error log', told, 5000, 200)
  writeFileSync(list, bannedRanges().join('\n'))
}

function accessLogOf(server: RunningPeer): string {
  return join(server.folder.path, 'access.log')
}

function ask(
  { port, peer }: RunningPeer,
  path: string,
  fields: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${peer.scheme ?? 'http'}://127.0.0.1:${port}${path}`, {
    headers: { host: siteName, ...fields },
    tls: { rejectUnauthorized: false },
  })
}

function holds(what: string, does: boolean): void {
  if (!does) throw new Error(`not as it is configured: ${what}`)
}
