// What a gateway adds, removes and believes: Forwarded (RFC 7239) and X-Forwarded-*, Via (RFC 9110 §7.6.3), CDN-Loop
// (RFC 8586), fields of the connection (RFC 9110 §7.6.1).
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { detail } from '../../testing/cache-status.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'

/** What a stranger may claim. */
const claims = [
  'Forwarded: for=192.0.2.1;host=evil.test;proto=https',
  'X-Forwarded-For: 192.0.2.1',
  'X-Forwarded-Host: evil.test',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 1',
  'X-Forwarded-Prefix: /evil',
  'X-Real-IP: 192.0.2.1',
]

const plain = response('200 OK', ['Cache-Control: no-store'], 'page')

describe('from anybody', () => {
  let site: Site
  beforeAll(async () => {
    site = await startSite()
    site.on('/', plain)
  })
  afterAll(() => site.stop())
  const seenWith = async (lines: readonly string[]) => {
    await site.ask('/', { lines })
    return site.origin.requests.at(-1)!
  }

  test('the origin is told the client, the host and the scheme', async () => {
    const seen = await seenWith([])
    expect(seen.field('forwarded')).toMatch(/^for=127\.0\.0\.1;host="?site\.test"?;proto=http$/)
    expect(seen.field('x-forwarded-for')).toBe('127.0.0.1')
    expect(seen.field('x-forwarded-host')).toBe('site.test')
    expect(seen.field('x-forwarded-proto')).toBe('http')
    expect(seen.field('host')).toBe('site.test')
  })

  test('what a stranger claims reaches nobody', async () => {
    const seen = await seenWith(claims)
    for (const [name, value] of seen.fields) {
      expect(`${name}: ${value}`).not.toContain('192.0.2.1')
      expect(`${name}: ${value}`).not.toContain('evil')
      expect(`${name}: ${value}`).not.toMatch(/https/)
    }
    expect(seen.field('x-forwarded-port')).not.toBe('1')
  })

  test('a claim in Connection does not remove what is added here', async () => {
    const seen = await seenWith(['Connection: X-Forwarded-For, Forwarded, Via, CDN-Loop'])
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'cdn-loop', 'host'])
      expect(seen.field(name)).toBeDefined()
  })

  test('Via is added in both directions', async () => {
    const seen = await seenWith(['Via: 1.0 other'])
    expect(seen.field('via')).toBe('1.0 other, 1.1 myriad')
    site.on('/via', response('200 OK', ['Cache-Control: no-store', 'Via: 1.1 behind'], ''))
    expect((await site.ask('/via')).field('via')).toBe('1.1 behind, 1.1 myriad')
  })

  test('fields of the connection do not pass, in either direction', async () => {
    const seen = await seenWith([
      'Connection: X-Mine, keep-alive',
      'X-Mine: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'TE: trailers, gzip',
      'Upgrade: h2c',
    ])
    for (const name of ['x-mine', 'keep-alive', 'proxy-connection', 'upgrade'])
      expect(seen.field(name)).toBeUndefined()
    expect(seen.field('te') ?? 'trailers').toBe('trailers')
    site.on(
      '/hop',
      fresh('x', 'Connection: X-Theirs', 'X-Theirs: 1', 'Keep-Alive: timeout=5', 'Proxy-Connection: close'),
    )
    for (let i = 0; i < 2; i++) {
      const answer = await site.ask('/hop')
      for (const name of ['x-theirs', 'keep-alive', 'proxy-connection', 'connection'])
        expect(answer.field(name)).toBeUndefined()
    }
  })

  test('Set-Cookie stays in lines of its own, in order', async () => {
    site.on(
      '/cookies',
      response('200 OK', ['Cache-Control: no-store', 'Set-Cookie: a=1, b', 'Set-Cookie: c=2'], ''),
    )
    const lines = (await site.ask('/cookies')).fields.filter(([name]) => name.toLowerCase() === 'set-cookie')
    expect(lines.map(([, value]) => value)).toEqual(['a=1, b', 'c=2'])
  })

  test('a request that has been here before is a loop', async () => {
    const first = await seenWith([])
    const mine = first.field('cdn-loop')!
    expect(mine).toMatch(/^myriad/i)
    const count = site.origin.requests.length
    for (const value of [mine, `other.example; a=b, ${mine}`]) {
      const answer = await site.ask('/', { lines: [`CDN-Loop: ${value}`] })
      expect([answer.status, detail(answer)]).toEqual([508, 'loop'])
    }
    expect(site.origin.requests).toHaveLength(count)
  })

  test('a request that has been in another network is not, and that stays known', async () => {
    const seen = await seenWith(['CDN-Loop: other.example'])
    expect(seen.field('cdn-loop')).toMatch(/^other\.example, myriad/i)
  })

  test('the origin is asked for one coding, whatever the client takes', async () => {
    const one = (await seenWith(['Accept-Encoding: gzip, br, zstd'])).field('accept-encoding')
    const two = (await seenWith([])).field('accept-encoding')
    expect(one).toBe(two!)
  })
})

describe('from a proxy that is trusted', () => {
  let site: Site
  beforeAll(async () => {
    site = await startSite({ edge: { trust: ['loopback'] } })
    site.on('/', plain)
  })
  afterAll(() => site.stop())

  test('what it says is believed and passed on, with itself added', async () => {
    await site.ask('/', { lines: ['Forwarded: for=192.0.2.1;host=shop.test;proto=https'] })
    const seen = site.origin.requests.at(-1)!
    expect(seen.field('forwarded')).toMatch(
      /^for=192\.0\.2\.1;host=shop\.test;proto=https, for=127\.0\.0\.1;/,
    )
    expect(seen.field('x-forwarded-proto')).toBe('https')
    expect(seen.field('x-forwarded-host')).toBe('shop.test')
  })

  test('X-Forwarded-* are believed where there is no Forwarded', async () => {
    await site.ask('/', {
      lines: ['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Host: shop.test', 'X-Forwarded-Proto: https'],
    })
    const seen = site.origin.requests.at(-1)!
    expect(seen.field('x-forwarded-for')).toBe('192.0.2.1, 127.0.0.1')
    expect(seen.field('x-forwarded-proto')).toBe('https')
    expect(seen.field('x-forwarded-host')).toBe('shop.test')
  })

  test('scheme and host that it names belong to the key', async () => {
    site.on('/key', (seen) => fresh(`${seen.field('x-forwarded-proto')} ${seen.field('x-forwarded-host')}`))
    const ask = (host: string, proto: string) =>
      site.ask('/key', { lines: [`X-Forwarded-Host: ${host}`, `X-Forwarded-Proto: ${proto}`] })
    for (const [host, proto] of [
      ['one.test', 'http'],
      ['two.test', 'http'],
      ['one.test', 'https'],
    ] as const)
      expect((await ask(host, proto)).text()).toBe(`${proto} ${host}`)
    expect((await ask('one.test', 'https')).text()).toBe('https one.test')
    expect(site.seen('/key')).toHaveLength(3)
  })

  test('a claim that is not valid is not believed', async () => {
    for (const line of [
      'X-Forwarded-Host: a b',
      'X-Forwarded-Host: u@evil.test',
      'X-Forwarded-Proto: ftp',
      'Forwarded: host="a/b"',
    ]) {
      await site.ask('/', { lines: [line] })
      const seen = site.origin.requests.at(-1)!
      expect([seen.field('x-forwarded-host'), seen.field('x-forwarded-proto')]).toEqual(['site.test', 'http'])
    }
  })
})
