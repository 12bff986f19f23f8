// Cookies: what they keep apart, what is hidden from cache and application alike, and what is never stored.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cacheStatus, detail } from '../../testing/cache-status.ts'
import { cached } from '../../testing/myriad.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'

const cookie = (value: string) => ({ lines: [`Cookie: ${value}`] })

describe('on a route that nobody configured', () => {
  let site: Site
  beforeAll(async () => {
    site = await startSite()
  })
  afterAll(() => site.stop())

  test('cookies of analytics scripts reach neither the key nor the application', async () => {
    site.on('/page', (seen) => fresh(`cookie: ${seen.field('cookie') ?? 'none'}`))
    expect((await site.ask('/page', cookie('_ga=GA1.2.3; _gid=4; _fbp=5'))).text()).toBe('cookie: none')
    expect(cacheStatus(await site.ask('/page', cookie('_ga=other'))).hit).toBe(true)
    expect(cacheStatus(await site.ask('/page')).hit).toBe(true)
    expect(site.seen('/page')).toHaveLength(1)
  })

  test('other cookies reach the application, without the hidden ones', async () => {
    site.on('/other', (seen) => fresh(`cookie: ${seen.field('cookie') ?? 'none'}`))
    const answer = await site.ask('/other', cookie('_ga=1; session=abc; _gid=2; theme=dark'))
    expect([answer.text(), detail(answer)]).toEqual(['cookie: session=abc; theme=dark', 'cookies'])
  })

  test('a visitor with cookies gets nothing that was made for another, and leaves nothing', async () => {
    site.on('/mine', (seen) => fresh(`for ${seen.field('cookie') ?? 'anybody'}`))
    expect((await site.ask('/mine', cookie('session=a'))).text()).toBe('for session=a')
    expect((await site.ask('/mine', cookie('session=b'))).text()).toBe('for session=b')
    expect((await site.ask('/mine')).text()).toBe('for anybody')
    expect((await site.ask('/mine')).text()).toBe('for anybody')
  })

  test('what is explicitly shareable is shared with visitors who have cookies', async () => {
    for (const [path, line] of [
      ['/public', 'Cache-Control: public, max-age=60'],
      ['/s-maxage', 'Cache-Control: s-maxage=60'],
      ['/targeted', 'CDN-Cache-Control: max-age=60'],
    ] as const) {
      site.on(path, response('200 OK', [line], 'shared'))
      await site.ask(path, cookie('session=a'))
      expect(cacheStatus(await site.ask(path, cookie('session=b'))).hit).toBe(true)
      expect(site.seen(path)).toHaveLength(1)
    }
  })

  test('Vary: Cookie is taken over the cookies that remain', async () => {
    site.on('/vary', (seen) =>
      response(
        '200 OK',
        ['Cache-Control: public, max-age=60', 'Vary: Cookie'],
        `for ${seen.field('cookie') ?? 'none'}`,
      ),
    )
    expect((await site.ask('/vary', cookie('a=1; _ga=1'))).text()).toBe('for a=1')
    expect(cacheStatus(await site.ask('/vary', cookie('_ga=2; a=1'))).hit).toBe(true)
    expect((await site.ask('/vary', cookie('a=2'))).text()).toBe('for a=2')
    expect((await site.ask('/vary', cookie('_ga=3'))).text()).toBe('for none')
  })

  test('a response that sets a cookie is never stored, and reaches its visitor', async () => {
    let visits = 0
    site.on('/login', () => fresh('hello', `Set-Cookie: session=${++visits}`))
    expect((await site.ask('/login')).field('set-cookie')).toBe('session=1')
    expect((await site.ask('/login')).field('set-cookie')).toBe('session=2')
  })

  test('a response that sets a cookie is not shared with those who wait for the same page', async () => {
    const release = Promise.withResolvers<void>()
    let visits = 0
    site.on('/wait', async () => {
      const visit = ++visits
      await release.promise
      return fresh('hello', `Set-Cookie: session=${visit}`)
    })
    const first = site.ask('/wait')
    await site.origin.request(site.origin.requests.length + 1)
    const others = [site.ask('/wait'), site.ask('/wait')]
    await site.ask('/')
    release.resolve()
    const cookies = (await Promise.all([first, ...others])).map((answer) => answer.field('set-cookie'))
    expect(new Set(cookies).size).toBe(3)
  })

  test('a 304 that sets a cookie gives it to that visitor alone', async () => {
    site.on(
      '/revalidated',
      response('200 OK', ['Cache-Control: max-age=50', 'Age: 100', 'ETag: "v"'], 'page'),
    )
    await site.ask('/revalidated')
    site.on(
      '/revalidated',
      'HTTP/1.1 304 Not Modified\r\nETag: "v"\r\nCache-Control: max-age=60\r\nSet-Cookie: session=1\r\n\r\n',
    )
    await site.ask('/revalidated')
    site.on('/revalidated', fresh('asked again'))
    expect((await site.ask('/revalidated')).field('set-cookie')).toBeUndefined()
  })
})

describe('where the route says so', () => {
  test('further cookies are ignored', async () => {
    const site = await startSite(cached({ cookies: { ignore: ['theme', 'ab_*'] } }))
    site.on('/', (seen) => fresh(`cookie: ${seen.field('cookie') ?? 'none'}`))
    expect((await site.ask('/', cookie('theme=dark; ab_test=1; _ga=2'))).text()).toBe('cookie: none')
    expect(cacheStatus(await site.ask('/', cookie('theme=light'))).hit).toBe(true)
    expect((await site.ask('/', cookie('theme=dark; user=1'))).text()).toBe('cookie: user=1')
    await site.stop()
  })

  test("'keep' hides nothing", async () => {
    const site = await startSite(cached({ cookies: 'keep' }))
    site.on('/', (seen) => fresh(`cookie: ${seen.field('cookie') ?? 'none'}`))
    expect((await site.ask('/', cookie('_ga=1'))).text()).toBe('cookie: _ga=1')
    expect(detail(await site.ask('/', cookie('_ga=1')))).toBe('cookies')
    await site.stop()
  })

  test("'drop' lets none in and none out, and all share", async () => {
    const site = await startSite(cached({ cookies: 'drop' }))
    site.on('/', (seen) => fresh(`cookie: ${seen.field('cookie') ?? 'none'}`, 'Set-Cookie: session=1'))
    const first = await site.ask('/', cookie('session=1'))
    expect([first.text(), first.field('set-cookie')]).toEqual(['cookie: none', undefined])
    const second = await site.ask('/', cookie('session=2'))
    expect([cacheStatus(second).hit, second.field('set-cookie')]).toEqual([true, undefined])
    await site.stop()
  })
})
