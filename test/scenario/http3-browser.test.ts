// A browser over HTTP/3. Which protocol each answer came by is what the browser itself says of it (nextHopProtocol).
//
// Some connections fail as they begin (docs/manual/tls.md). A browser that was told by Alt-Svc then stays with HTTP/2, and
// one that has been forced to HTTP/3 shows an error. Whoever is here waits for a connection that has begun.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Browser, chromiumProgram, type Page, startBrowser } from '../../testing/browser.ts'
import { cacheStatus } from '../../testing/cache-status.ts'
import { Certificates } from '../../testing/certificates.ts'
import { startChild } from '../../testing/child.ts'
import { executable, type Myriad, startMyriad } from '../../testing/myriad.ts'
import { type RawOrigin, response, startRawOrigin } from '../../testing/raw-origin.ts'
import { fresh } from '../../testing/site.ts'
import { within } from '../../testing/within.ts'

const kinds = [0, 1, 2, 3, 4, 5]
const svg = (width: number) => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="1"/>`
const line = 'a line of a large text, and one more\n'
/** 7 MB: more than Chromium lets be sent to it at first. */
const lines = 200_000
const upload = line.repeat(80_000)

/** Else the browser asks for one. */
const icon = '<link rel="icon" href="data:,">'
/** What belongs to the page: 20 files, by path. */
const files = new Map<string, readonly [type: string, body: string]>([
  ...kinds.map((i) => [`/${i}.css`, ['text/css', `p { --p${i}: ${i} }`]] as const),
  ...kinds.map((i) => [`/${i}.js`, ['text/javascript', `(globalThis.ran ??= []).push(${i})`]] as const),
  ...kinds.map((i) => [`/${i}.svg`, ['image/svg+xml', svg(i + 1)]] as const),
  ['/large.txt', ['text/plain', line.repeat(lines)]],
  ['/data.json', ['application/json', '{"data":true}']],
])
const parts = [...files.keys()].toSorted()
files.set('/empty', ['text/html', `<!doctype html><title>A page without parts</title>${icon}`])
const html = `<!doctype html><title>A page</title>${icon}
${kinds.map((i) => `<link rel="stylesheet" href="/${i}.css"><script src="/${i}.js"></script>`).join('\n')}
<p>${kinds.map((i) => `<img src="/${i}.svg">`).join('')}</p>
<script>
  fetch('/large.txt').then((got) => got.text()).then((text) => { globalThis.large = text })
  fetch('/data.json').then((got) => got.json()).then(({ data }) => { globalThis.data = data })
