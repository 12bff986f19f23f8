// Content codings (RFC 9110 §8.4) with a client that really decodes: curl. One coding per stored response and client,
// each its own representation; none where it would leak a secret (BREACH).
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { cacheStatus } from '../../testing/cache-status.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'

let site: Site
const text = Array.from({ length: 2000 }, (_, i) => `line ${i} of a text that can be made smaller\n`).join('')
const html = 'Content-Type: text/html; charset=utf-8'

beforeAll(async () => {
  site = await startSite()
  site.on('/page', fresh(text, html, 'ETag: "v1"', 'Vary: Accept-Language'))
  await site.ask('/page')
  await coded('/page')
})
afterAll(() => site.stop())

const accepts = (coding: string, ...lines: string[]) => ({ lines: [`Accept-Encoding: ${coding}`, ...lines] })

/** Asks until the coded form exists: it is made once, and nobody has to wait for it. */
async function coded(path: string): Promise<void> {
  for (const coding of ['gzip', 'br', 'zstd'])
    while (!(await site.ask(path, accepts(coding))).field('content-encoding')) await site.ask('/')
}

for (const [coding, decode] of [
  ['gzip', gunzipSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
] as const) {
  test(`${coding}: smaller, and the same when decoded`, async () => {
    const answer = await site.ask('/page', accepts(coding))
    expect(answer.field('content-encoding')).toBe(coding)
    expect(answer.body.length).toBeLessThan(text.length / 3)
    expect(answer.field('content-length')).toBe(String(answer.body.length))
    expect(decode(answer.body).toString()).toBe(text)
    expect(answer.field('vary')?.toLowerCase().split(/, */)).toContain('accept-encoding')
  })
}

const curl = async (...args: string[]) => {
  const child = Bun.spawn(['curl', '-sS', '--compressed', ...args], { stdout: 'pipe', stderr: 'inherit' })
  const printed = await new Response(child.stdout).text()
  expect(await child.exited).toBe(0)
  return printed
}

test.skipIf(!Bun.which('curl'))('curl decodes what it is given', async () => {
  expect(await curl(`${site.myriad.url}/page`, '-H', 'Host: site.test')).toBe(text)
  for (const coding of ['gzip', 'br', 'zstd'])
    expect(
      await curl(`${site.myriad.url}/page`, '-H', 'Host: site.test', '-H', `Accept-Encoding: ${coding}`),
    ).toBe(text)
})

test('who takes none gets none, and knows that others get another', async () => {
  for (const coding of ['identity', 'gzip;q=0', 'compress', '*;q=0']) {
    const answer = await site.ask('/page', accepts(coding))
    expect([answer.field('content-encoding'), answer.text() === text]).toEqual([undefined, true])
    expect(answer.field('vary')?.toLowerCase()).toContain('accept-encoding')
  }
})

test('the strong validator belongs to the form that is not coded', async () => {
  const plain = await site.ask('/page')
  const gzip = await site.ask('/page', accepts('gzip'))
  const br = await site.ask('/page', accepts('br'))
  expect(plain.field('etag')).toBe('"v1"')
  for (const answer of [gzip, br]) expect(answer.field('etag')).not.toBe('"v1"')
  for (const answer of [gzip, br]) {
    const etag = answer.field('etag')!
    expect(etag.startsWith('W/')).toBe(true)
    const again = await site.ask('/page', accepts('gzip', `If-None-Match: ${etag}`))
    expect(again.status).toBe(304)
  }
})

test('a range is one of the form that is not coded', async () => {
  const answer = await site.ask('/page', accepts('gzip', 'Range: bytes=0-9'))
  expect([answer.status, answer.field('content-encoding'), answer.text()]).toEqual([
    206,
    undefined,
    text.slice(0, 10),
  ])
})

test('If-Range with the validator of the coded form gives the whole', async () => {
  const etag = (await site.ask('/page', accepts('gzip'))).field('etag')!
  const answer = await site.ask('/page', accepts('gzip', 'Range: bytes=0-9', `If-Range: ${etag}`))
  expect(answer.status).toBe(200)
})

test('HEAD tells of the form that GET would get', async () => {
  const get = await site.ask('/page', accepts('gzip'))
  const head = await site.ask('/page', { method: 'HEAD', ...accepts('gzip') })
  for (const name of ['content-encoding', 'content-length', 'etag', 'vary'])
    expect(head.field(name)).toBe(get.field(name)!)
})

for (const [name, lines, body] of [
  ['no-transform', ['Cache-Control: no-transform', html], text],
  ['images', ['Content-Type: image/png'], text],
  ['no type', [], text],
  ['short bodies', [html], 'short'],
] as const) {
  test(`left alone: ${name}`, async () => {
    const path = `/alone-${name.replaceAll(' ', '-')}`
    site.on(path, fresh(body, ...lines))
    for (let i = 0; i < 4; i++) {
      const answer = await site.ask(path, accepts('gzip, br, zstd'))
      expect([answer.field('content-encoding'), answer.text() === body]).toEqual([undefined, true])
    }
  })
}

test('what the origin has coded stays as it is', async () => {
  const gzipped = Buffer.from(Bun.gzipSync(Buffer.from(text))).toString('latin1')
  site.on('/origin-coded', fresh(gzipped, html, 'Content-Encoding: gzip', 'Vary: Accept-Encoding'))
  for (let i = 0; i < 2; i++) {
    const answer = await site.ask('/origin-coded', accepts('gzip'))
    expect(answer.field('content-encoding')).toBe('gzip')
    expect(gunzipSync(answer.body).toString()).toBe(text)
  }
})

test('digests and lengths of another form do not go with a coded one', async () => {
  site.on(
    '/digest',
    fresh(text, html, 'Content-Digest: sha-256=:AAAA:', 'Digest: sha-256=AAAA', 'Content-MD5: AAAA'),
  )
  await coded('/digest')
  const answer = await site.ask('/digest', accepts('gzip'))
  expect(answer.field('content-encoding')).toBe('gzip')
  for (const name of ['content-digest', 'digest', 'content-md5']) expect(answer.field(name)).toBeUndefined()
})

test('an answer that is not stored is not coded for a visitor with cookies or Authorization (BREACH)', async () => {
  site.on(
    '/secret',
    () =>
      `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n${html}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
  for (const line of ['Cookie: session=1', 'Authorization: Basic YTpi']) {
    const answer = await site.ask('/secret', accepts('gzip, br, zstd', line))
    expect([answer.field('content-encoding'), answer.text() === text]).toEqual([undefined, true])
  }
})

const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`

for (const coding of ['gzip', 'br', 'zstd'])
  test.skipIf(!Bun.which('curl'))(
    `curl decodes an answer that is coded while it comes: ${coding}`,
    async () => {
      const head = `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n${html}\r\nTransfer-Encoding: chunked\r\n\r\n`
      const middle = text.length >> 1
      site.on('/passing', async ({ connection }) => {
        await connection.flush(head + chunk(text.slice(0, middle)))
        return `${chunk(text.slice(middle))}0\r\n\r\n`
      })
      const url = `${site.myriad.url}/passing`
      // Twice on one connection: the first answer has an end.
      expect(await curl(url, url, '-H', 'Host: site.test', '-H', `Accept-Encoding: ${coding}`)).toBe(
        text + text,
      )
      const answer = await site.ask('/passing', accepts(coding))
      expect([answer.field('content-encoding'), answer.body.length < text.length / 3]).toEqual([coding, true])
    },
  )

test('an answer that is coded while it comes, and breaks off, does not look complete', async () => {
  site.on('/passing-broken', async ({ connection }) => {
    await connection.flush(
      `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n${html}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n`,
    )
    connection.destroy()
  })
  // A reset may overtake the head.
  const answer = await site.ask('/passing-broken', accepts('gzip')).catch(() => undefined)
  expect(answer?.end ?? 'cut').toBe('cut')
})

test('coded forms are made of the stored response: the origin is asked once', async () => {
  const before = site.seen('/page').length
  for (const coding of ['gzip', 'br', 'zstd', 'identity', 'gzip, br'])
    expect(cacheStatus(await site.ask('/page', accepts(coding))).hit).toBe(true)
  expect(site.seen('/page')).toHaveLength(before)
})
