// Range requests (RFC 9110 §14) from what is stored, and what is stored from parts (RFC 9111 §3.3, §3.4).
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cacheStatus } from '../../testing/cache-status.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, type Site, startSite } from '../../testing/site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
  site.on('/stored', fresh('0123456789', 'ETag: "v1"', 'Content-Type: text/plain'))
  await site.ask('/stored')
})
afterAll(() => site.stop())

const range = (value: string, ...more: string[]) =>
  site.ask('/stored', { lines: [`Range: ${value}`, ...more] })

for (const [value, body, content] of [
  ['bytes=0-3', '0123', 'bytes 0-3/10'],
  ['bytes=4-4', '4', 'bytes 4-4/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=-2', '89', 'bytes 8-9/10'],
  ['bytes=8-100', '89', 'bytes 8-9/10'],
  ['bytes=-100', '0123456789', 'bytes 0-9/10'],
] as const) {
  test(`${value} of a stored response`, async () => {
    const answer = await range(value)
    expect([
      answer.status,
      answer.text(),
      answer.field('content-range'),
      answer.field('content-length'),
    ]).toEqual([206, body, content, String(body.length)])
    expect(cacheStatus(answer).hit).toBe(true)
  })
}

test('several ranges come as parts', async () => {
  const body = Array.from({ length: 1000 }, (_, i) => String(i).padStart(4, '0')).join('')
  site.on('/long', fresh(body, 'Content-Type: text/plain'))
  await site.ask('/long')
  const answer = await site.ask('/long', { lines: ['Range: bytes=0-7,2000-2003,-4'] })
  expect(answer.status).toBe(206)
  const boundary = /^multipart\/byteranges; ?boundary="?([^";]+)/.exec(answer.field('content-type')!)![1]!
  const parts = answer
    .text()
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => part.split('\r\n\r\n'))
  expect(parts.map(([, content]) => content!.trimEnd())).toEqual(['00000001', '0500', '0999'])
  expect(parts.map(([head]) => /content-range: (.*)/i.exec(head!)![1])).toEqual([
    'bytes 0-7/4000',
    'bytes 2000-2003/4000',
    'bytes 3996-3999/4000',
  ])
  for (const [head] of parts) expect(head).toMatch(/content-type: text\/plain/i)
  expect(answer.text().trimEnd().endsWith(`--${boundary}--`)).toBe(true)
})

test('a range behind the end is 416', async () => {
  const answer = await range('bytes=10-')
  expect([answer.status, answer.field('content-range'), answer.text()]).toEqual([416, 'bytes */10', ''])
})

test('what is no range of bytes is ignored', async () => {
  for (const value of ['lines=0-1', 'bytes=a-b', 'bytes=5-2', 'bytes', 'bytes='])
    expect([(await range(value)).status, value]).toEqual([200, value])
})

test('many overlapping small ranges do not multiply the work', async () => {
  const answer = await range(`bytes=${Array.from({ length: 500 }, () => '0-').join(',')}`)
  expect(answer.body.length).toBeLessThan(1000)
})

test('If-Range: the part of the same version, else the whole', async () => {
  expect((await range('bytes=0-3', 'If-Range: "v1"')).status).toBe(206)
  expect((await range('bytes=0-3', 'If-Range: "v2"')).status).toBe(200)
  expect((await range('bytes=0-3', 'If-Range: W/"v1"')).status).toBe(200)
})

test('HEAD with Range is about the whole', async () => {
  const answer = await site.ask('/stored', { method: 'HEAD', lines: ['Range: bytes=0-3'] })
  expect([answer.status, answer.field('content-length')]).toEqual([200, '10'])
})

const part = (first: number, last: number, ...lines: string[]) =>
  response(
    '206 Partial Content',
    [`Content-Range: bytes ${first}-${last}/10`, 'Cache-Control: max-age=60', ...lines],
    '0123456789'.slice(first, last + 1),
  )

test('two parts of one version become the whole', async () => {
  const ranged = (path: string, value: string) => site.ask(path, { lines: [`Range: ${value}`] })
  site.on('/parts', part(0, 4, 'ETag: "p"'))
  expect((await ranged('/parts', 'bytes=0-4')).text()).toBe('01234')
  site.on('/parts', part(5, 9, 'ETag: "p"'))
  expect((await ranged('/parts', 'bytes=5-9')).text()).toBe('56789')
  site.on('/parts', fresh('asked again', 'ETag: "q"'))
  expect(['0123456789', 'asked again']).toContain((await site.ask('/parts')).text())
})

test('parts of different versions are never put together', async () => {
  const ranged = (path: string, value: string) => site.ask(path, { lines: [`Range: ${value}`] })
  site.on('/mixed', part(0, 4, 'ETag: "p"'))
  await ranged('/mixed', 'bytes=0-4')
  site.on(
    '/mixed',
    response(
      '206 Partial Content',
      ['Content-Range: bytes 5-9/10', 'ETag: "q"', 'Cache-Control: max-age=60'],
      'FGHIJ',
    ),
  )
  await ranged('/mixed', 'bytes=5-9')
  site.on('/mixed', fresh('ABCDEFGHIJ', 'ETag: "q"'))
  expect((await site.ask('/mixed')).text()).toBe('ABCDEFGHIJ')
})

test('a part is not served as the whole', async () => {
  site.on('/part', part(0, 4, 'ETag: "p"'))
  await site.ask('/part', { lines: ['Range: bytes=0-4'] })
  site.on('/part', fresh('0123456789', 'ETag: "p"'))
  const answer = await site.ask('/part')
  expect([answer.status, answer.text()]).toEqual([200, '0123456789'])
})