</script>`

/** In the browser: what the page came to. */
const outcome = `({
  styles: ${JSON.stringify(kinds)}.map((i) => Number(getComputedStyle(document.querySelector('p')).getPropertyValue('--p' + i))),
  ran,
  widths: [...document.images].map((image) => image.naturalWidth),
  large: large === ${JSON.stringify(line)}.repeat(${lines}),
  data,
})`

const pathOf = (target: string) => target.split('?')[0]!

/** By which protocol the page or what belongs to it came, by path. */
async function protocols(
  page: Page,
  type: 'navigation' | 'resource',
): Promise<[path: string, protocol: string][]> {
  return page.evaluate(
    `performance.getEntriesByType('${type}').map(({ name, nextHopProtocol }) => [new URL(name).pathname, nextHopProtocol])`,
  )
}

const protocol = async (page: Page): Promise<string> => (await protocols(page, 'navigation'))[0]![1]

/** Resolves when the browser has told of `count` things that belong to the page: it does so after they were read. */
async function told(page: Page, count: number): Promise<void> {
  await page.waitForFunction(`performance.getEntriesByType('resource').length >= ${count}`)
}

/** What a script of the page asks for, and what it gets. */
interface Asked {
  readonly method?: string
  readonly body?: string
  readonly cache?: 'reload'
}
interface Got {
  readonly text: string
  readonly isHit: boolean
}

/** A request by a script of the page. */
async function ask(page: Page, path: string, asked: Asked): Promise<Got> {
  const { text, status } = await page.evaluate(
    async ([target, init]) => {
      const got = await fetch(target, init)
      return { text: await got.text(), status: got.headers.get('cache-status') }
    },
    [path, asked] as const,
  )
  return { text, isHit: cacheStatus({ field: () => status ?? undefined }).hit }
}

/** How many requests each process has answered. */
async function requestsOf(myriad: Myriad): Promise<number[]> {
  const child = startChild([executable, 'status', '--json', '--pid', String(myriad.pid)])
  await child.exited
  const { processes } = JSON.parse(child.printed()) as { processes: { requests: number }[] }
  return processes.map(({ requests }) => requests)
}

/** A page, by HTTP/3 alone, on a connection of its own that has begun. */
async function openOverHttp3(browser: Browser, url: string): Promise<Page> {
  for (;;) {
    const page = await browser.newPage()
    try {
      await page.goto(url)
      return page
    } catch (error) {
      if (!String(error).includes('ERR_QUIC_PROTOCOL_ERROR')) throw error
      await page.close()
    }
  }
}

describe.skipIf(chromiumProgram === null).each([1, 2])(
  'Chromium, if it is installed; processes: %d',
  (processes) => {
    let certificates: Certificates
    let certificate: string
    let origin: RawOrigin
    let myriad: Myriad
    /** Asks by HTTP/3 alone. */
    let browser: Browser
    /** On a connection of its own, which has begun. */
    let page: Page

    beforeAll(async () => {
      certificates = new Certificates()
      const pair = certificates.selfSigned('localhost', ['localhost'])
      certificate = certificates.read(pair.cert)
      origin = await startRawOrigin(async (request) => {
        if (request.method === 'POST')
          return response('200 OK', ['Cache-Control: no-store'], `read ${(await request.body).length}`)
        const [type, body] = files.get(pathOf(request.target)) ?? ['text/html', html]
        return fresh(body, `Content-Type: ${type}`)
      })
      const config = { processes, tls: { certificates: [pair] } }
      myriad = await startMyriad(origin.url, config, {}, ['https://127.0.0.1:0'])
      browser = await startBrowser(certificate, myriad.port)
      page = await within(10_000, 'a connection', openOverHttp3(browser, url('/empty')))
    })
    afterAll(async () => {
      await browser.close()
      await myriad.stop()
      await origin.stop()
      certificates[Symbol.dispose]()
      expect(origin.problems).toEqual([])
    })

    const url = (path: string) => `https://localhost:${myriad.port}${path}`
    const seen = (path: string) => origin.requests.filter(({ target }) => target === path)

    test('a page and all that belongs to it come by HTTP/3, from one of the processes', async () => {
      const before = await requestsOf(myriad)
      await page.goto(url('/'))
      await told(page, parts.length)
      await page.waitForFunction('globalThis.large !== undefined && globalThis.data !== undefined')
      expect(await protocols(page, 'navigation')).toEqual([['/', 'h3']])
      expect((await protocols(page, 'resource')).toSorted()).toEqual(parts.map((path) => [path, 'h3']))
      expect(await page.evaluate<unknown>(outcome)).toEqual({
        styles: kinds,
        ran: kinds,
        widths: kinds.map((i) => i + 1),
        large: true,
        data: true,
      })
      const after = await requestsOf(myriad)
      const asked = after.map((count, place) => count - before[place]!)
      expect(asked).toEqual([1 + parts.length, 0].slice(0, processes))
    })

    test('a POST reaches the application with its body, and its answer comes back', async () => {
      await page.goto(url('/empty'))
      expect((await ask(page, '/form', { method: 'POST', body: upload })).text).toBe(`read ${upload.length}`)
      expect((await seen('/form')[0]!.body).equals(Buffer.from(upload))).toBe(true)
      await told(page, 1)
      expect(await protocols(page, 'resource')).toEqual([['/form', 'h3']])
    })

    test('what the browser asks for anew comes from memory', async () => {
      await page.goto(url('/empty'))
      const first = await ask(page, '/kept', { cache: 'reload' })
      const second = await ask(page, '/kept', { cache: 'reload' })
      expect([first.isHit, second.isHit, second.text]).toEqual([false, true, first.text])
      expect(seen('/kept')).toHaveLength(1)
      await told(page, 2)
      expect((await protocols(page, 'resource')).map(([, by]) => by)).toEqual(['h3', 'h3'])
    })

    test('a first visit is by HTTP/2, and Alt-Svc brings later ones to HTTP/3', async () => {
      // Nothing listens there: no request is forced to HTTP/3.
      const unforced = await startBrowser(certificate, 1)
      const visitors = async () => {
        for (;;) {
          // Knows nothing of those before.
          const visitor = await unforced.newPage()
          const first = await visitor.goto(url('/empty?first'))
          expect(await protocol(visitor)).toBe('h2')
          expect(first!.headers()['alt-svc']).toBe(`h3=":${myriad.port}"; ma=86400`)
          for (const path of ['/empty?second', '/empty?third', '/empty?fourth']) {
            await visitor.goto(url(path))
            if ((await protocol(visitor)) === 'h3') return
          }
          await visitor.close()
        }
      }
      try {
        await within(10_000, 'a visit by HTTP/3', visitors())
      } finally {
        await unforced.close()
      }
    })
  },
)
